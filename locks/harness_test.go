package locks_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
	"github.com/go-asyncio/asyncio/internal/testkit/onloop"
)

// stage is a loop under test and the coroutine that tests on it.
type stage struct {
	*onloop.Stage

	mu  sync.Mutex
	did []any // what the coroutines noted
}

// row runs f as the subtest named id, as a coroutine on each kind of loop.
func row(t *testing.T, id string, f func(s *stage)) {
	t.Helper()
	bare(t, id, func(s *stage) { s.Run(func() { f(s) }) })
}

// bare is row for what runs and closes the loop itself.
func bare(t *testing.T, id string, f func(s *stage)) {
	t.Helper()
	t.Run(id, func(t *testing.T) {
		t.Parallel()
		testkit.Over(t, testkit.Kinds, func(t *testing.T, m testkit.Mechanism) { f(&stage{Stage: onloop.New(t, m)}) })
	})
}

// want fails the test unless got prints as want does.
func (s *stage) want(what string, got, want any) {
	s.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		s.Errorf("%s: %v, want %v", what, got, want)
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

// noting starts a task that waits with f and notes what when it got through.
func (s *stage) noting(what any, f func(ctx context.Context) error) *asyncio.Task[struct{}] {
	return s.Start(func(ctx context.Context) error {
		if err := f(ctx); err != nil {
			return err
		}
		s.note(what)
		return nil
	})
}

// ended waits for a task and returns its error.
func (s *stage) ended(task *asyncio.Task[struct{}]) error {
	_, err := task.Await(s.Ctx)
	return err
}

// soon runs f in the next pass.
func (s *stage) soon(f func()) {
	s.Helper()
	_, err := s.Loop.CallSoon(f)
	s.Check(err)
}

// elsewhere runs f on a goroutine that is no loop's, and suspends meanwhile.
func (s *stage) elsewhere(f func() error) error {
	_, err := asyncio.ToThread(s.Ctx, func() (struct{}, error) { return struct{}{}, f() })
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
