package asyncio_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
)

// TestCompleted: the futures themselves come back, in the order of completion.
func TestCompleted(t *testing.T) {
	t.Parallel()
	timedRow(t, "tasks.731.as-completed-async-order", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		start := loop.Time()
		for task, err := range asyncio.Completed(ctx, nap(ctx, 100), nap(ctx, 150), nap(ctx, 10)) {
			must(t, err)
			v, err := task.Result()
			must(t, err)
			want(t, "time", loop.Time()-start, time.Duration(v)*time.Millisecond)
		}
	})
	row(t, "tasks.732.as-completed-async-same", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		fs, _ := futures(loop, 2)
		_, err := loop.CallSoon(func() { must(t, fs[1].SetResult(1)); must(t, fs[0].SetResult(0)) })
		must(t, err)
		var got []*asyncio.Future[int]
		for f, err := range asyncio.Completed(ctx, fs...) {
			must(t, err)
			got = append(got, f)
		}
		want(t, "the very futures", slices.Equal(got, []*asyncio.Future[int]{fs[1], fs[0]}), true)
	})
	row(t, "tasks.733.as-completed-async-failure", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		turns := 0
		for task, err := range asyncio.Completed(ctx, asyncio.Go(ctx, failing(errBoom))) {
			must(t, err)
			want(t, "done", task.Done(), true)
			_, err = task.Await(ctx)
			want(t, "its own error", err, errBoom)
			turns++
		}
		want(t, "turns", turns, 1)
	})
	timedRow(t, "tasks.734.as-completed-async-timeout", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		start := loop.Time()
		quick, slow := nap(ctx, 100), nap(ctx, 150)
		var got []string
		for task, err := range asyncio.CompletedFor(ctx, 120*time.Millisecond, slow, quick) {
			if err == nil {
				want(t, "in time", task, quick)
			} else {
				wantTimeout(t, err)
				want(t, "none beside the error", task, nil)
			}
			got = append(got, fmt.Sprint(loop.Time()-start, err == nil))
		}
		want(t, "turns", fmt.Sprint(got), "[100ms true 120ms false]")
		want(t, "cancelled", slow.Cancelled(), false)
		_, err := slow.Await(ctx)
		must(t, err)
	})
	plainRow(t, "tasks.735.as-completed-async-unused-timeout", func(t *testing.T) {
		leavesNoTimer(t, func(ctx context.Context) {
			for _, err := range asyncio.CompletedFor(ctx, forever, asyncio.Go(ctx, nothing), asyncio.Go(ctx, value(1))) {
				must(t, err)
			}
		})
	})
	row(t, "tasks.736.as-completed-resume", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		fs, _ := futures(loop, 4)
		all := asyncio.CompletedFor(ctx, forever, fs...)
		values := asyncio.AsCompletedFor(ctx, forever, fs...)
		var got, results []int
		some := func(n int) {
			for f, err := range all {
				must(t, err)
				v, err := f.Result()
				must(t, err)
				if got = append(got, v); len(got) == n {
					break
				}
			}
			for v, err := range values {
				must(t, err)
				if results = append(results, v); len(results) == n {
					break
				}
			}
		}
		must(t, fs[2].SetResult(2))
		must(t, fs[0].SetResult(0))
		some(2)
		must(t, fs[3].SetResult(3)) // between the ranges
		_, err := loop.CallSoon(func() { must(t, fs[1].SetResult(1)) })
		must(t, err)
		some(0)
		some(0) // there are no more
		want(t, "the futures", fmt.Sprint(got), "[0 2 3 1]")
		want(t, "their results", fmt.Sprint(results), "[0 2 1 3]")
	})
	row(t, "tasks.737.as-completed-async-duplicates", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		a, b := asyncio.Go(ctx, nothing), asyncio.Go(ctx, value(1))
		turns := 0
		for _, err := range asyncio.Completed(ctx, a, b, a, a, b) {
			must(t, err)
			turns++
		}
		want(t, "turns", turns, 2)
	})
	row(t, "tasks.738.as-completed-mixed", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		fs, _ := futures(loop, 4)
		for i, f := range fs {
			must(t, f.SetResult(i))
		}
		// The futures are ranged over, and awaited for their values, by turns.
		all := asyncio.Completed(ctx, fs...)
		var futures []*asyncio.Future[int]
		var values []int
		for range 2 {
			for f, err := range all {
				must(t, err)
				futures = append(futures, f)
				break
			}
			for f, err := range all {
				must(t, err)
				v, err := f.Await(ctx)
				must(t, err)
				values = append(values, v)
				break
			}
		}
		for range all {
			t.Error("one was handed out twice")
		}
		want(t, "each once", fmt.Sprint(slices.Equal(futures, []*asyncio.Future[int]{fs[0], fs[2]}), values), "true [1 3]")
	})
	looplessRow(t, "tasks.739.as-completed-no-loop-early", func(t *testing.T) {
		// A coroutine becomes a task first, and that fails in the call; the handles
		// fail in theirs.
		task := asyncio.Go(t.Context(), nothing)
		want(t, "failed at once", task.Done(), true)
		wantError(t, task.Exception(), asyncio.ErrNoRunningLoop)
		for same, err := range asyncio.Completed(t.Context(), task) {
			must(t, err)
			want(t, "the task", same, task)
		}
		_, err := asyncio.AsCompletedHandles(forever, (*asyncio.Task[int])(nil))
		wantError(t, err, asyncio.ErrInvalidArgument)
	})
}

// TestGatherDone: what is done counts at once.
func TestGatherDone(t *testing.T) {
	t.Parallel()
	row(t, "tasks.720.gather-done-children", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		fs, _ := futures(loop, 3)
		must(t, fs[0].SetResult(0))
		must(t, fs[1].SetResult(1))
		values, err := asyncio.GatherFuture(ctx, fs[:2]...).Result()
		must(t, err)
		want(t, "values", fmt.Sprint(values), "[0 1]")
		g := asyncio.GatherFuture(ctx, fs...)
		want(t, "done", g.Done(), false)
		must(t, fs[2].SetResult(2))
		want(t, "done before a pass", g.Done(), false)
		passes(t, ctx, 1)
		want(t, "done after one", g.Done(), true)
		// One that has failed fails it at once, though another goes on.
		failed, pending := asyncio.NewFuture[int](loop), asyncio.NewFuture[int](loop)
		must(t, failed.SetException(errBoom))
		want(t, "error", asyncio.GatherFuture(ctx, pending, failed).Exception(), errBoom)
		want(t, "the other", pending.String(), "<Future pending>")
		elsewhere(func() {
			values, err = asyncio.GatherFuture(context.Background(), fs...).Result()
			must(t, err)
			want(t, "values elsewhere", fmt.Sprint(values), "[0 1 2]")
		})
	})
	row(t, "tasks.730.wait-generator", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		made := 0
		tasks := func(yield func(*asyncio.Task[int]) bool) {
			for range 10 {
				made++
				if !yield(asyncio.Go(ctx, value(made))) {
					return
				}
			}
		}
		done, pending, err := asyncio.Wait(ctx, slices.Collect(tasks), asyncio.WaitOptions{})
		must(t, err)
		want(t, "made, done, pending", fmt.Sprint(made, len(done), len(pending)), "10 10 0")
	})
}
