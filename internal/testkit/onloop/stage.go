// Package onloop is what tests that run as a coroutine of a loop have in common.
package onloop

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
	"github.com/go-asyncio/asyncio/internal/testkit/loops"
)

// Patience is when a test that waits for something gives up.
const Patience = 30 * time.Second

// Stage is a loop under test, and the coroutine that tests on it.
type Stage struct {
	*testing.T
	Ctx  context.Context // the coroutine's, in Run
	Loop asyncio.EventLoop

	quiet atomic.Bool
}

// New makes a loop over a mechanism, which is closed at the end of the test. What the loop
// reports to its exception handler fails the test, unless it is quiet.
func New(t *testing.T, m testkit.Mechanism, opts ...asyncio.LoopOption) *Stage {
	t.Helper()
	s := &Stage{T: t}
	loop, err := loops.New(m, opts...)
	s.Must(err)
	s.Loop = loop
	s.Must(loop.SetExceptionHandler(func(_ asyncio.EventLoop, c asyncio.ExceptionContext) {
		if !s.quiet.Load() {
			t.Errorf("reported: %s: %+v", c.Message, c.Err)
		}
	}))
	t.Cleanup(func() { s.Check(loop.Close()) })
	return s
}

// Quiet has what is reported from now on be no failure.
func (s *Stage) Quiet() { s.quiet.Store(true) }

// Run runs f as a coroutine of the loop, until it returns.
func (s *Stage) Run(f func()) {
	s.Helper()
	err := s.Loop.RunUntilComplete(asyncio.CreateTaskErr(s.Loop, func(ctx context.Context) error {
		s.Ctx = ctx
		f()
		return nil
	}))
	if err != nil && !(s.Failed() && errors.Is(err, asyncio.ErrGoexit)) {
		s.Errorf("the test's coroutine: %v", err)
	}
}

// Check fails the test for an error, and goes on.
func (s *Stage) Check(err error) {
	s.Helper()
	if err != nil {
		s.Error(err)
	}
}

// Must stops the test at an error.
func (s *Stage) Must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// Fails fails the test unless err is target.
func (s *Stage) Fails(err, target error) {
	s.Helper()
	if !errors.Is(err, target) {
		s.Errorf("error %v, want %v", err, target)
	}
}

// Want fails the test unless the two are the same.
func Want[T comparable](t testing.TB, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

// Start starts f as another task.
func (s *Stage) Start(f func(ctx context.Context) error) *asyncio.Task[struct{}] {
	return asyncio.CreateTaskErr(s.Loop, f)
}

// Passes lets the loop make n passes, in the coroutine.
func (s *Stage) Passes(n int) {
	s.Helper()
	for range n {
		s.Must(asyncio.Sleep(s.Ctx, 0))
	}
}

// Until waits, in the coroutine, until cond holds.
func (s *Stage) Until(what string, cond func() bool) {
	s.Helper()
	for end := time.Now().Add(Patience); !cond(); {
		if time.Now().After(end) {
			s.Fatalf("waited in vain: %s", what)
		}
		s.Must(asyncio.Sleep(s.Ctx, time.Millisecond)) // which blocks in the system, as Sleep(ctx, 0) does not
	}
}
