package asyncio_test

import (
	"context"
	"strings"
	"testing"

	"github.com/go-asyncio/asyncio"
)

// TestErrorOnly: each call that takes a function with a result has a form for one
// that only returns an error.
func TestErrorOnly(t *testing.T) {
	t.Parallel()
	plainRow(t, "run", func(t *testing.T) {
		ctx := context.Background()
		must(t, asyncio.RunErr(ctx, func(ctx context.Context) error { return asyncio.Sleep(ctx, 0) }, ofKind(t)))
		want(t, "error", asyncio.RunErr(ctx, failer(errBoom), ofKind(t)).Error(), errBoom.Error())
		wantError(t, asyncio.RunErr(ctx, nil, ofKind(t)), asyncio.ErrInvalidArgument)
	})
	row(t, "the others", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		forms := map[string]func(f func(context.Context) error) error{
			"GoErr": func(f func(context.Context) error) error { _, err := asyncio.GoErr(ctx, f).Await(ctx); return err },
			"CreateTaskErr": func(f func(context.Context) error) error {
				_, err := asyncio.CreateTaskErr(loop, f).Await(ctx)
				return err
			},
			"WaitForErr": func(f func(context.Context) error) error { return asyncio.WaitForErr(ctx, forever, f) },
			"ToThreadErr": func(f func(context.Context) error) error {
				if f == nil {
					return asyncio.ToThreadErr(ctx, nil)
				}
				return asyncio.ToThreadErr(ctx, func() error { return f(context.Background()) })
			},
		}
		for name, call := range forms {
			if err := call(func(context.Context) error { return nil }); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			wantError(t, call(func(context.Context) error { return errBoom }), errBoom)
			wantError(t, call(nil), asyncio.ErrInvalidArgument)
		}
		wantTimeout(t, asyncio.WaitForErr(ctx, instant, func(ctx context.Context) error { return asyncio.Sleep(ctx, forever) }))
	})
	row(t, "names the user's function", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		for _, task := range []*asyncio.Task[struct{}]{asyncio.GoErr(ctx, plainly), asyncio.CreateTaskErr(loop, plainly)} {
			if !strings.Contains(task.String(), "asyncio_test.plainly") {
				t.Errorf("%v does not name its function", task)
			}
			_, err := task.Await(ctx)
			must(t, err)
		}
	})
}

func plainly(context.Context) error { return nil }

// TestInference: a slice of tasks, or of futures, goes where several are waited
// for, and a task or future where one is, without its type being written.
func TestInference(t *testing.T) {
	t.Parallel()
	row(t, "of what is given", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		tasks := []*asyncio.Task[int]{asyncio.Go(ctx, value(1)), asyncio.Go(ctx, value(2))}
		values, err := asyncio.GatherOf(ctx, tasks...)
		must(t, err)
		want(t, "values", len(values), 2)
		values, err = asyncio.GatherFuture(ctx, tasks...).Await(ctx)
		must(t, err)
		want(t, "values", len(values), 2)
		sum := 0
		for v, err := range asyncio.AsCompleted(ctx, tasks...) {
			must(t, err)
			sum += v
		}
		for v, err := range asyncio.AsCompletedFor(ctx, forever, tasks...) {
			must(t, err)
			sum += v
		}
		for task, err := range asyncio.Completed(ctx, tasks...) {
			must(t, err)
			v, err := task.Result()
			must(t, err)
			sum += v
		}
		handles, err := asyncio.AsCompletedHandles(forever, tasks...)
		must(t, err)
		v, err := handles[0].Await(ctx)
		must(t, err)
		want(t, "the first", v, 1)
		want(t, "sum", sum, 9)
		done, _, err := asyncio.Wait(ctx, tasks, asyncio.WaitOptions{})
		must(t, err)
		want(t, "done", len(done), 2)

		task := tasks[0]
		one := func(v int, err error) {
			t.Helper()
			must(t, err)
			want(t, "result", v, 1)
		}
		one(asyncio.Shield(ctx, task))
		one(asyncio.ShieldFuture(ctx, task).Result())
		one(asyncio.WaitForOf(ctx, forever, task))
		same, err := asyncio.EnsureFuture(loop, task)
		must(t, err)
		one(same.Result())
		same, err = asyncio.WrapFuture(loop, task)
		must(t, err)
		one(same.Result())

		// The type may be written, and kinds mixed.
		values, err = asyncio.GatherOf[int](ctx, task)
		must(t, err)
		want(t, "values", len(values), 1)
		mixed := []asyncio.AwaitableOf[int]{task, asyncio.ShieldFuture(ctx, task)}
		values, err = asyncio.GatherOf(ctx, mixed...)
		must(t, err)
		want(t, "values", len(values), 2)
	})
}
