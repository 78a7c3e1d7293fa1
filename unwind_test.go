package asyncio_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/go-asyncio/asyncio"
)

// closeWith lets coroutines run up to where they wait, and closes the loop.
func closeWith(t *testing.T, loop asyncio.EventLoop, fs ...func(context.Context) (int, error)) (all []*asyncio.Task[int]) {
	t.Helper()
	for _, f := range fs {
		all = append(all, asyncio.CreateTask(loop, f))
	}
	loop.Stop()
	must(t, loop.RunForever())
	must(t, loop.Close())
	for _, task := range all {
		want(t, "done", task.Done(), true)
		wantError(t, task.Exception(), asyncio.ErrLoopClosed)
	}
	return all
}

func TestCloseUnwinds(t *testing.T) {
	t.Parallel()
	eachThreading(t, "deferred calls", func(t *testing.T, loop asyncio.EventLoop, r *reports) {
		f := asyncio.NewFuture[int](loop)
		done := asyncio.NewFuture[int](loop)
		must(t, done.SetResult(42))
		var order []string
		closeWith(t, loop, func(ctx context.Context) (int, error) {
			defer func() {
				order = append(order, "outer")
				wantError(t, loop.Close(), asyncio.ErrLoopRunning)
			}()
			defer func() {
				order = append(order, "inner")
				want(t, "recovered", recover(), nil)
				_, err := f.Await(ctx)
				wantError(t, err, asyncio.ErrLoopClosed)
				v, err := done.Await(ctx)
				must(t, err)
				want(t, "result of a done future", v, 42)
				for name, wait := range map[string]func() error{
					"sleep":      func() error { return asyncio.Sleep(ctx, 0) },
					"sleep long": func() error { return asyncio.Sleep(context.WithoutCancel(ctx), forever) },
					"waiter":     func() error { return new(asyncio.Waiter).Wait(ctx) },
					"gather":     func() error { _, err := asyncio.Gather(ctx, nothing); return err },
					"wait": func() error {
						_, _, err := asyncio.Wait(ctx, []asyncio.Awaitable{f}, asyncio.WaitOptions{Timeout: forever})
						return err
					},
					"shield":  func() error { _, err := asyncio.Shield[int](ctx, f); return err },
					"task":    func() error { return asyncio.Go(ctx, nothing).Exception() },
					"timeout": func() error { return asyncio.Timeout(ctx, forever, sleepsInScope) },
					"thread":  func() error { _, err := asyncio.ToThread(ctx, func() (int, error) { return 0, nil }); return err },
				} {
					if err := wait(); err == nil {
						t.Errorf("%s is not refused", name)
					} else {
						wantError(t, err, asyncio.ErrLoopClosed)
					}
				}
			}()
			_, err := f.Await(ctx)
			t.Error("Await returned", err)
			return 0, nil
		})
		want(t, "order", fmt.Sprint(order), "[inner outer]")
		want(t, "reports", len(r.all()), 1)
		want(t, "message", r.all()[0].Message, "Task was destroyed but it is pending")
	})
	eachThreading(t, "recovers and retries for ever", func(t *testing.T, loop asyncio.EventLoop, _ *reports) {
		f := asyncio.NewFuture[int](loop)
		deferred := 0
		forEver := func(ctx context.Context) {
			for {
				func() {
					defer func() { _ = recover() }()
					_, _ = f.Await(ctx)
				}()
			}
		}
		closeWith(t, loop,
			func(ctx context.Context) (int, error) {
				defer func() { deferred++ }()
				forEver(ctx)
				return 0, nil
			},
			func(ctx context.Context) (int, error) {
				defer func() { deferred++ }()
				defer forEver(ctx)
				return f.Await(ctx)
			},
			func(ctx context.Context) (int, error) {
				defer func() { deferred++ }()
				defer func() {
					for asyncio.Sleep(ctx, 0) != nil {
						passForEver(ctx)
					}
				}()
				return f.Await(ctx)
			})
		want(t, "deferred", deferred, 3)
	})
	eachThreading(t, "deferred calls that panic", func(t *testing.T, loop asyncio.EventLoop, r *reports) {
		task := asyncio.CreateTask(loop, func(ctx context.Context) (int, error) {
			defer func() { panic(errBoom) }()
			return 0, asyncio.Sleep(ctx, forever)
		})
		other := false
		asyncio.CreateTask(loop, func(ctx context.Context) (int, error) {
			defer func() { other = true }()
			return 0, asyncio.Sleep(ctx, forever)
		})
		loop.Stop()
		must(t, loop.RunForever())
		must(t, loop.Close())
		wantError(t, task.Exception(), errBoom)
		want(t, "the other was unwound", other, true)
		want(t, "reports", len(r.all()), 3)
		wantError(t, r.all()[1].Err, errBoom)
	})
	eachThreading(t, "never started", func(t *testing.T, loop asyncio.EventLoop, _ *reports) {
		task := asyncio.CreateTask(loop, func(context.Context) (int, error) {
			t.Error("entered")
			return 0, nil
		})
		must(t, loop.Close())
		wantError(t, task.Exception(), asyncio.ErrLoopClosed)
	})
	eachThreading(t, "many", func(t *testing.T, loop asyncio.EventLoop, _ *reports) {
		deferred := 0
		var fs []func(context.Context) (int, error)
		for range 1000 {
			fs = append(fs, func(ctx context.Context) (int, error) {
				defer func() { deferred++ }()
				return 0, asyncio.Sleep(ctx, forever)
			})
		}
		all := closeWith(t, loop, fs...)
		want(t, "deferred", deferred, len(all))
		want(t, "tasks", len(asyncio.AllTasks(loop)), 0)
	})
	eachThreading(t, "tasks that wait for each other", func(t *testing.T, loop asyncio.EventLoop, _ *reports) {
		inner := asyncio.CreateTask(loop, sleepsForEver)
		closeWith(t, loop, inner.Await, func(ctx context.Context) (int, error) {
			_, err := asyncio.GatherOf[int](ctx, inner)
			return 0, err
		})
		wantError(t, inner.Exception(), asyncio.ErrLoopClosed)
	})
}

func sleepsInScope(ctx context.Context, _ *asyncio.TimeoutScope) error {
	return asyncio.Sleep(ctx, forever)
}

// passForEver is a retry inside a retry.
func passForEver(ctx context.Context) {
	for asyncio.Sleep(ctx, 0) != nil {
	}
}
