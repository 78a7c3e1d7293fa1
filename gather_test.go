package asyncio_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/go-asyncio/asyncio"
)

// futures makes n pending futures.
func futures(loop asyncio.EventLoop, n int) (fs []*asyncio.Future[int], aws []asyncio.AwaitableOf[int]) {
	for range n {
		f := asyncio.NewFuture[int](loop)
		fs, aws = append(fs, f), append(aws, f)
	}
	return fs, aws
}

func TestGather(t *testing.T) {
	t.Parallel()
	row(t, "tasks.082.gather-order/values", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		fs, aws := futures(loop, 3)
		g := asyncio.GatherFuture(ctx, aws...)
		called := 0
		g.AddDoneCallback(func(*asyncio.Future[[]int]) { called++ })
		for _, i := range []int{1, 2, 0} {
			passes(t, ctx, 2)
			want(t, "done", g.Done(), false)
			must(t, fs[i].SetResult(i))
		}
		passes(t, ctx, 2)
		values, err := g.Result()
		must(t, err)
		want(t, "values", fmt.Sprint(values), "[0 1 2]")
		want(t, "called", called, 1)
	})
	row(t, "tasks.082.gather-order/results", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		fs, aws := futures(loop, 3)
		task := asyncio.Go(ctx, func(ctx context.Context) ([]asyncio.Result[int], error) {
			return asyncio.GatherResults(ctx, aws[0].Await, aws[1].Await, aws[2].Await)
		})
		passes(t, ctx, 2)
		must(t, fs[2].SetResult(2))
		must(t, fs[1].SetException(errBoom))
		passes(t, ctx, 4)
		want(t, "done", task.Done(), false)
		must(t, fs[0].SetResult(0))
		results, err := task.Await(ctx)
		must(t, err)
		want(t, "results", fmt.Sprint(results), "[{0 <nil>} {0 boom} {2 <nil>}]")
	})
	row(t, "tasks.083.gather-first-exception", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		fs, aws := futures(loop, 5)
		g := asyncio.GatherFuture(ctx, aws...)
		called := 0
		g.AddDoneCallback(func(*asyncio.Future[[]int]) { called++ })
		must(t, fs[0].SetResult(0))
		must(t, fs[1].SetException(errBoom))
		passes(t, ctx, 2)
		want(t, "error", g.Exception(), errBoom)
		want(t, "another done", fs[2].Done(), false)
		must(t, fs[2].SetResult(1))
		fs[3].Cancel()
		must(t, fs[4].SetException(errors.New("second"))) // not reported
		passes(t, ctx, 2)
		want(t, "error", g.Exception(), errBoom)
		want(t, "called", called, 1)
	})
	looplessRow(t, "tasks.085a.gather-empty-no-loop", func(t *testing.T) {
		wantError(t, asyncio.GatherFuture[int, *asyncio.Task[int]](t.Context()).Exception(), asyncio.ErrNoCurrentLoop)
		_, err := asyncio.GatherOf[int, *asyncio.Task[int]](t.Context())
		wantError(t, err, asyncio.ErrNoCurrentLoop)
	})
	plainRow(t, "tasks.085b.gather-empty", func(t *testing.T) {
		current, running := newLoop(t), newLoop(t)
		empty := func(loop asyncio.EventLoop) *asyncio.Future[[]int] {
			g := asyncio.GatherFuture[int, *asyncio.Task[int]](t.Context())
			want(t, "loop", g.Loop(), loop)
			return g
		}
		withCurrent(t, current, func() {
			g := empty(current)
			must(t, current.RunUntilComplete(g))
			values, err := g.Result()
			must(t, err)
			if values == nil || len(values) != 0 {
				t.Errorf("values are %#v", values)
			}
			runIn(t, running, func(ctx context.Context) {
				called := false
				empty(running).AddDoneCallback(func(*asyncio.Future[[]int]) { called = true })
				want(t, "called at once", called, false)
				passes(t, ctx, 1)
				want(t, "called", called, true)
			})
		})
	})
	plainRow(t, "tasks.086a.gather-mixed-loops", func(t *testing.T) {
		a, b := asyncio.NewFuture[int](newLoop(t)), asyncio.NewFuture[int](newLoop(t))
		err := asyncio.GatherFuture[int](t.Context(), a, b).Exception()
		wantError(t, err, asyncio.ErrInvalidArgument)
		wantError(t, err, asyncio.ErrWrongLoop)
	})
	plainRow(t, "tasks.086b.gather-childrens-loop", func(t *testing.T) {
		loop := newLoop(t)
		fs, aws := futures(loop, 2)
		withCurrent(t, newLoop(t), func() {
			first, second := asyncio.GatherFuture(t.Context(), aws...), asyncio.GatherFuture(t.Context(), aws...)
			want(t, "loop", first.Loop(), loop)
			for i, f := range fs {
				must(t, f.SetResult(i))
			}
			for _, g := range []*asyncio.Future[[]int]{first, second} {
				must(t, loop.RunUntilComplete(g))
				values, err := g.Result()
				must(t, err)
				want(t, "values", fmt.Sprint(values), "[0 1]")
			}
		})
	})
	row(t, "tasks.087a.gather-child-cancelled", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		fs, aws := futures(loop, 2)
		g := asyncio.GatherFuture(ctx, aws...)
		fs[0].Cancel("why")
		passes(t, ctx, 1)
		want(t, "done", g.Done(), true)
		want(t, "cancelled", g.Cancelled(), false)
		wantMessage(t, g.Exception(), "why")
		want(t, "the other", fs[1].Done(), false)
	})
	row(t, "tasks.087b.gather-child-cancelled-return-exceptions", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		fs, aws := futures(loop, 2)
		task := asyncio.Go(ctx, func(ctx context.Context) ([]asyncio.Result[int], error) {
			return asyncio.GatherResults(ctx, aws[0].Await, aws[1].Await)
		})
		passes(t, ctx, 2)
		fs[0].Cancel("why")
		passes(t, ctx, 4)
		want(t, "done", task.Done(), false)
		must(t, fs[1].SetResult(1))
		results, err := task.Await(ctx)
		must(t, err)
		wantMessage(t, results[0].Err, "why")
		want(t, "second", results[1], asyncio.Result[int]{Value: 1})
	})
	looplessRow(t, "tasks.088a.gather-coroutines-no-loop", func(t *testing.T) {
		never := func(context.Context) (int, error) { t.Error("entered"); return 0, nil }
		_, err := asyncio.Gather(t.Context(), never, never)
		wantError(t, err, asyncio.ErrNoRunningLoop)
		_, err = asyncio.GatherOf[int](t.Context(), asyncio.CreateTask(nil, never))
		wantError(t, err, asyncio.ErrNoCurrentLoop)
	})
	plainRow(t, "tasks.088b.gather-coroutines-loop", func(t *testing.T) {
		running, current := newLoop(t), newLoop(t)
		withCurrent(t, current, func() {
			runIn(t, running, func(ctx context.Context) {
				loops, err := asyncio.Gather(ctx, itsLoop, itsLoop)
				must(t, err)
				for _, loop := range loops {
					want(t, "loop", loop, running)
				}
			})
			g := asyncio.GatherFuture[asyncio.EventLoop](t.Context(), asyncio.CreateTask(nil, itsLoop))
			must(t, current.RunUntilComplete(g))
			loops, err := g.Result()
			must(t, err)
			want(t, "loop", loops[0], current)
		})
	})
	row(t, "tasks.089.gather-duplicates", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		runs := 0
		task := asyncio.Go(ctx, func(context.Context) (int, error) { runs++; return 7, nil })
		other := asyncio.Go(ctx, value(8))
		values, err := asyncio.GatherOf[int](ctx, task, other, task, task)
		must(t, err)
		want(t, "values", fmt.Sprint(values), "[7 8 7 7]")
		want(t, "runs", runs, 1)
	})
	row(t, "tasks.091.gather-marks-exceptions", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		second := errors.New("second")
		_, err := asyncio.Gather(ctx, failing(errBoom), failing(second))
		want(t, "error", err, errBoom)
		passes(t, ctx, 3) // what is reported at the close fails the test as well
	})
	row(t, "tasks.092.gather-bad-argument", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		never := func(context.Context) (int, error) { t.Error("entered"); return 0, nil }
		_, err := asyncio.Gather(ctx, never, nil)
		wantError(t, err, asyncio.ErrInvalidArgument)
		want(t, "tasks", len(asyncio.AllTasks(loop)), 1)
		task := asyncio.Go(ctx, value(1))
		for _, bad := range []asyncio.AwaitableOf[int]{nil, (*asyncio.Future[int])(nil), (*asyncio.Task[int])(nil), &asyncio.Future[int]{}} {
			_, err := asyncio.GatherOf(ctx, asyncio.AwaitableOf[int](task), bad)
			wantError(t, err, asyncio.ErrInvalidArgument)
		}
		_, err = task.Await(ctx)
		must(t, err)
	})
}

