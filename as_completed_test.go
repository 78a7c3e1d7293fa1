package asyncio_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
)

func TestAsCompleted(t *testing.T) {
	t.Parallel()
	row(t, "tasks.039.as-completed-order", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		fs, aws := futures(loop, 3)
		order := []int{2, 0, 1}
		turns := 0
		must(t, fs[order[0]].SetResult(order[0]))
		for v, err := range asyncio.AsCompleted(ctx, aws...) {
			must(t, err)
			want(t, "result", v, order[turns])
			if turns++; turns < len(order) {
				_, err := loop.CallSoon(func() { must(t, fs[order[turns]].SetResult(order[turns])) })
				must(t, err)
			}
		}
		want(t, "turns", turns, 3)
	})
	timedRow(t, "tasks.039.as-completed-order/time", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		start := loop.Time()
		for v, err := range asyncio.AsCompleted[int](ctx, nap(ctx, 100), nap(ctx, 150), nap(ctx, 10)) {
			must(t, err)
			want(t, "time", loop.Time()-start, time.Duration(v)*time.Millisecond)
		}
	})
	plainRow(t, "tasks.040.as-completed-timeout-unused", func(t *testing.T) {
		leavesNoTimer(t, func(ctx context.Context) {
			for _, err := range asyncio.AsCompletedFor[int](ctx, forever, asyncio.Go(ctx, nothing), asyncio.Go(ctx, value(1))) {
				must(t, err)
			}
			handles, err := asyncio.AsCompletedHandles[int](forever, asyncio.Go(ctx, nothing))
			must(t, err)
			_, err = handles[0].Await(ctx)
			must(t, err)
		})
	})
	timedRow(t, "timeout", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		start := loop.Time()
		a, b, c := nap(ctx, 100), nap(ctx, 120), nap(ctx, 200)
		var got []any
		for v, err := range asyncio.AsCompletedFor[int](ctx, 120*time.Millisecond, c, b, a) {
			if err != nil {
				wantError(t, err, asyncio.ErrTimeout)
				got = append(got, "timeout")
			} else {
				got = append(got, v)
			}
		}
		// The limit was set before b began to sleep, and so comes first.
		want(t, "got", fmt.Sprint(got), "[100 timeout timeout]")
		want(t, "time", loop.Time()-start, 120*time.Millisecond)
		want(t, "cancelled", c.Cancelled(), false)
		_, err := asyncio.GatherOf[int](ctx, b, c)
		must(t, err)
	})
	row(t, "tasks.041.as-completed-any-handle", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		fs, aws := futures(loop, 2)
		handles, err := asyncio.AsCompletedHandles(asyncio.NoTimeout, aws...)
		must(t, err)
		must(t, fs[1].SetResult(1))
		v, err := handles[1].Await(ctx)
		must(t, err)
		want(t, "first completed", v, 1)
		must(t, fs[0].SetResult(0))
		v, err = handles[0].Await(ctx)
		must(t, err)
		want(t, "second completed", v, 0)
		_, err = handles[0].Await(ctx)
		wantError(t, err, asyncio.ErrInvalidState)
	})
	row(t, "tasks.042.as-completed-concurrent", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		fs, aws := futures(loop, 3)
		handles, err := asyncio.AsCompletedHandles(asyncio.NoTimeout, aws...)
		must(t, err)
		var waiters []asyncio.AwaitableOf[int]
		for _, h := range handles {
			waiters = append(waiters, asyncio.Go(ctx, h.Await))
		}
		passes(t, ctx, 1)
		for _, i := range []int{2, 0, 1} {
			must(t, fs[i].SetResult(i))
		}
		values, err := asyncio.GatherOf(ctx, waiters...)
		must(t, err)
		want(t, "values", fmt.Sprint(values), "[2 0 1]")
	})
	row(t, "tasks.043.as-completed-duplicates", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		a, b := asyncio.Go(ctx, nothing), asyncio.Go(ctx, value(1))
		var got []int
		for v, err := range asyncio.AsCompleted[int](ctx, b, a, a, b, a) {
			must(t, err)
			got = append(got, v)
		}
		want(t, "got", fmt.Sprint(got), "[0 1]")
	})
	looplessRow(t, "of a task without a loop", func(t *testing.T) {
		turns := 0
		for _, err := range asyncio.AsCompleted[int](t.Context(), asyncio.CreateTask(nil, nothing)) {
			wantError(t, err, asyncio.ErrNoCurrentLoop)
			turns++
		}
		want(t, "turns", turns, 1)
	})
	row(t, "tasks.044b.as-completed-running-loop", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		for running, err := range asyncio.AsCompleted[asyncio.EventLoop](ctx, asyncio.CreateTask(nil, itsLoop), asyncio.Go(ctx, itsLoop)) {
			must(t, err)
			want(t, "loop", running, loop)
		}
	})
	row(t, "bad arguments", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		here, there := asyncio.NewFuture[int](loop), asyncio.NewFuture[int](newLoop(t))
		for _, aws := range [][]asyncio.AwaitableOf[int]{{here, nil}, {here, there}} {
			turns := 0
			for _, err := range asyncio.AsCompleted(ctx, aws...) {
				wantError(t, err, asyncio.ErrInvalidArgument)
				turns++
			}
			want(t, "turns", turns, 1)
			_, err := asyncio.AsCompletedHandles(asyncio.NoTimeout, aws...)
			wantError(t, err, asyncio.ErrInvalidArgument)
		}
		for range asyncio.AsCompleted[int, *asyncio.Task[int]](ctx) {
			t.Error("a turn for nothing")
		}
	})
	row(t, "left early", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		fs, aws := futures(loop, 2)
		must(t, fs[0].SetResult(1))
		for range asyncio.AsCompletedFor(ctx, forever, aws...) {
			break
		}
		want(t, "the other", fs[1].String(), "<Future pending>")
	})
	row(t, "cancelled", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		fs, aws := futures(loop, 2)
		var got []string
		task := asyncio.Go(ctx, func(ctx context.Context) (int, error) {
			for v, err := range asyncio.AsCompleted(ctx, aws...) {
				got = append(got, fmt.Sprint(v, err))
			}
			return 0, nil
		})
		passes(t, ctx, 1)
		task.Cancel()
		passes(t, ctx, 1)
		must(t, fs[1].SetResult(7))
		_, err := task.Await(ctx)
		must(t, err)
		want(t, "got", fmt.Sprint(got), "[0 cancelled 7 <nil>]")
		want(t, "not cancelled", fs[0].Done(), false)
	})
	row(t, "woken and cancelled at once", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		fs, aws := futures(loop, 2)
		handles, err := asyncio.AsCompletedHandles(asyncio.NoTimeout, aws...)
		must(t, err)
		first, second := asyncio.Go(ctx, handles[0].Await), asyncio.Go(ctx, handles[1].Await)
		passes(t, ctx, 1)
		must(t, fs[0].SetResult(7))
		passes(t, ctx, 1) // first is woken, and has not run
		first.Cancel()
		v, err := second.Await(ctx)
		must(t, err)
		want(t, "handed on", v, 7)
		want(t, "cancelled", first.Cancelled(), true)
	})
}

// TestAsCompletedElsewhere: several goroutines share the results of futures that
// others complete; each result is had once.
func TestAsCompletedElsewhere(t *testing.T) {
	t.Parallel()
	loop := newLoop(t)
	for range 20 {
		fs, aws := futures(loop, 6)
		handles, err := asyncio.AsCompletedHandles(time.Minute, aws...)
		must(t, err)
		var mu sync.Mutex
		var got []int
		var all sync.WaitGroup
		for i, h := range handles {
			all.Go(func() { _ = fs[i].SetResult(i) })
			all.Go(func() {
				v, err := h.Await(context.Background())
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				got = append(got, v)
				mu.Unlock()
			})
		}
		all.Wait()
		slices.Sort(got)
		want(t, "got", fmt.Sprint(got), "[0 1 2 3 4 5]")
	}
	_, aws := futures(loop, 1)
	for _, err := range asyncio.AsCompletedFor(t.Context(), instant, aws...) {
		wantError(t, err, asyncio.ErrTimeout)
	}
}
