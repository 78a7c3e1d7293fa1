package queues_test

import (
	"context"
	"errors"
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
	"github.com/go-asyncio/asyncio/internal/testkit/onloop"
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
type stage struct{ *onloop.Stage }

// row runs f, as the subtest named id, as a coroutine of each kind of loop. What the loop
// reports fails it.
func row(t *testing.T, id string, f func(s *stage)) {
	t.Helper()
	t.Run(id, func(t *testing.T) {
		t.Parallel()
		testkit.Over(t, testkit.Unpinned, func(t *testing.T, m testkit.Mechanism) {
			s := newStage(t, m)
			s.Run(func() { f(s) })
		})
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

func newStage(t *testing.T, m testkit.Mechanism) *stage {
	t.Helper()
	return &stage{onloop.New(t, m)}
}

func (s *stage) wantError(what string, err, target error) {
	s.Helper()
	if !errors.Is(err, target) {
		s.Errorf("%s: error %v, want %v", what, err, target)
	}
}

// get starts a getter.
func (s *stage) get(q queue) *asyncio.Task[int] { return asyncio.Go(s.Ctx, q.Get) }

// put starts a putter.
func (s *stage) put(q queue, item int) *asyncio.Task[struct{}] {
	return asyncio.GoErr(s.Ctx, func(ctx context.Context) error { return q.Put(ctx, item) })
}

// puts puts items that there is room for.
func (s *stage) puts(q queue, items ...int) {
	s.Helper()
	for _, item := range items {
		s.Must(q.PutNowait(item))
	}
}

// gets takes items that are there and compares them.
func (s *stage) gets(q queue, items ...int) {
	s.Helper()
	for _, item := range items {
		got, err := q.GetNowait()
		s.Must(err)
		onloop.Want(s, "item", got, item)
	}
}

// result waits for a task that succeeds.
func result[T any](s *stage, task *asyncio.Task[T]) T {
	s.Helper()
	v, err := task.Await(s.Ctx)
	s.Must(err)
	return v
}

// failure waits for a task that fails with target.
func failure[T any](s *stage, what string, task *asyncio.Task[T], target error) {
	s.Helper()
	_, err := task.Await(s.Ctx)
	s.wantError(what, err, target)
}

// elsewhere runs f on a goroutine that is no loop's; ended reports its end.
func (s *stage) elsewhere(f func()) (ended *asyncio.Future[struct{}]) {
	ended = asyncio.NewFuture[struct{}](s.Loop)
	go func() {
		defer func() { _ = ended.SetResult(struct{}{}) }() // nobody else sets it
		f()
	}()
	return ended
}

// until lets the loop go on until something is so.
func (s *stage) until(cond func() bool) {
	s.Helper()
	s.Until("what other goroutines do", cond)
}
