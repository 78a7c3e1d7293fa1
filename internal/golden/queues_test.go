package golden_test

import (
	"context"
	"errors"
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/queues"
)

func TestQueues(t *testing.T) {
	compare(t, "queues",
		gettersAreServedInTheirOrder, puttersAreServedInTheirOrder, aProducerWaitsForItsConsumer,
		whoHasItsTurnTakesAllThatIsThere, anItemIsTakenFromWhoWasWokenForIt,
		roomIsTakenFromWhoWasWokenForIt, aGetterIsCancelledBeforeThePut,
		aGetterThatWasWokenIsCancelled, aPutterThatWasWokenIsCancelled,
		joinWaitsForWhatWasPutUntilThenAndLater, joinReturnsThoughMoreIsPutInTheSamePass,
		shutdownLetsTheRestBeGot, shutdownWakesWhoWaitsAndWhoWasWoken, shutdownAtOnceDropsWhatIsLeft,
		otherOrders, otherOrdersWhenFull)
}

// queue is what the three kinds have in common.
type queue interface {
	Put(ctx context.Context, item any) error
	PutNowait(item any) error
	Get(ctx context.Context) (any, error)
	GetNowait() (any, error)
	Qsize() int
	Empty() bool
	Full() bool
}

// callEnded says how a call ended.
func (s *stage) callEnded(name string, v any, err error) {
	switch {
	case errors.Is(err, queues.ErrShutDown):
		s.out(name, "ended", "shut down")
	case err != nil:
		s.out(name, "ended", describe(err))
	case v == nil:
		s.out(name, "ended", "well")
	default:
		s.out(name, "ended", v)
	}
}

func (s *stage) getter(name string, q queue) *asyncio.Task[any] {
	return s.task(func(ctx context.Context) (any, error) {
		v, err := q.Get(ctx)
		s.callEnded(name, v, err)
		return nil, nil
	})
}

func (s *stage) putter(name string, q queue, item any) *asyncio.Task[any] {
	return s.task(func(ctx context.Context) (any, error) {
		s.callEnded(name, nil, q.Put(ctx, item))
		return nil, nil
	})
}

func (s *stage) joiner(q *queues.Queue[any]) *asyncio.Task[any] {
	return s.task(func(ctx context.Context) (any, error) {
		s.callEnded("join", nil, q.Join(ctx))
		return nil, nil
	})
}

func (s *stage) sizes(q queue) {
	s.out("size", q.Qsize(), "empty", q.Empty(), "full", q.Full())
}

func (s *stage) takeAll(q queue) {
	for !q.Empty() {
		s.took("left", q)
	}
}

// took takes what is there.
func (s *stage) took(word string, q queue) {
	v, err := q.GetNowait()
	s.must(err)
	s.out(word, v)
}

// got takes what comes.
func (s *stage) got(ctx context.Context, q queue) {
	v, err := q.Get(ctx)
	s.must(err)
	s.out("got", v)
}

func (s *stage) puts(q queue, items ...any) {
	for _, item := range items {
		s.must(q.PutNowait(item))
	}
}

func gettersAreServedInTheirOrder(ctx context.Context, s *stage) error {
	q := queues.NewQueue[any](0)
	tasks := []*asyncio.Task[any]{s.getter("a", q), s.getter("b", q), s.getter("c", q)}
	s.must(ticks(ctx, 0))
	for i := range 3 {
		s.puts(q, i)
		s.sizes(q)
	}
	s.wait(ctx, tasks...)
	s.sizes(q)
	return nil
}

func puttersAreServedInTheirOrder(ctx context.Context, s *stage) error {
	q := queues.NewQueue[any](1)
	tasks := []*asyncio.Task[any]{s.putter("a", q, "a"), s.putter("b", q, "b"), s.putter("c", q, "c")}
	s.must(ticks(ctx, 0))
	for range 3 {
		s.sizes(q)
		s.got(ctx, q)
		s.must(ticks(ctx, 0))
	}
	s.wait(ctx, tasks...)
	s.sizes(q)
	return nil
}

