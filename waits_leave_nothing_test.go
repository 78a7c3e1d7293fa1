package asyncio_test

import (
	"context"
	"runtime"
	"strings"
	"testing"

	"github.com/go-asyncio/asyncio"
)

// waitsFor is each way to wait for a future that leaves it alone when ctx ends.
func waitsFor(long *asyncio.Future[int]) map[string]func(ctx context.Context) error {
	never := asyncio.NewFuture[int](long.Loop())
	return map[string]func(ctx context.Context) error{
		"Await":     func(ctx context.Context) error { _, err := long.Await(ctx); return err },
		"Shield":    func(ctx context.Context) error { _, err := asyncio.Shield(ctx, long); return err },
		"GatherOf":  func(ctx context.Context) error { _, err := asyncio.GatherOf(ctx, long, never); return err },
		"WaitForOf": func(ctx context.Context) error { _, err := asyncio.WaitForOf(ctx, forever, long); return err },
		"Wait": func(ctx context.Context) error {
			_, _, err := asyncio.Wait(ctx, []*asyncio.Future[int]{long, never}, asyncio.WaitOptions{Timeout: forever})
			return err
		},
		"AsCompleted": func(ctx context.Context) error {
			for _, err := range asyncio.AsCompletedFor(ctx, forever, long, never) {
				return err
			}
			return nil
		},
	}
}

// TestWaitsLeaveNothing: who waits again and again for what does not come, and is
// cut short each time, is in no list any more.
func TestWaitsLeaveNothing(t *testing.T) {
	t.Parallel()
	const alone = "<Future pending>"
	row(t, "ended by a context", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		long := asyncio.NewFuture[int](loop)
		for name, wait := range waitsFor(long) {
			for range 3 {
				derived, cancel := context.WithCancel(ctx)
				_, err := loop.CallSoon(cancel)
				must(t, err)
				wantError(t, wait(derived), context.Canceled)
				passes(t, ctx, 2)
				want(t, name, long.String(), alone)

				derived, cancel = context.WithCancel(context.Background())
				elsewhere := asyncio.NewFuture[error](loop)
				go func() { _ = elsewhere.SetResult(wait(derived)) }()
				cancel()
				_, err = elsewhere.Await(ctx)
				must(t, err)
				passes(t, ctx, 2)
				want(t, name+" elsewhere", long.String(), alone)
			}
		}
	})
	row(t, "cancelled", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		long := asyncio.NewFuture[int](loop)
		for name, wait := range waitsFor(long) {
			switch name {
			case "Await", "GatherOf", "WaitForOf":
				continue // these cancel what they wait for
			}
			for range 3 {
				task := asyncio.GoErr(ctx, wait)
				passes(t, ctx, 2)
				task.Cancel()
				_, err := task.Await(ctx)
				wantError(t, err, asyncio.ErrCancelled)
				passes(t, ctx, 2)
				want(t, name, long.String(), alone)
			}
		}
	})
	row(t, "failed", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		// A gather that has failed goes on to listen to nothing, and what fails
		// later is not reported.
		long := asyncio.NewFuture[int](loop)
		for range 3 {
			failed := asyncio.NewFuture[int](loop)
			_, err := loop.CallSoon(func() { must(t, failed.SetException(errBoom)) })
			must(t, err)
			_, err = asyncio.GatherOf(ctx, long, failed)
			want(t, "error", err, errBoom)
			want(t, "gather", long.String(), alone)
		}
		must(t, long.SetException(errOther))
	})
	row(t, "left early", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		long := asyncio.NewFuture[int](loop)
		for range 3 {
			for range asyncio.CompletedFor(ctx, forever, asyncio.Go(ctx, nothing), asyncio.Go(ctx, nothing)) {
				break
			}
			for range asyncio.AsCompletedFor(ctx, forever, long, done(loop)) {
				break
			}
			passes(t, ctx, 2)
			want(t, "range", long.String(), alone)
		}
	})
	row(t, "a chain to another loop", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		there := newLoop(t)
		stubborn := asyncio.NewFuture[int](there)
		for range 3 {
			mine, err := asyncio.WrapFuture(loop, asyncio.ShieldFuture(ctx, stubborn))
			must(t, err)
			mine.Cancel()
			passes(t, ctx, 1)
		}
		elsewhere(func() { must(t, there.RunUntilComplete(asyncio.CreateTask(there, value(0)))) })
		want(t, "the future there", stubborn.String(), alone)
	})
	row(t, "waiting for the executor", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		proceed := make(chan struct{})
		busy, err := asyncio.RunIn(loop, nil, func() (int, error) { <-proceed; return 0, nil })
		must(t, err)
		for range 3 {
			task := asyncio.GoErr(ctx, loop.ShutdownDefaultExecutor)
			passes(t, ctx, 2)
			task.Cancel()
			_, err := task.Await(ctx)
			wantError(t, err, asyncio.ErrCancelled)
		}
		for executorWaits() > 0 { // each goroutine needs a moment to end
			passes(t, ctx, 1)
		}
		close(proceed)
		_, err = busy.Await(ctx)
		must(t, err)
	})
}

func done(loop asyncio.EventLoop) *asyncio.Future[int] {
	f := asyncio.NewFuture[int](loop)
	_ = f.SetResult(0) // it is new
	return f
}

// executorWaits counts the goroutines that wait for an executor's end.
func executorWaits() int {
	buf := make([]byte, 1<<22)
	return strings.Count(string(buf[:runtime.Stack(buf, true)]), "ShutdownDefaultExecutor.func")
}
