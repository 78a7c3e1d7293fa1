package asyncio_test

import (
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
)

// TestExecutorFutureCancelledBeforeStart: a function that nobody wants any more
// is not started.
func TestExecutorFutureCancelledBeforeStart(t *testing.T) {
	t.Parallel()
	loop := newLoop(t)
	var waiting []func()
	hold := holdingExecutor{&waiting}
	f, err := asyncio.RunIn(loop, hold, func() (int, error) {
		t.Error("started")
		return 1, nil
	})
	must(t, err)
	want(t, "cancel", f.Cancel(), true)
	waiting[0]()
	want(t, "cancelled", f.Cancelled(), true)
}

// holdingExecutor keeps functions for the test to run.
type holdingExecutor struct{ held *[]func() }

func (h holdingExecutor) Submit(f func()) error {
	*h.held = append(*h.held, f)
	return nil
}

// TestExecutorLosesNothing: with few goroutines that end all the time, each
// function runs.
func TestExecutorLosesNothing(t *testing.T) {
	t.Parallel()
	pool := asyncio.NewPoolExecutor(2)
	for range 2000 {
		ran := make(chan struct{}, 3)
		for range 3 {
			must(t, pool.Submit(func() { ran <- struct{}{} }))
		}
		for range 3 {
			<-ran
		}
	}
	<-pool.Shutdown()
	wantError(t, pool.Submit(func() {}), asyncio.ErrExecutorShutdown)
}

// TestExecutorAfterGoexit: what waits runs although the goroutine that was to run
// it has ended.
func TestExecutorAfterGoexit(t *testing.T) {
	t.Parallel()
	pool := asyncio.NewPoolExecutor(1)
	queued, ran := make(chan struct{}), make(chan struct{}, 2)
	must(t, pool.Submit(func() {
		<-queued
		runtime.Goexit()
	}))
	for range 2 {
		must(t, pool.Submit(func() { ran <- struct{}{} }))
	}
	close(queued)
	<-pool.Shutdown()
	want(t, "ran", len(ran), 2)
}

// TestExecutorShutdown: a shutdown is not waited for longer than its caller likes.
func TestExecutorShutdown(t *testing.T) {
	t.Parallel()
	// busy has the default executor run something that does not end before it is let go.
	busy := func(t *testing.T, loop asyncio.EventLoop) (letGo func()) {
		t.Helper()
		began, finish := make(chan struct{}), make(chan struct{})
		_, err := asyncio.RunIn(loop, nil, func() (int, error) {
			close(began)
			<-finish
			return 0, nil
		})
		must(t, err)
		<-began
		return func() { close(finish) }
	}
	plainRow(t, "base.701.executor-shutdown-timeout", func(t *testing.T) {
		inLoop(t, func(ctx context.Context, loop asyncio.EventLoop) {
			defer busy(t, loop)()
			short, cancel := context.WithTimeout(ctx, 10*time.Millisecond)
			defer cancel()
			wantError(t, loop.ShutdownDefaultExecutor(short), context.DeadlineExceeded)
		})
	})
	plainRow(t, "base.702.executor-shutdown-cancelled", func(t *testing.T) {
		loop := newLoop(t)
		noReports(t, loop)
		runIn(t, loop, func(ctx context.Context) {
			letGo := busy(t, loop)
			task := asyncio.Go(ctx, func(ctx context.Context) (int, error) { return 0, loop.ShutdownDefaultExecutor(ctx) })
			passes(t, ctx, 2)
			task.Cancel()
			_, err := task.Await(ctx)
			wantError(t, err, asyncio.ErrCancelled)
			letGo()
			must(t, loop.ShutdownDefaultExecutor(ctx)) // by now the late answer has come
			passes(t, ctx, 2)
		})
	})
	plainRow(t, "base.703.custom-run-loop", func(t *testing.T) {
		loop := newLoop(t)
		ran, running := 0, false
		soon(t, loop, func() { ran++; running = loop.IsRunning() })
		for range 10 {
			onePass(t, loop)
		}
		want(t, "ran", ran, 1)
		want(t, "running in a pass", running, true)
		want(t, "running after it", loop.IsRunning(), false)
	})
}
