package asyncio_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
)

func TestCancelAndContext(t *testing.T) {
	t.Parallel()
	row(t, "delivered once, the context stays done", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		task := asyncio.Go(ctx, func(ctx context.Context) (int, error) {
			want(t, "before", ctx.Err(), nil)
			wantMessage(t, asyncio.Sleep(ctx, forever), "why")
			wantMessage(t, ctx.Err(), "why")
			<-ctx.Done()
			// The request is delivered: with its own context the task waits again.
			return 7, asyncio.Sleep(ctx, instant)
		})
		passes(t, ctx, 1)
		task.Cancel("why")
		v, err := task.Await(ctx)
		must(t, err)
		want(t, "result", v, 7)
	})
	row(t, "a value does not change what a context is", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		task := asyncio.Go(ctx, func(ctx context.Context) (int, error) {
			valued := with(ctx, "value")
			wantMessage(t, asyncio.Sleep(valued, forever), "why")
			return 7, asyncio.Sleep(valued, 0)
		})
		passes(t, ctx, 1)
		task.Cancel("why")
		_, err := task.Await(ctx)
		must(t, err)
	})
	row(t, "clean-up without cancellation", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		f := asyncio.NewFuture[int](loop)
		var order []string
		task := asyncio.Go(ctx, func(ctx context.Context) (int, error) {
			wantMessage(t, asyncio.Sleep(ctx, forever), "first")
			v, err := f.Await(context.WithoutCancel(ctx))
			must(t, err)
			must(t, asyncio.Sleep(context.WithoutCancel(ctx), 0))
			order = append(order, fmt.Sprint("cleaned up ", v))
			err = asyncio.Sleep(ctx, forever)
			order = append(order, fmt.Sprint("then ", err))
			return 0, err
		})
		passes(t, ctx, 1)
		task.Cancel("first")
		passes(t, ctx, 1)
		want(t, "cancel", task.Cancel("second"), true)
		passes(t, ctx, 3)
		want(t, "future cancelled", f.Cancelled(), false)
		must(t, f.SetResult(42))
		_, err := task.Await(ctx)
		wantMessage(t, err, "second")
		want(t, "order", fmt.Sprint(order), "[cleaned up 42 then cancelled: second]")
	})
	row(t, "the first request waits for a clean-up too", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		f := asyncio.NewFuture[int](loop)
		task := asyncio.Go(ctx, func(ctx context.Context) (int, error) {
			v, err := f.Await(context.WithoutCancel(ctx))
			must(t, err)
			wantMessage(t, asyncio.Sleep(ctx, forever), "why")
			return v, nil
		})
		passes(t, ctx, 1)
		task.Cancel("why")
		passes(t, ctx, 1)
		must(t, f.SetResult(42))
		v, err := task.Await(ctx)
		must(t, err)
		want(t, "result", v, 42)
	})
	row(t, "a context from outside does not shield", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		f := asyncio.NewFuture[int](loop)
		task := asyncio.Go(ctx, func(context.Context) (int, error) { return f.Await(context.Background()) })
		passes(t, ctx, 1)
		task.Cancel()
		_, err := task.Await(ctx)
		wantError(t, err, asyncio.ErrCancelled)
		want(t, "future cancelled", f.Cancelled(), true)
	})
}

func TestDerivedContext(t *testing.T) {
	t.Parallel()
	// Each way to wait, for something that does not come.
	waits := map[string]func(ctx context.Context, f *asyncio.Future[int]) error{
		"await":  func(ctx context.Context, f *asyncio.Future[int]) error { _, err := f.Await(ctx); return err },
		"sleep":  func(ctx context.Context, _ *asyncio.Future[int]) error { return asyncio.Sleep(ctx, forever) },
		"waiter": func(ctx context.Context, _ *asyncio.Future[int]) error { return new(asyncio.Waiter).Wait(ctx) },
		"shield": func(ctx context.Context, f *asyncio.Future[int]) error {
			_, err := asyncio.Shield[int](ctx, f)
			return err
		},
		"gather": func(ctx context.Context, f *asyncio.Future[int]) error {
			_, err := asyncio.GatherOf[int](ctx, f)
			return err
		},
		"wait": func(ctx context.Context, f *asyncio.Future[int]) error {
			_, _, err := asyncio.Wait(ctx, []asyncio.Awaitable{f}, asyncio.WaitOptions{})
			return err
		},
		"as completed": func(ctx context.Context, f *asyncio.Future[int]) (err error) {
			for _, err = range asyncio.AsCompleted[int](ctx, f) {
			}
			return err
		},
	}
	for name, wait := range waits {
		row(t, "cancelled/"+name, func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
			f := asyncio.NewFuture[int](loop)
			derived, cancel := context.WithCancel(ctx)
			_, err := loop.CallSoon(cancel)
			must(t, err)
			// It ends the wait that is under way, and every one after it.
			for range 3 {
				want(t, "error", wait(derived, f), context.Canceled)
			}
			want(t, "future done", f.Done(), false)
			want(t, "task cancelling", asyncio.CurrentTask().Cancelling(), 0)
			passes(t, ctx, 1)
			want(t, "error of the task's context", ctx.Err(), nil)
		})
		row(t, "timed out/"+name, func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
			f := asyncio.NewFuture[int](loop)
			derived, cancel := context.WithTimeout(ctx, instant)
			defer cancel()
			for range 2 {
				err := wait(derived, f)
				if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, asyncio.ErrTimeout) {
					t.Errorf("the wait ended with %v", err)
				}
			}
			want(t, "future done", f.Done(), false)
		})
		row(t, "from outside/"+name, func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
			f := asyncio.NewFuture[int](loop)
			outside, cancel := context.WithCancel(context.Background())
			go cancel()
			want(t, "error", wait(outside, f), context.Canceled)
			want(t, "future done", f.Done(), false)
		})
		row(t, "task cancelled/"+name, func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
			task := asyncio.Go(ctx, func(ctx context.Context) (int, error) {
				derived, cancel := context.WithCancel(ctx)
				defer cancel()
				err := wait(derived, asyncio.NewFuture[int](loop))
				wantMessage(t, err, "why")
				must(t, asyncio.Sleep(ctx, 0)) // was delivered
				wantMessage(t, asyncio.Sleep(derived, forever), "why")
				return 0, err
			})
			passes(t, ctx, 1)
			task.Cancel("why")
			_, err := task.Await(ctx)
			wantMessage(t, err, "why")
			want(t, "cancelled", task.Cancelled(), true)
		})
	}
	row(t, "around a scope", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		derived, cancel := context.WithCancel(ctx)
		_, err := loop.CallSoon(cancel)
		must(t, err)
		err = asyncio.Timeout(derived, forever, func(ctx context.Context, _ *asyncio.TimeoutScope) error {
			for range 2 {
				want(t, "error", asyncio.Sleep(ctx, forever), context.Canceled)
			}
			return nil
		})
		must(t, err)
	})
}