func aProducerWaitsForItsConsumer(ctx context.Context, s *stage) error {
	q := queues.NewQueue[any](2)
	produce := func(ctx context.Context) (any, error) {
		for i := range 6 {
			s.must(q.Put(ctx, i))
			s.out("put", i)
		}
		return nil, nil
	}
	consume := func(ctx context.Context) (any, error) {
		for range 6 {
			s.got(ctx, q)
		}
		return nil, nil
	}
	_, err := asyncio.GatherOf(ctx, s.task(produce), s.task(consume))
	return err
}

// taker takes what comes, without giving way.
func (s *stage) taker(name string, q *queues.Queue[any]) *asyncio.Task[any] {
	return s.task(func(ctx context.Context) (any, error) {
		for {
			v, err := q.Get(ctx)
			if err != nil {
				s.out(name, describe(err))
				return nil, nil
			}
			s.out(name, "got", v)
			s.must(q.TaskDone())
		}
	})
}

func whoHasItsTurnTakesAllThatIsThere(ctx context.Context, s *stage) error {
	q := queues.NewQueue[any](0)
	a, b := s.taker("a", q), s.taker("b", q)
	s.must(ticks(ctx, 0))
	s.puts(q, 1, 2)
	s.must(ticks(ctx, 1))
	s.puts(q, 3, 4, 5)
	s.must(ticks(ctx, 1))
	a.Cancel()
	b.Cancel()
	s.wait(ctx, a, b)
	return nil
}

func anItemIsTakenFromWhoWasWokenForIt(ctx context.Context, s *stage) error {
	q := queues.NewQueue[any](0)
	a := s.getter("a", q)
	s.must(ticks(ctx, 0))
	s.puts(q, 1)
	s.took("taken", q)
	b := s.getter("b", q)
	s.must(ticks(ctx, 1))
	s.puts(q, 2)
	s.must(ticks(ctx, 1))
	s.puts(q, 3)
	s.wait(ctx, a, b)
	return nil
}

func roomIsTakenFromWhoWasWokenForIt(ctx context.Context, s *stage) error {
	q := queues.NewQueue[any](1)
	s.puts(q, 0)
	task := s.putter("a", q, "a")
	s.must(ticks(ctx, 0))
	s.took("got", q)
	s.puts(q, "another")
	s.must(ticks(ctx, 1))
	s.sizes(q)
	s.took("got", q)
	s.wait(ctx, task)
	s.takeAll(q)
	return nil
}

func aGetterIsCancelledBeforeThePut(ctx context.Context, s *stage) error {
	q := queues.NewQueue[any](0)
	a, b := s.getter("a", q), s.getter("b", q)
	s.must(ticks(ctx, 0))
	a.Cancel()
	s.must(ticks(ctx, 0))
	s.puts(q, 1)
	s.wait(ctx, a, b)
	s.sizes(q)
	return nil
}

func aGetterThatWasWokenIsCancelled(ctx context.Context, s *stage) error {
	q := queues.NewQueue[any](0)
	a, b, c := s.getter("a", q), s.getter("b", q), s.getter("c", q)
	s.must(ticks(ctx, 0))
	s.puts(q, 1)
	a.Cancel()
	s.must(ticks(ctx, 1))
	s.sizes(q)
	s.puts(q, 2)
	s.wait(ctx, a, b, c)
	return nil
}

func aPutterThatWasWokenIsCancelled(ctx context.Context, s *stage) error {
	q := queues.NewQueue[any](1)
	s.puts(q, 0)
	a, b := s.putter("a", q, "a"), s.putter("b", q, "b")
	s.must(ticks(ctx, 0))
	s.took("got", q)
	a.Cancel()
	s.wait(ctx, a, b)
	s.sizes(q)
	s.takeAll(q)
	return nil
}

func joinWaitsForWhatWasPutUntilThenAndLater(ctx context.Context, s *stage) error {
	q := queues.NewQueue[any](0)
	s.puts(q, 1, 2)
	task := s.joiner(q)
	s.must(ticks(ctx, 1))
	for i := range 2 {
		s.took("got", q)
		s.must(q.TaskDone())
		s.must(ticks(ctx, 1))
		if i == 0 {
			s.puts(q, 3)
		}
	}
	s.out("joined", task.Done())
	s.got(ctx, q)
	s.must(q.TaskDone())
	s.wait(ctx, task)
	s.out("once more", refused(q.TaskDone(), queues.ErrTaskDone))
	s.callEnded("join", nil, q.Join(ctx))
	return nil
}

