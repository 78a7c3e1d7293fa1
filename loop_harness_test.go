package asyncio_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
)

// newLoop makes a loop that is closed at the end of the test, of the kind that
// the test is for. What it leaves behind, TestMain finds.
func newLoop(t testing.TB, opts ...asyncio.LoopOption) asyncio.EventLoop {
	t.Helper()
	loop := mustLoop(t, opts...)
	t.Cleanup(func() {
		if err := loop.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return loop
}

// inLoop runs f as the main task of a new loop; reports of the loop fail the
// test.
func inLoop(t *testing.T, f func(ctx context.Context, loop asyncio.EventLoop)) {
	t.Helper()
	loop := newLoop(t)
	noReports(t, loop)
	runIn(t, loop, func(ctx context.Context) { f(ctx, loop) })
}

// runIn runs f as a task of the loop and fails the test if it did not return.
func runIn(t *testing.T, loop asyncio.EventLoop, f func(ctx context.Context)) {
	t.Helper()
	task := asyncio.CreateTask(loop, func(ctx context.Context) (struct{}, error) {
		f(ctx)
		return struct{}{}, nil
	})
	if err := loop.RunUntilComplete(task); err != nil && !(t.Failed() && errors.Is(err, asyncio.ErrGoexit)) {
		t.Errorf("the test's task ended with %v", err)
	}
}

// noReports fails the test for whatever the loop reports.
func noReports(t *testing.T, loop asyncio.EventLoop) {
	t.Helper()
	must(t, loop.SetExceptionHandler(func(_ asyncio.EventLoop, c asyncio.ExceptionContext) {
		t.Errorf("reported: %s: %v", c.Message, c.Err)
	}))
}

// reports collects what a loop reports.
type reports struct {
	mu   sync.Mutex
	list []asyncio.ExceptionContext
}

func collectReports(t *testing.T, loop asyncio.EventLoop) *reports {
	t.Helper()
	r := &reports{}
	must(t, loop.SetExceptionHandler(r.handle))
	return r
}

func (r *reports) handle(_ asyncio.EventLoop, c asyncio.ExceptionContext) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.list = append(r.list, c)
}

func (r *reports) all() []asyncio.ExceptionContext {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]asyncio.ExceptionContext(nil), r.list...)
}

// must stops the test at an error.
func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantError fails the test if err is not target.
func wantError(t testing.TB, err, target error) {
	t.Helper()
	if !errors.Is(err, target) {
		t.Errorf("error is %v, want %v", err, target)
	}
}

const (
	instant = time.Millisecond // long enough to be in the future
	forever = time.Hour        // what must be cut short
)

// value is a coroutine that gives way once and returns v.
func value[T any](v T) func(context.Context) (T, error) {
	return func(ctx context.Context) (T, error) { return v, asyncio.Sleep(ctx, 0) }
}

// sleeper is a coroutine that sleeps.
func sleeper(d time.Duration) func(context.Context) (struct{}, error) {
	return func(ctx context.Context) (struct{}, error) { return struct{}{}, asyncio.Sleep(ctx, d) }
}

// goexit ends the goroutine as a failing test does.
func goexit() { runtime.Goexit() }

// logTo makes a loop log into a book.
func logTo(b *testkit.LogBook) asyncio.LoopOption { return asyncio.WithLogger(b.Logger()) }

// onePass runs one pass of the loop.
func onePass(t *testing.T, loop asyncio.EventLoop) {
	t.Helper()
	loop.Stop()
	must(t, loop.RunForever())
}

// soon schedules a callback.
func soon(t *testing.T, loop asyncio.EventLoop, f func()) {
	t.Helper()
	_, err := loop.CallSoon(f)
	must(t, err)
}