// TestDerivedContextEndsAtOnce: what is derived from a task's context ends within
// the call of Cancel, in the order in which it was derived: no goroutine is
// between them.
func TestDerivedContextEndsAtOnce(t *testing.T) {
	t.Parallel()
	inLoop(t, func(ctx context.Context, _ asyncio.EventLoop) {
		const n = 100
		var derived []context.Context
		var order []int
		task := asyncio.Go(ctx, func(ctx context.Context) (int, error) {
			for i := range n {
				d, cancel := context.WithCancel(ctx)
				defer cancel()
				derived = append(derived, d)
				stop := ctx.(interface{ AfterFunc(func()) func() bool }).AfterFunc(func() { order = append(order, i) })
				if i%10 == 3 {
					want(t, "stopped", stop(), true)
					want(t, "stopped again", stop(), false)
				}
			}
			return 0, asyncio.Sleep(ctx, forever)
		})
		passes(t, ctx, 1)
		task.Cancel()
		for i, d := range derived {
			if d.Err() == nil {
				t.Fatalf("context %d is not done", i)
			}
		}
		want(t, "called", len(order), n-n/10)
		want(t, "in order", slices.IsSorted(order), true)
		_, err := task.Await(ctx)
		wantError(t, err, asyncio.ErrCancelled)
	})
}

// TestLateContext: a context that ends when its wait is over does not end the
// next one.
func TestLateContext(t *testing.T) {
	t.Parallel()
	row(t, "a wait that did not suspend", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		// The context has to end in the very moment of the wait, so this is tried
		// many times.
		var w asyncio.Waiter
		for range 3000 {
			derived, cancel := context.WithCancel(ctx)
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				cancel()
			}()
			w.Wake()
			if err := w.Wait(derived); err != nil {
				want(t, "error", err, context.Canceled)
				must(t, w.Wait(ctx)) // the Wake was kept
			}
			<-ended
			f := asyncio.NewFuture[int](loop)
			_, err := loop.CallSoon(func() { _, _ = loop.CallSoon(func() { _ = f.SetResult(42) }) })
			must(t, err)
			if v, err := f.Await(ctx); err != nil || v != 42 {
				t.Fatalf("the next wait: %v, %v", v, err)
			}
		}
	})
	timedRow(t, "a wait that did", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		derived, cancel := context.WithCancel(ctx)
		f := asyncio.NewFuture[int](loop)
		_, err := loop.CallSoon(func() {
			must(t, f.SetResult(42))
			cancel()
		})
		must(t, err)
		v, err := f.Await(derived)
		if err != nil { // which of the two the task hears of first is open
			want(t, "error", err, context.Canceled)
		} else {
			want(t, "result", v, 42)
		}
		start := loop.Time()
		must(t, asyncio.Sleep(ctx, time.Second))
		want(t, "slept", loop.Time()-start, time.Second)
	})
}

// TestTaskIsNotKept: a task is let go of when it is done, also while tasks that it
// started with its context live on.
func TestTaskIsNotKept(t *testing.T) {
	t.Parallel()
	inLoop(t, func(ctx context.Context, loop asyncio.EventLoop) {
		f := asyncio.NewFuture[int](loop)
		gone := make(chan struct{})
		var child *asyncio.Task[int]
		func() {
			parent := asyncio.Go(ctx, func(ctx context.Context) (int, error) {
				return 0, asyncio.Timeout(ctx, forever, func(ctx context.Context, _ *asyncio.TimeoutScope) error {
					child = asyncio.Go(ctx, f.Await)
					return nil
				})
			})
			runtime.AddCleanup(parent, func(gone chan struct{}) { close(gone) }, gone)
			_, err := parent.Await(ctx)
			must(t, err)
		}()
		for collected := false; !collected; {
			runtime.GC()
			must(t, asyncio.Sleep(ctx, instant))
			select {
			case <-gone:
				collected = true
			default:
			}
		}
		must(t, f.SetResult(7))
		_, err := child.Await(ctx)
		must(t, err)
	})
}
