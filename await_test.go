package asyncio_test

import (
	"context"
	"testing"

	"github.com/go-asyncio/asyncio"
)

// TestAwaitIdentity: who is running decides what Await does, never the context
// that it is given.
func TestAwaitIdentity(t *testing.T) {
	t.Parallel()
	t.Run("a coroutine is suspended whatever its context", func(t *testing.T) {
		t.Parallel()
		inLoop(t, func(ctx context.Context, loop asyncio.EventLoop) {
			captured := ctx
			foreign := asyncio.NewFuture[context.Context](loop)
			other := newLoop(t)
			otherTask := asyncio.CreateTask(other, sleepsForEver)
			must(t, foreign.SetResult(otherTask.Context()))
			for name, given := range map[string]context.Context{
				"captured": captured, "background": context.Background(), "nil": nil, "of another loop's task": otherTask.Context(),
			} {
				task := asyncio.CreateTask(loop, func(context.Context) (int, error) {
					f := asyncio.NewFuture[int](loop)
					_, err := loop.CallSoon(func() { must(t, f.SetResult(42)) }) // runs only if this is suspended
					must(t, err)
					return f.Await(given)
				})
				v, err := task.Await(ctx)
				if err != nil || v != 42 {
					t.Errorf("%s: %v, %v", name, v, err)
				}
			}
			otherTask.Cancel()
			elsewhere(func() { wantError(t, other.RunUntilComplete(otherTask), asyncio.ErrCancelled) })
		})
	})
	t.Run("a callback is refused", func(t *testing.T) {
		t.Parallel()
		inLoop(t, func(ctx context.Context, loop asyncio.EventLoop) {
			pending, done := asyncio.NewFuture[int](loop), asyncio.NewFuture[int](loop)
			must(t, done.SetResult(1))
			foreign := asyncio.NewFuture[int](newLoop(t))
			_, err := loop.CallSoon(func() {
				// ctx is a coroutine's, the caller is none.
				_, err := pending.Await(ctx)
				wantError(t, err, asyncio.ErrAwaitInCallback)
				v, err := done.Await(ctx)
				must(t, err)
				want(t, "result", v, 1)
				_, err = foreign.Await(ctx)
				wantError(t, err, asyncio.ErrWrongLoop)
				wantError(t, asyncio.Sleep(ctx, 0), asyncio.ErrAwaitInCallback)
				_, err = asyncio.Gather(ctx, nothing)
				wantError(t, err, asyncio.ErrAwaitInCallback)
				_, _, err = asyncio.Wait(ctx, []*asyncio.Future[int]{pending}, asyncio.WaitOptions{})
				wantError(t, err, asyncio.ErrAwaitInCallback)
				_, err = asyncio.Shield[int](ctx, pending)
				wantError(t, err, asyncio.ErrAwaitInCallback)
				for _, err := range asyncio.AsCompleted[int](ctx, pending) {
					wantError(t, err, asyncio.ErrAwaitInCallback)
				}
				var w asyncio.Waiter
				wantError(t, w.Wait(ctx), asyncio.ErrAwaitInCallback)
				_, err = asyncio.ToThread(ctx, func() (int, error) { return 0, nil })
				wantError(t, err, asyncio.ErrAwaitInCallback)
			})
			must(t, err)
			passes(t, ctx, 2)
			want(t, "waiters left", pending.String(), "<Future pending>")
		})
	})
	t.Run("a coroutine of another loop is refused", func(t *testing.T) {
		t.Parallel()
		other := newLoop(t)
		f := asyncio.NewFuture[int](other)
		inLoop(t, func(ctx context.Context, _ asyncio.EventLoop) {
			_, err := f.Await(ctx)
			wantError(t, err, asyncio.ErrWrongLoop)
			_, err = asyncio.GatherOf[int](ctx, f)
			wantError(t, err, asyncio.ErrWrongLoop)
			_, err = asyncio.Shield[int](ctx, f)
			wantError(t, err, asyncio.ErrWrongLoop)
			_, _, err = asyncio.Wait(ctx, []*asyncio.Future[int]{f}, asyncio.WaitOptions{})
			wantError(t, err, asyncio.ErrWrongLoop)
		})
		must(t, f.SetResult(1))
		inLoop(t, func(ctx context.Context, _ asyncio.EventLoop) {
			v, err := f.Await(ctx) // nothing to wait for
			must(t, err)
			want(t, "result", v, 1)
		})
	})
	t.Run("any other goroutine blocks", func(t *testing.T) {
		t.Parallel()
		inLoop(t, func(ctx context.Context, loop asyncio.EventLoop) {
			f := asyncio.NewFuture[int](loop)
			got := make(chan int)
			for _, given := range []context.Context{ctx, context.Background(), nil} {
				go func() {
					v, err := f.Await(given)
					if err != nil {
						t.Error(err)
					}
					got <- v
				}()
			}
			_, err := loop.CallLater(instant, func() { must(t, f.SetResult(42)) })
			must(t, err)
			_, err = f.Await(ctx)
			must(t, err)
			for range 3 {
				want(t, "result", <-got, 42)
			}
		})
	})
	t.Run("a goroutine's context ends its wait", func(t *testing.T) {
		t.Parallel()
		f := asyncio.NewFuture[int](newLoop(t))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := f.Await(ctx)
		wantError(t, err, context.Canceled)
		want(t, "done", f.Done(), false)
		want(t, "waiters left", f.String(), "<Future pending>")
	})
	t.Run("a goroutine is woken when the loop closes", func(t *testing.T) {
		t.Parallel()
		loop := newLoop(t)
		f := asyncio.NewFuture[int](loop)
		waits := map[string]func(context.Context) error{
			"await":  func(ctx context.Context) error { _, err := f.Await(ctx); return err },
			"gather": func(ctx context.Context) error { _, err := asyncio.GatherOf[int](ctx, f); return err },
			"shield": func(ctx context.Context) error { _, err := asyncio.Shield[int](ctx, f); return err },
			"wait": func(ctx context.Context) error {
				_, _, err := asyncio.Wait(ctx, []asyncio.Awaitable{f}, asyncio.WaitOptions{})
				return err
			},
			"as completed": func(ctx context.Context) (err error) {
				for _, err = range asyncio.AsCompleted[int](ctx, f) {
				}
				return err
			},
			"threadsafe": func(ctx context.Context) error {
				_, err := asyncio.RunCoroutineThreadsafe(loop, sleepsForEver).Await(ctx)
				return err
			},
		}
		errs := make(chan error)
		for name, wait := range waits {
			go func() {
				err := wait(t.Context())
				if err == nil {
					t.Errorf("%s: no error", name)
				}
				errs <- err
			}()
		}
		must(t, loop.Close())
		for range waits {
			wantError(t, <-errs, asyncio.ErrLoopClosed)
		}
	})
}

// TestLoopsSideBySide: loops that run at the same time do not see each other.
func TestLoopsSideBySide(t *testing.T) {
	t.Parallel()
	const n = 4
	done := make(chan error, n)
	for i := range n {
		loop := newLoop(t)
		go func() {
			task := asyncio.CreateTask(loop, func(ctx context.Context) (int, error) {
				for range 50 {
					if running, err := asyncio.GetRunningLoop(); err != nil || running != loop {
						t.Errorf("running loop is %v, %v", running, err)
					}
					if _, err := asyncio.Gather(ctx, value(i), value(i)); err != nil {
						return 0, err
					}
				}
				return i, nil
			})
			done <- loop.RunUntilComplete(task)
		}()
	}
	for range n {
		must(t, <-done)
	}
}