func itsLoop(context.Context) (asyncio.EventLoop, error) { return asyncio.GetRunningLoop() }

func TestGatherCancel(t *testing.T) {
	t.Parallel()
	row(t, "tasks.063.gather-cancel-too-late", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		fs, aws := futures(loop, 2)
		g := asyncio.GatherFuture(ctx, aws...)
		must(t, fs[0].SetResult(1))
		must(t, fs[1].SetResult(2))
		want(t, "done", g.Done(), false)
		want(t, "cancel", g.Cancel(), false)
		values, err := g.Await(ctx)
		must(t, err)
		want(t, "values", fmt.Sprint(values), "[1 2]")
	})
	row(t, "tasks.064.gather-cancel-return-exceptions", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		task := asyncio.Go(ctx, func(ctx context.Context) (int, error) {
			results, err := asyncio.GatherResults(ctx, sleepsForEver, value(1))
			wantMessage(t, err, "why")
			want(t, "results", len(results), 0)
			return 0, err
		})
		passes(t, ctx, 2)
		task.Cancel("why")
		_, err := task.Await(ctx)
		wantMessage(t, err, "why")
		want(t, "cancelled", task.Cancelled(), true)
	})
	row(t, "tasks.090.gather-cancel-broadcast", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		a, b := asyncio.Go(ctx, sleepsForEver), asyncio.Go(ctx, sleepsForEver)
		var g *asyncio.Future[[]int]
		task := asyncio.Go(ctx, func(ctx context.Context) ([]int, error) {
			g = asyncio.GatherFuture[int](ctx, a, b)
			return g.Await(ctx)
		})
		passes(t, ctx, 2)
		want(t, "cancel", task.Cancel(), true)
		_, err := task.Await(ctx)
		wantError(t, err, asyncio.ErrCancelled)
		want(t, "first child", a.Cancelled(), true)
		want(t, "second child", b.Cancelled(), true)
		want(t, "cancel of the gather", g.Cancel(), false)
	})
	row(t, "tasks.106.gather-child-cancel-leaves-others", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		f := asyncio.NewFuture[int](loop)
		a, b := asyncio.Go(ctx, sleepsForEver), asyncio.Go(ctx, f.Await)
		g := asyncio.GatherFuture[int](ctx, a, b)
		passes(t, ctx, 1)
		a.Cancel()
		_, err := g.Await(ctx)
		wantError(t, err, asyncio.ErrCancelled)
		want(t, "the other done", b.Done(), false)
		must(t, f.SetResult(7))
		v, err := b.Await(ctx)
		must(t, err)
		want(t, "the other", v, 7)
	})
	row(t, "swallowed by the children", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		stubborn := func(ctx context.Context) (int, error) {
			wantError(t, asyncio.Sleep(ctx, forever), asyncio.ErrCancelled)
			return 1, nil
		}
		g := asyncio.GatherFuture[int](ctx, asyncio.Go(ctx, stubborn), asyncio.Go(ctx, stubborn))
		passes(t, ctx, 1)
		want(t, "cancel", g.Cancel("why"), true)
		_, err := g.Await(ctx)
		wantMessage(t, err, "why")
	})
	row(t, "a context of the user's", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		derived, cancel := context.WithCancel(ctx)
		mine := asyncio.Go(ctx, sleepsForEver)
		var ended []error
		stops := func(ctx context.Context) (int, error) {
			err := asyncio.Sleep(ctx, forever)
			ended = append(ended, err)
			return 0, err
		}
		_, err := asyncio.Go(ctx, func(ctx context.Context) (int, error) {
			task := asyncio.Go(ctx, func(ctx context.Context) ([]int, error) {
				return asyncio.Gather(derived, stops, stops)
			})
			passes(t, ctx, 2)
			cancel()
			_, err := task.Await(ctx)
			return 0, err
		}).Await(ctx)
		want(t, "error", err, context.Canceled)
		passes(t, ctx, 2)
		want(t, "tasks of the gather's own", fmt.Sprint(ended), "[cancelled cancelled]")
		_, err = asyncio.GatherOf[int](derived, mine)
		want(t, "error", err, context.Canceled)
		want(t, "a task that was given", mine.Done(), false)
		mine.Cancel()
		passes(t, ctx, 2)
	})
	row(t, "from another goroutine", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		fs, aws := futures(loop, 2)
		g := asyncio.GatherFuture(ctx, aws...)
		elsewhere(func() { want(t, "cancel", g.Cancel("why"), true) })
		_, err := g.Await(ctx)
		wantMessage(t, err, "why")
		for _, f := range fs {
			wantMessage(t, f.Exception(), "why")
		}
		elsewhere(func() { want(t, "cancel again", g.Cancel(), false) })
	})
}

// TestGatherFromElsewhere: futures can be gathered from any goroutine, while
// others complete them.
func TestGatherFromElsewhere(t *testing.T) {
	t.Parallel()
	inLoop(t, func(ctx context.Context, loop asyncio.EventLoop) {
		for range 20 {
			fs, aws := futures(loop, 8)
			for i, f := range fs {
				go func() { _ = f.SetResult(i) }() // nobody else does
			}
			got := make(chan string)
			go func() {
				values, err := asyncio.GatherOf(context.Background(), aws...)
				got <- fmt.Sprint(values, err)
			}()
			values, err := asyncio.GatherOf(ctx, aws...)
			must(t, err)
			want(t, "values", fmt.Sprint(values), "[0 1 2 3 4 5 6 7]")
			answer, err := asyncio.ToThread(ctx, func() (string, error) { return <-got, nil })
			must(t, err)
			want(t, "elsewhere", answer, "[0 1 2 3 4 5 6 7] <nil>")
		}
	})
}
