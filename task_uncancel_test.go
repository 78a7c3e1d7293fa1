package asyncio_test

import (
	"context"
	"testing"

	"github.com/go-asyncio/asyncio"
)

// TestUncancelTakesBack: what nobody wants any more does not come, unless it is
// under way already.
func TestUncancelTakesBack(t *testing.T) {
	t.Parallel()
	row(t, "tasks.727.uncancel-takes-back", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		for _, name := range []string{"a future that is done", "giving way"} {
			fut := asyncio.NewFuture[int](loop)
			task := asyncio.Go(ctx, func(ctx context.Context) (int, error) {
				if name == "giving way" {
					return 7, asyncio.Sleep(ctx, 0)
				}
				return fut.Await(ctx)
			})
			passes(t, ctx, 1)
			must(t, fut.SetResult(7))
			want(t, name+": cancel", task.Cancel(), true)
			want(t, name+": uncancel", task.Uncancel(), 0)
			v, err := task.Await(ctx)
			must(t, err)
			want(t, name, v, 7)
		}
	})
	row(t, "tasks.728.uncancel-before-start", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		task := asyncio.Go(ctx, value(7))
		task.Cancel("first")
		task.Cancel("second")
		want(t, "uncancel", task.Uncancel(), 1)
		want(t, "uncancel", task.Uncancel(), 0)
		v, err := task.Await(ctx)
		must(t, err)
		want(t, "result", v, 7)
	})
	row(t, "tasks.729.uncancel-self", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		for name, wait := range everyWait(t, loop) {
			task := asyncio.Go(ctx, func(ctx context.Context) (int, error) {
				me := asyncio.CurrentTask()
				me.Cancel()
				want(t, name+": uncancel", me.Uncancel(), 0)
				return 0, wait(ctx)
			})
			_, err := task.Await(ctx)
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
	row(t, "what is cut short stays so", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		for name, wait := range everyWait(t, loop) {
			if name == "giving way" {
				continue // it is over anyway
			}
			task := asyncio.Go(ctx, func(ctx context.Context) (int, error) { return 0, wait(ctx) })
			passes(t, ctx, 1)
			task.Cancel()
			want(t, name+": uncancel", task.Uncancel(), 0)
			_, err := task.Await(ctx)
			if !task.Cancelled() {
				t.Errorf("%s ended with %v", name, err)
			}
		}
	})
	row(t, "and what begins with a request is cut short", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		for name, wait := range everyWait(t, loop) {
			if name == "giving way" {
				continue
			}
			task := asyncio.Go(ctx, func(ctx context.Context) (int, error) {
				asyncio.CurrentTask().Cancel()
				return 0, wait(ctx)
			})
			passes(t, ctx, 1)
			want(t, name+": uncancel", task.Uncancel(), 0)
			_, err := task.Await(ctx)
			if !task.Cancelled() {
				t.Errorf("%s ended with %v", name, err)
			}
		}
	})
}

// everyWait is each way in which a task waits for a moment.
func everyWait(t *testing.T, loop asyncio.EventLoop) map[string]func(context.Context) error {
	soon := func(f func()) {
		_, err := loop.CallLater(instant, f)
		must(t, err)
	}
	return map[string]func(context.Context) error{
		"sleep":      func(ctx context.Context) error { return asyncio.Sleep(ctx, instant) },
		"giving way": func(ctx context.Context) error { return asyncio.Sleep(ctx, 0) },
		"future": func(ctx context.Context) error {
			fut := asyncio.NewFuture[int](loop)
			soon(func() { _ = fut.SetResult(0) }) // it may be cancelled
			_, err := fut.Await(ctx)
			return err
		},
		"waiter": func(ctx context.Context) error {
			var w asyncio.Waiter
			soon(w.Wake)
			return w.Wait(ctx)
		},
	}
}
