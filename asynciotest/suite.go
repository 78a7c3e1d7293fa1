// Package asynciotest has the behaviour tests of an event loop, as a suite that
// any EventLoop can be run through: ours over each of its backends, and yours.
//
//	func TestMyLoop(t *testing.T) {
//		asynciotest.TestLoop(t, func() (asyncio.EventLoop, error) { return NewMyLoop() })
//	}
//
// The subtests bear the names of the behaviours they prove, many of which were
// taken from CPython's own test suite for asyncio (testdata/conformance has the
// catalogue). Some let errors reach the loop's default handler: give the loop a
// logger that discards (asyncio.WithLogger), or read about them.
//
// For tests of programs that use loops there are Run, which runs a test as a
// coroutine, Clock, by which an hour of timers takes no time, and LeavesNothing, which finds
// what a test has left behind.
package asynciotest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
)

// Factory makes a loop that nobody uses yet.
type Factory func() (asyncio.EventLoop, error)

// TestLoop runs every behaviour test as a subtest of t, each over a loop of its
// own, in parallel.
func TestLoop(t *testing.T, factory Factory) {
	for _, group := range [][]behaviour{
		runningCases, callbackCases, timerCases, threadCases, errorCases,
		descriptorCases, executorCases, taskCases, networkCases, unixCases, socketCases,
		fileCases, pipeCases, childCases, datagramCases,
	} {
		for _, b := range group {
			t.Run(b.name, func(t *testing.T) {
				t.Parallel()
				b.test(&env{T: t, factory: factory})
			})
		}
	}
}

// behaviour is one test of the suite.
type behaviour struct {
	name string
	test func(e *env)
}

// env is a running test with what it needs.
type env struct {
	*testing.T
	factory Factory
	lacking error // why the loop cannot do what the test is about
}

// loop makes a loop that is closed when the test ends.
func (e *env) loop() asyncio.EventLoop {
	e.Helper()
	l, err := e.factory()
	if err != nil {
		e.Fatal("making a loop:", err)
	}
	e.Cleanup(func() {
		if err := l.Close(); err != nil {
			e.Error("closing the loop:", err)
		}
	})
	return l
}

// must stops the test if a call failed.
func (e *env) must(err error) {
	e.Helper()
	if err != nil {
		e.Fatal(err)
	}
}

// wantIs checks for an error.
func (e *env) wantIs(err, target error) {
	e.Helper()
	if !errors.Is(err, target) {
		e.Errorf("got error %v, want one that is %q", err, target)
	}
}

// can skips the test if err says that the loop cannot do what the test is about, which only
// a simulated one may lack. Any other error is left to the caller.
func (e *env) can(l asyncio.EventLoop, err error) {
	e.Helper()
	if errors.Is(err, errors.ErrUnsupported) && asyncio.IsSimulated(l) {
		e.Skip("this loop cannot do it:", err)
	}
}

// want checks a value.
func want[T comparable](e *env, what string, got, want T) {
	e.Helper()
	if got != want {
		e.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// soon schedules f.
func (e *env) soon(l asyncio.EventLoop, f func()) asyncio.Handle {
	e.Helper()
	h, err := l.CallSoon(f)
	e.must(err)
	return h
}

// later schedules f after d.
func (e *env) later(l asyncio.EventLoop, d time.Duration, f func()) asyncio.TimerHandle {
	e.Helper()
	h, err := l.CallLater(d, f)
	e.must(err)
	return h
}

// pass runs one pass of the loop.
func (e *env) pass(l asyncio.EventLoop) {
	e.Helper()
	l.Stop()
	e.must(l.RunForever())
}

// run runs f as a task until it is done.
func (e *env) run(l asyncio.EventLoop, f func(ctx context.Context) error) {
	e.Helper()
	err := l.RunUntilComplete(asyncio.CreateTask(l, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, f(ctx)
	}))
	if e.Skipped() {
		e.SkipNow() // what was called in the coroutine was meant for the test
	}
	e.must(err)
}

// guard ends a loop that would run for ever, with a failure of the test.
func (e *env) guard(l asyncio.EventLoop) {
	e.Helper()
	timer := e.later(l, 20*time.Second, func() {
		e.Error("the loop was still running after 20 seconds")
		l.Stop()
	})
	e.Cleanup(func() { timer.Cancel() })
}

// reports collects what a loop's exception handler hears.
func (e *env) reports(l asyncio.EventLoop) *[]asyncio.ExceptionContext {
	e.Helper()
	var all []asyncio.ExceptionContext
	e.must(l.SetExceptionHandler(func(_ asyncio.EventLoop, c asyncio.ExceptionContext) { all = append(all, c) }))
	return &all
}
