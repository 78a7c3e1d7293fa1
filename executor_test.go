package asyncio_test

import (
	"runtime"
	"testing"

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
