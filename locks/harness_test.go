package locks_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
	"github.com/go-asyncio/asyncio/internal/testkit/loops"
)

// stage is a loop under test and the coroutine that tests on it. What is reported to
// its exception handler fails the test, unless it is quiet.
type stage struct {
	*testing.T
	ctx   context.Context
	loop  asyncio.EventLoop
	quiet bool

	mu  sync.Mutex
	did []any // what the coroutines noted
}

// row runs f as the subtest named id, as a coroutine on each kind of loop.
func row(t *testing.T, id string, f func(s *stage)) {
	t.Helper()
	bare(t, id, func(s *stage) { s.run(func() { f(s) }) })
}

// bare is row for what runs and closes the loop itself.
func bare(t *testing.T, id string, f func(s *stage)) {
	t.Helper()
	t.Run(id, func(t *testing.T) {
		t.Parallel()
		testkit.Over(t, testkit.Kinds, func(t *testing.T, m testkit.Mechanism) { f(newStage(t, m)) })
	})
}

func newStage(t *testing.T, m testkit.Mechanism) *stage {
	loop, err := loops.New(m)
	if err != nil {
		t.Fatal(err)
	}
	s := &stage{T: t, loop: loop}
	s.must(loop.SetExceptionHandler(func(_ asyncio.EventLoop, c asyncio.ExceptionContext) {
		if !s.quiet {
			s.Errorf("reported: %s: %v", c.Message, c.Err)
		}
	}))
	t.Cleanup(func() { s.must(loop.Close()) })
	return s
}

// run runs f as a coroutine.
func (s *stage) run(f func()) {
	s.Helper()
	err := s.loop.RunUntilComplete(asyncio.CreateTaskErr(s.loop, func(ctx context.Context) error {
		s.ctx = ctx
		f()
		return nil
	}))
	if err != nil {
		s.Errorf("the test's coroutine: %v", err)
	}
}

// must fails the test for an error.
func (s *stage) must(err error) {
	s.Helper()
	if err != nil {
		s.Error(err)
	}
}

// fails fails the test unless err is the error.
func (s *stage) fails(err, target error) {
	s.Helper()
	if !errors.Is(err, target) {
		s.Errorf("error %v, want %v", err, target)
	}
}

// want fails the test unless got prints as want does.
func (s *stage) want(what string, got, want any) {
	s.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		s.Errorf("%s: %v, want %v", what, got, want)
	}
}

// pass lets the loop make n passes.
func (s *stage) pass(n int) {
	s.Helper()
	for range n {
		s.must(asyncio.Sleep(s.ctx, 0))
	}
}

// note notes what was done.
func (s *stage) note(what any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.did = append(s.did, what)
}

// noted fails the test unless this was noted, in this order.
func (s *stage) noted(want string) {
	s.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.want("noted", fmt.Sprint(s.did), want)
}

// start starts f as a task.
func (s *stage) start(f func(ctx context.Context) error) *asyncio.Task[struct{}] {
	return asyncio.CreateTaskErr(s.loop, f)
}

// noting starts a task that waits with f and notes what when it got through.
func (s *stage) noting(what any, f func(ctx context.Context) error) *asyncio.Task[struct{}] {
	return s.start(func(ctx context.Context) error {
		if err := f(ctx); err != nil {
			return err
		}
		s.note(what)
		return nil
	})
}

// ended waits for a task and returns its error.
func (s *stage) ended(task *asyncio.Task[struct{}]) error {
	_, err := task.Await(s.ctx)
	return err
}

// soon runs f in the next pass.
func (s *stage) soon(f func()) {
	s.Helper()
	_, err := s.loop.CallSoon(f)
	s.must(err)
}

// elsewhere runs f on a goroutine that is no loop's, and suspends meanwhile.
func (s *stage) elsewhere(f func() error) error {
	_, err := asyncio.ToThread(s.ctx, func() (struct{}, error) { return struct{}{}, f() })
	return err
}

// other makes another loop and runs f as a coroutine of it, on another goroutine.
func (s *stage) other(f func(ctx context.Context) error) error {
	return s.elsewhere(func() error {
		loop, err := asyncio.NewSelectorEventLoop(nil)
		if err != nil {
			return err
		}
		return errors.Join(loop.RunUntilComplete(asyncio.CreateTaskErr(loop, f)), loop.Close())
	})
}
