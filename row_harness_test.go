package asyncio_test

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
)

var errBoom = errors.New("boom")

// silent keeps a loop that reports slowness from doing so on a slow machine.
var silent = asyncio.WithLogger(slog.New(slog.DiscardHandler))

// plainRow is a row that needs no coroutine. It makes its loops with newLoop.
func plainRow(t *testing.T, id string, f func(t *testing.T)) {
	t.Helper()
	t.Run(id, func(t *testing.T) {
		t.Parallel()
		overLoops(t, testkit.Kinds, f)
	})
}

// plainSweep is plainRow for a sweep, which a simulated loop is put through, too.
func plainSweep(t *testing.T, id string, f func(t *testing.T)) {
	t.Helper()
	t.Run(id, func(t *testing.T) {
		t.Parallel()
		overLoops(t, testkit.OrSimulated(testkit.Kinds), f)
	})
}

// sweepIn is plainSweep for a sweep in a coroutine.
func sweepIn(t *testing.T, id string, f func(t *testing.T, ctx context.Context, loop asyncio.EventLoop)) {
	t.Helper()
	plainSweep(t, id, func(t *testing.T) {
		inLoop(t, func(ctx context.Context, loop asyncio.EventLoop) { f(t, ctx, loop) })
	})
}

// looplessRow is a row that has nothing to do with the kind of loop.
func looplessRow(t *testing.T, id string, f func(t *testing.T)) {
	t.Helper()
	t.Run(id, func(t *testing.T) {
		t.Parallel()
		f(t)
	})
}

// timedRow is a row in time that stands still while anybody works: it knows
// exactly when something happens, however slow the machine is.
func timedRow(t *testing.T, id string, f func(t *testing.T, ctx context.Context, loop asyncio.EventLoop)) {
	t.Helper()
	plainRow(t, id, func(t *testing.T) {
		measureClock(t)
		synctest.Test(t, func(t *testing.T) {
			loop := openHooked(t, testkit.InBubble)
			noReports(t, loop)
			runIn(t, loop, func(ctx context.Context) { f(t, ctx, loop) })
			must(t, loop.Close())
		})
	})
}

// measureClock makes a loop measure the step of the clock, which stands still in
// a test bubble.
func measureClock(t *testing.T) {
	clockMeasured.Do(func() { must(t, mustLoop(t).Close()) })
}

var clockMeasured sync.Once

// want fails the test if got is not want.
func want[T comparable](t testing.TB, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

// wantMessage fails the test if err is no cancellation with this message.
func wantMessage(t testing.TB, err error, message any) {
	t.Helper()
	var c *asyncio.CancelledError
	if !errors.As(err, &c) {
		t.Errorf("error is %v, want a cancellation", err)
		return
	}
	want(t, "message", c.Message, message)
}

// passes lets the loop make n passes.
func passes(t testing.TB, ctx context.Context, n int) {
	t.Helper()
	for range n {
		must(t, asyncio.Sleep(ctx, 0))
	}
}

// failing is a coroutine that gives way once and fails.
func failing(err error) func(context.Context) (int, error) {
	return func(ctx context.Context) (int, error) {
		if e := asyncio.Sleep(ctx, 0); e != nil {
			return 0, e
		}
		return 0, err
	}
}

// nothing is a coroutine that returns at once.
func nothing(context.Context) (int, error) { return 0, nil }

// elsewhere runs f on a goroutine of its own and waits for it.
func elsewhere(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	<-done
}

// exits is a coroutine that ends its goroutine.
func exits(context.Context) (int, error) {
	runtime.Goexit()
	return 0, nil
}
