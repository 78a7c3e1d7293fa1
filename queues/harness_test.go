package queues_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
	"github.com/go-asyncio/asyncio/internal/testkit/loops"
	"github.com/go-asyncio/asyncio/queues"
)

// queue is what the three kinds have in common.
type queue interface {
	Put(ctx context.Context, item int) error
	PutNowait(item int) error
	Get(ctx context.Context) (int, error)
	GetNowait() (int, error)
	Join(ctx context.Context) error
	TaskDone() error
	Shutdown(immediate bool)
	Len() int
	Qsize() int
	Empty() bool
	Full() bool
	Maxsize() int
	Bind(loop asyncio.EventLoop) error
	String() string
}

// kinds make a queue of each kind.
var kinds = map[string]func(maxsize int) queue{
	"Queue":         func(maxsize int) queue { return queues.NewQueue[int](maxsize) },
	"LifoQueue":     func(maxsize int) queue { return queues.NewLifoQueue[int](maxsize) },
	"PriorityQueue": func(maxsize int) queue { return queues.NewPriorityQueue[int](maxsize) },
}

// stage is a loop under test, and the coroutine that tests on it.
type stage struct {
	*testing.T
	ctx  context.Context
	loop asyncio.EventLoop
}

// row runs f, as the subtest named id, as a coroutine of each kind of loop. What the loop
// reports fails it.
func row(t *testing.T, id string, f func(s *stage)) {
	t.Helper()
	t.Run(id, func(t *testing.T) {
		t.Parallel()
		testkit.Over(t, testkit.Unpinned, func(t *testing.T, m testkit.Mechanism) { play(t, m, f) })
	})
}

// kindsRow is a row of all kinds of queues.
func kindsRow(t *testing.T, id string, f func(s *stage, make func(maxsize int) queue)) {
	t.Helper()
	row(t, id, func(s *stage) {
		for name, make := range kinds {
			s.Log(name)
			f(s, make)
		}
	})
}

func play(t *testing.T, m testkit.Mechanism, f func(s *stage)) {
	t.Helper()
	s := newStage(t, m)
	s.must(s.loop.SetExceptionHandler(func(_ asyncio.EventLoop, c asyncio.ExceptionContext) {
		t.Errorf("reported: %s: %v", c.Message, c.Err)
	}))
	s.run(func(ctx context.Context) { f(s) })
}

// newStage makes a loop that is closed at the end of the test.
func newStage(t *testing.T, m testkit.Mechanism) *stage {
	t.Helper()
	loop, err := loops.New(m)
	if err != nil {
		t.Fatal(err)
	}
	s := &stage{T: t, loop: loop}
	t.Cleanup(func() { s.check(loop.Close()) })
	return s
}

// run runs f as a coroutine, until it returns.
func (s *stage) run(f func(ctx context.Context)) {
	s.Helper()
	err := s.loop.RunUntilComplete(asyncio.CreateTaskErr(s.loop, func(ctx context.Context) error {
		s.ctx = ctx
		f(ctx)
		return nil
	}))
	if err != nil && !(s.Failed() && errors.Is(err, asyncio.ErrGoexit)) {
		s.Errorf("the test's coroutine: %v", err)
	}
}

// check fails the test for an error, and goes on.
func (s *stage) check(err error) {
	s.Helper()
	if err != nil {
		s.Error(err)
	}
}

// must stops the test at an error.
func (s *stage) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

func (s *stage) wantError(what string, err, target error) {
	s.Helper()
	if !errors.Is(err, target) {
		s.Errorf("%s: error %v, want %v", what, err, target)
	}
}

// want fails the test if got is not want.
func want[T comparable](s *stage, what string, got, want T) {
	s.Helper()
	if got != want {
		s.Errorf("%s: %v, want %v", what, got, want)
	}
}

// passes lets the loop make n passes.
func (s *stage) passes(n int) {
	s.Helper()
	for range n {
		s.must(asyncio.Sleep(s.ctx, 0))
	}
}

// get starts a getter.
func (s *stage) get(q queue) *asyncio.Task[int] { return asyncio.Go(s.ctx, q.Get) }

// put starts a putter.
func (s *stage) put(q queue, item int) *asyncio.Task[struct{}] {
	return asyncio.GoErr(s.ctx, func(ctx context.Context) error { return q.Put(ctx, item) })
}

// puts puts items that there is room for.
func (s *stage) puts(q queue, items ...int) {
	s.Helper()
	for _, item := range items {
		s.must(q.PutNowait(item))
	}
}

// gets takes items that are there and compares them.
func (s *stage) gets(q queue, items ...int) {
	s.Helper()
	for _, item := range items {
		got, err := q.GetNowait()
		s.must(err)
		want(s, "item", got, item)
	}
}

// result waits for a task that succeeds.
func result[T any](s *stage, task *asyncio.Task[T]) T {
	s.Helper()
	v, err := task.Await(s.ctx)
	s.must(err)
	return v
}

// failure waits for a task that fails with target.
func failure[T any](s *stage, what string, task *asyncio.Task[T], target error) {
	s.Helper()
	_, err := task.Await(s.ctx)
	s.wantError(what, err, target)
}

// elsewhere runs f on a goroutine that is no loop's; ended reports its end.
func (s *stage) elsewhere(f func()) (ended *asyncio.Future[struct{}]) {
	ended = asyncio.NewFuture[struct{}](s.loop)
	go func() {
		defer func() { _ = ended.SetResult(struct{}{}) }() // nobody else sets it
		f()
	}()
	return ended
}

// until lets the loop go on until something is so.
func (s *stage) until(what func() bool) {
	s.Helper()
	for !what() {
		s.must(asyncio.Sleep(s.ctx, time.Millisecond))
	}
}
