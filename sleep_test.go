package asyncio_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/selectors"
)

func TestSleep(t *testing.T) {
	t.Parallel()
	timedRow(t, "tasks.045.sleep-result", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		start := loop.Time()
		must(t, asyncio.Sleep(ctx, 50*time.Millisecond))
		must(t, asyncio.Sleep(ctx, 50*time.Millisecond))
		want(t, "time", loop.Time()-start, 100*time.Millisecond)
		// The result that asyncio's sleep takes is what a Go function returns after it.
		v, err := asyncio.Go(ctx, value("yes")).Await(ctx)
		must(t, err)
		want(t, "result", v, "yes")
	})
	plainRow(t, "tasks.046.sleep-cancel-timer", func(t *testing.T) {
		leavesNoTimer(t, func(ctx context.Context) {
			task := asyncio.Go(ctx, sleepsForEver)
			passes(t, ctx, 1)
			task.Cancel()
			_, err := task.Await(ctx)
			wantError(t, err, asyncio.ErrCancelled)
		})
	})
	row(t, "tasks.094.sleep-zero", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		for _, d := range []time.Duration{0, -time.Second} {
			ran := 0
			var again func()
			again = func() {
				ran++
				_, err := loop.CallSoon(again)
				must(t, err)
			}
			again()
			must(t, asyncio.Sleep(ctx, d))
			want(t, "ran", ran, 2) // at once, and in the pass given way to
			must(t, asyncio.Sleep(ctx, d))
			want(t, "ran", ran, 3)
			again = func() {}
		}
	})
	looplessRow(t, "elsewhere", func(t *testing.T) {
		must(t, asyncio.Sleep(t.Context(), instant))
		must(t, asyncio.Sleep(context.Background(), 0))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		wantError(t, asyncio.Sleep(ctx, forever), context.Canceled)
	})
}

// leavesNoTimer fails the test if the loop has a timer after f.
func leavesNoTimer(t *testing.T, f func(ctx context.Context)) {
	t.Helper()
	asleep := make(chan time.Duration, 1)
	watching := false // the loop's
	loop := openHooked(t, func(wait func(time.Duration) (bool, error), timeout time.Duration) error {
		if watching && timeout != 0 {
			watching = false
			asleep <- timeout
		}
		_, err := wait(timeout)
		return err
	})
	noReports(t, loop)
	runIn(t, loop, func(ctx context.Context) {
		f(ctx)
		end := asyncio.NewFuture[time.Duration](loop)
		watching = true
		go func() { _ = end.SetResult(<-asleep) }()
		slept, err := end.Await(ctx)
		must(t, err)
		want(t, "next timer", slept, selectors.Forever)
	})
	must(t, loop.Close())
}

func TestToThread(t *testing.T) {
	t.Parallel()
	row(t, "tasks.101a.to-thread", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		runs := 0
		v, err := asyncio.ToThread(ctx, func() (string, error) {
			runs++
			_, err := asyncio.GetRunningLoop()
			wantError(t, err, asyncio.ErrNoRunningLoop)
			return "there", nil
		})
		must(t, err)
		want(t, "result", v, "there")
		want(t, "runs", runs, 1)
	})
	row(t, "tasks.101b.to-thread-exception", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		_, err := asyncio.ToThread(ctx, func() (int, error) { return 0, errBoom })
		want(t, "error", err, errBoom)
		_, err = asyncio.ToThread(ctx, func() (int, error) { return panicsInside(ctx) })
		wantError(t, err, errBoom)
		_, err = asyncio.ToThread(ctx, func() (int, error) { return exits(ctx) })
		wantError(t, err, asyncio.ErrGoexit)
	})
	row(t, "tasks.101c.to-thread-concurrent", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		ran := make(chan int, 10)
		var fs []func(context.Context) (int, error)
		for i := range 10 {
			fs = append(fs, func(ctx context.Context) (int, error) {
				return asyncio.ToThread(ctx, func() (int, error) { ran <- i; return i, nil })
			})
		}
		values, err := asyncio.Gather(ctx, fs...)
		must(t, err)
		want(t, "values", fmt.Sprint(values), "[0 1 2 3 4 5 6 7 8 9]")
		want(t, "ran", len(ran), 10)
	})
	looplessRow(t, "elsewhere", func(t *testing.T) {
		v, err := asyncio.ToThread(t.Context(), func() (int, error) { return 7, nil })
		must(t, err)
		want(t, "result", v, 7)
	})
}
