package asyncio_test

import (
	"context"
	"testing"

	"github.com/go-asyncio/asyncio"
)

type contextKey struct{}

func with(ctx context.Context, v any) context.Context {
	return context.WithValue(ctx, contextKey{}, v)
}

// holds fails the test if the context does not have the value.
func holds(t *testing.T, ctx context.Context, v any) {
	t.Helper()
	want(t, "value", ctx.Value(contextKey{}), v)
}

func TestTaskContext(t *testing.T) {
	t.Parallel()
	row(t, "tasks.071.context-inherited-copy", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		ctx = with(ctx, "maker")
		child := func(ctx context.Context) (int, error) {
			holds(t, ctx, "maker")
			ctx = with(ctx, "child")
			passes(t, ctx, 1)
			holds(t, ctx, "child")
			return 0, nil
		}
		task := asyncio.Go(ctx, child)
		changed := with(ctx, "changed")
		passes(t, changed, 1)
		holds(t, changed, "changed")
		holds(t, ctx, "maker")
		_, err := task.Await(ctx)
		must(t, err)
	})
	plainRow(t, "tasks.072.context-across-awaits", func(t *testing.T) {
		base := with(context.Background(), "outside")
		loop := newLoop(t)
		task := asyncio.CreateTask(loop, func(ctx context.Context) (int, error) {
			holds(t, ctx, "outside")
			ctx = with(ctx, "inside")
			f := asyncio.NewFuture[int](loop)
			seen := any(nil)
			f.AddDoneCallback(func(*asyncio.Future[int]) {
				seen = ctx.Value(contextKey{})
				_ = with(ctx, "callback")
			})
			must(t, f.SetResult(1))
			passes(t, ctx, 1)
			want(t, "seen by the callback", seen, any("inside"))
			holds(t, ctx, "inside")
			return 0, nil
		}, asyncio.WithContext(base))
		must(t, loop.RunUntilComplete(task))
		holds(t, base, "outside")
		holds(t, task.Context(), "outside")
	})
	row(t, "tasks.073.context-hundred-tasks", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		var all []asyncio.AwaitableOf[int]
		for i := range 100 {
			all = append(all, asyncio.Go(with(ctx, i), func(ctx context.Context) (int, error) {
				for k := range 10 {
					passes(t, ctx, (i*7+k*5)%3)
					holds(t, ctx, i)
				}
				return 0, nil
			}))
		}
		_, err := asyncio.GatherOf(ctx, all...)
		must(t, err)
	})
	row(t, "CreateTask has the maker's values", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		maker := asyncio.Go(with(ctx, "maker"), func(ctx context.Context) (int, error) {
			return asyncio.CreateTask(loop, func(ctx context.Context) (int, error) {
				holds(t, ctx, "maker")
				return 0, nil
			}).Await(ctx)
		})
		_, err := maker.Await(ctx)
		must(t, err)
	})
	row(t, "values, not cancellation", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		done, cancel := context.WithCancelCause(with(ctx, "maker"))
		cancel(errBoom)
		_, err := asyncio.Go(done, func(ctx context.Context) (int, error) {
			holds(t, ctx, "maker")
			want(t, "error", ctx.Err(), nil)
			want(t, "cause", context.Cause(ctx), nil)
			_, late := ctx.Deadline()
			want(t, "has a deadline", late, false)
			must(t, asyncio.Sleep(ctx, 0))
			asyncio.CurrentTask().Cancel("why")
			wantMessage(t, context.Cause(ctx), "why")
			wantMessage(t, asyncio.Sleep(ctx, 0), "why")
			return 0, nil
		}).Await(ctx)
		must(t, err)
	})
}

func TestTaskContextGiven(t *testing.T) {
	t.Parallel()
	row(t, "tasks.743.get-context", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		given := with(context.Background(), "given")
		task := asyncio.Go(ctx, func(ctx context.Context) (int, error) {
			want(t, "inside", asyncio.CurrentTask().(*asyncio.Task[int]).Context(), ctx)
			return 0, nil
		}, asyncio.WithContext(given))
		holds(t, task.Context(), "given")
		before := task.Context()
		_, err := task.Await(ctx)
		must(t, err)
		want(t, "after", task.Context(), before)
	})
}