func joinReturnsThoughMoreIsPutInTheSamePass(ctx context.Context, s *stage) error {
	q := queues.NewQueue[any](0)
	s.puts(q, 1)
	task := s.joiner(q)
	s.must(ticks(ctx, 0))
	s.must(q.TaskDone())
	s.puts(q, 2)
	s.wait(ctx, task)
	return nil
}

func shutdownLetsTheRestBeGot(ctx context.Context, s *stage) error {
	q := queues.NewQueue[any](2)
	s.puts(q, 1, 2)
	tasks := []*asyncio.Task[any]{s.putter("a", q, 3), s.putter("b", q, 4), s.joiner(q)}
	s.must(ticks(ctx, 0))
	q.Shutdown(false)
	s.must(ticks(ctx, 0))
	s.sizes(q)
	s.callEnded("put", nil, q.Put(ctx, 5))
	for range 3 {
		v, err := q.Get(ctx)
		s.callEnded("get", v, err)
	}
	s.must(q.TaskDone())
	s.must(q.TaskDone())
	s.wait(ctx, tasks...)
	return nil
}

func shutdownWakesWhoWaitsAndWhoWasWoken(ctx context.Context, s *stage) error {
	q := queues.NewQueue[any](0)
	tasks := []*asyncio.Task[any]{s.getter("a", q), s.getter("b", q), s.getter("c", q), s.getter("d", q)}
	s.must(ticks(ctx, 0))
	s.puts(q, 1)
	tasks[1].Cancel()
	q.Shutdown(false)
	s.wait(ctx, tasks...)
	s.sizes(q)
	return nil
}

func shutdownAtOnceDropsWhatIsLeft(ctx context.Context, s *stage) error {
	q := queues.NewQueue[any](3)
	s.puts(q, 0, 1, 2)
	s.took("got", q)
	s.puts(q, 3)
	tasks := []*asyncio.Task[any]{s.putter("a", q, 4), s.joiner(q)}
	s.must(ticks(ctx, 0))
	q.Shutdown(true)
	s.sizes(q)
	s.must(ticks(ctx, 1))
	v, err := q.Get(ctx)
	s.callEnded("get", v, err)
	s.out("joined", tasks[1].Done())
	s.must(q.TaskDone())
	s.wait(ctx, tasks...)
	s.out("once more", refused(q.TaskDone(), queues.ErrTaskDone))
	return nil
}

// number orders items of any type that are numbers.
func number(a, b any) bool { return a.(int) < b.(int) }

func otherOrders(ctx context.Context, s *stage) error {
	for _, kind := range []struct {
		name string
		q    queue
	}{{"PriorityQueue", queues.NewPriorityQueueFunc(0, number)}, {"LifoQueue", queues.NewLifoQueue[any](0)}} {
		s.out(kind.name)
		a, b := s.getter("a", kind.q), s.getter("b", kind.q)
		s.must(ticks(ctx, 0))
		s.puts(kind.q, 5, 1, 4, 2, 3)
		s.wait(ctx, a, b)
		s.takeAll(kind.q)
	}
	return nil
}

func otherOrdersWhenFull(ctx context.Context, s *stage) error {
	for _, kind := range []struct {
		name string
		q    queue
	}{{"PriorityQueue", queues.NewPriorityQueueFunc(2, number)}, {"LifoQueue", queues.NewLifoQueue[any](2)}} {
		s.out(kind.name)
		q := kind.q
		tasks := []*asyncio.Task[any]{s.putter("a", q, 3), s.putter("b", q, 4), s.putter("c", q, 1), s.putter("d", q, 2)}
		for range 4 {
			s.must(ticks(ctx, 0))
			s.got(ctx, q)
		}
		s.wait(ctx, tasks...)
		s.takeAll(q)
	}
	return nil
}
