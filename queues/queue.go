package queues

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/go-asyncio/asyncio"
)

// Queue gives items in the order in which they were put. It is made by NewQueue and must
// not be copied. (asyncio.Queue)
type Queue[T any] struct {
	mu         sync.Mutex
	loop       asyncio.EventLoop // nil until somebody has waited,
	seen       asyncio.EventLoop // and then that of the last coroutine that was there
	items      order[T]
	maxsize    int
	unfinished int // items that were put and not reported as done
	shut       bool
	getters    line[T]
	putters    line[T]
	joins      asyncio.Waiters
}

// LifoQueue is a Queue that gives the newest item first. It is made by NewLifoQueue.
// (asyncio.LifoQueue)
type LifoQueue[T any] struct{ Queue[T] }

// PriorityQueue is a Queue that gives the smallest item first, and of equal ones the one that
// was put first. (In asyncio equal ones come in no particular order.) It is made by
// NewPriorityQueue or NewPriorityQueueFunc. (asyncio.PriorityQueue)
type PriorityQueue[T any] struct{ Queue[T] }

// NewQueue makes a queue of at most maxsize items; of any number if that is not above 0.
func NewQueue[T any](maxsize int) *Queue[T] {
	return &Queue[T]{maxsize: maxsize, items: new(ring[T])}
}

// NewLifoQueue makes a queue of at most maxsize items; of any number if that is not above 0.
func NewLifoQueue[T any](maxsize int) *LifoQueue[T] {
	return &LifoQueue[T]{Queue[T]{maxsize: maxsize, items: new(stack[T])}}
}

// NewPriorityQueue makes a queue of at most maxsize items, of any number if that is not
// above 0, that are ordered as cmp.Less has it.
func NewPriorityQueue[T cmp.Ordered](maxsize int) *PriorityQueue[T] {
	return NewPriorityQueueFunc(maxsize, cmp.Less[T])
}

// NewPriorityQueueFunc makes a queue of at most maxsize items, of any number if that is
// not above 0, that less orders: less reports whether a is to come before b. It is called
// while the queue is locked, and must not use it. If it panics, the panic comes out of
// the call that was to put or take, and the queue is as it was before.
func NewPriorityQueueFunc[T any](maxsize int, less func(a, b T) bool) *PriorityQueue[T] {
	q := &PriorityQueue[T]{Queue[T]{maxsize: maxsize}}
	if less != nil {
		q.items = &heap[T]{less: less}
	}
	return q
}

// Bind names the queue's loop before somebody waits. It returns asyncio.ErrWrongLoop if the
// queue is another loop's already. Any goroutine may call it.
func (q *Queue[T]) Bind(loop asyncio.EventLoop) error {
	if loop == nil {
		return opError("Bind", fmt.Errorf("%w: the loop is nil", asyncio.ErrInvalidArgument))
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.loop != nil && q.loop != loop {
		return opError("Bind", asyncio.ErrWrongLoop)
	}
	q.loop = loop
	return nil
}

// Put waits until there is room, and puts an item. It returns ErrShutDown if the queue was
// shut down, before or while it waits. If it returns an error nothing was put. Any
// goroutine may call it; see the package comment for how it waits. (put)
func (q *Queue[T]) Put(ctx context.Context, item T) error {
	const op = "Put"
	if err := asyncio.ConsumeBudget(ctx); err != nil {
		return err
	}
	var p *place[T]
	q.mu.Lock()
	defer func() {
		q.putters.leave(p) // if the wait did not return
		q.unlock()
	}()
	for q.items != nil && !q.shut && (q.full() || q.putters.ahead() && outside()) {
		var err error
		if p, err = q.enter(&q.putters, item); err != nil {
			return opError(op, err)
		}
		// What Wait says is to be handed on is: by leave, after which the next one is due.
		_, err = p.waiters.Wait(ctx, q.loop, &q.mu)
		served, _ := q.putters.leave(p)
		p = nil
		switch {
		case served:
			return nil
		case err != nil:
			return waitError(op, err)
		}
	}
	return q.add(op, item)
}

// PutNowait puts an item. It returns ErrFull if there is no room and ErrShutDown if the queue
// was shut down. It never waits; any goroutine may call it. (put_nowait)
func (q *Queue[T]) PutNowait(item T) error {
	q.mu.Lock()
	defer q.unlock()
	return q.add("PutNowait", item)
}

// add is PutNowait with the mutex.
func (q *Queue[T]) add(op string, item T) error {
	q.notice()
	switch {
	case q.items == nil:
		return opError(op, errNotMade)
	case q.shut:
		return opError(op, ErrShutDown)
	case q.full():
		return opError(op, ErrFull)
	}
	q.items.push(item)
	q.unfinished++
	return nil
}

// Get waits until there is an item, and takes it. It returns ErrShutDown if the queue was
// shut down, before or while it waits, and nothing is left. If it returns an error nothing
// was taken. Any goroutine may call it; see the package comment for how it waits. (get)
func (q *Queue[T]) Get(ctx context.Context) (item T, err error) {
	const op = "Get"
	if err := asyncio.ConsumeBudget(ctx); err != nil {
		return item, err
	}
	var p *place[T]
	q.mu.Lock()
	defer func() {
		q.getters.leave(p) // if the wait did not return
		q.unlock()
	}()
	for q.items != nil && (q.items.len() == 0 && !q.shut || q.items.len() > 0 && q.getters.ahead() && outside()) {
		if p, err = q.enter(&q.getters, item); err != nil {
			return item, opError(op, err)
		}
		// As in Put.
		_, err = p.waiters.Wait(ctx, q.loop, &q.mu)
		served, given := q.getters.leave(p)
		p = nil
		switch {
		case served:
			return given, nil
		case err != nil:
			return item, waitError(op, err)
		}
	}
	return q.take(op)
}

// GetNowait takes an item. It returns ErrEmpty if there is none, and then ErrShutDown if
// the queue was shut down. It never waits; any goroutine may call it. (get_nowait)
func (q *Queue[T]) GetNowait() (T, error) {
	q.mu.Lock()
	defer q.unlock()
	return q.take("GetNowait")
}

// take is GetNowait with the mutex.
func (q *Queue[T]) take(op string) (item T, err error) {
	q.notice()
	switch {
	case q.items == nil:
		return item, opError(op, errNotMade)
	case q.items.len() > 0:
		return q.items.pop(), nil
	case q.shut:
		return item, opError(op, ErrShutDown)
	}
	return item, opError(op, ErrEmpty)
}

// TaskDone says that an item which was got has been worked on; Join waits until that was
// said of each that was put. It returns ErrTaskDone if it was said of all of them before.
// Any goroutine may call it. (task_done)
func (q *Queue[T]) TaskDone() error {
	q.mu.Lock()
	if q.unfinished == 0 {
		q.mu.Unlock()
		return opError("TaskDone", ErrTaskDone)
	}
	q.unfinished--
	joined := q.joined()
	q.mu.Unlock()
	joined.Do()
	return nil
}

// joined wakes who waits in Join if nothing is unfinished.
func (q *Queue[T]) joined() asyncio.Wakeup {
	if q.unfinished > 0 {
		return asyncio.Wakeup{}
	}
	return q.joins.WakeAll(nil)
}

// Join waits until TaskDone was called for every item that was put. It need not wait if
// nothing is unfinished. Any goroutine may call it; see the package comment for how it
// waits. (join)
func (q *Queue[T]) Join(ctx context.Context) error {
	const op = "Join"
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.unfinished == 0 {
		return nil
	}
	if err := q.bind(); err != nil {
		return opError(op, err)
	}
	if _, err := q.joins.Wait(ctx, q.loop, &q.mu); err != nil {
		return waitError(op, err)
	}
	return nil
}

// Shutdown ends the queue: nothing can be put any more, and what is left can be got; then
// ErrShutDown comes from every call and every wait. If it is immediate what is left is
// dropped, as if it had been got and worked on. It may be called again. Any goroutine may
// call it. (shutdown)
func (q *Queue[T]) Shutdown(immediate bool) {
	q.mu.Lock()
	q.shut = true
	var joined asyncio.Wakeup
	if immediate && q.items != nil {
		q.unfinished = max(0, q.unfinished-q.items.len())
		q.items.clear()
		joined = q.joined()
	}
	q.unlock()
	joined.Do()
}

// Len returns how many items are in the queue. Any goroutine may call it. (qsize)
func (q *Queue[T]) Len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.size()
}

// Qsize is Len by its name in asyncio. (qsize)
func (q *Queue[T]) Qsize() int { return q.Len() }

// Empty reports whether no item is in the queue. Any goroutine may call it. (empty)
func (q *Queue[T]) Empty() bool { return q.Len() == 0 }

// Full reports whether there is no room; there always is if the queue has no maximum. Any
// goroutine may call it. (full)
func (q *Queue[T]) Full() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.full()
}

// Maxsize returns how many items there may be; any number if that is not above 0. Any
// goroutine may call it. (maxsize)
func (q *Queue[T]) Maxsize() int { return q.maxsize }

// String shows the maximum, the items, how many wait to get and to put, how many items are
// unfinished, and a shutdown. Any goroutine may call it. (str)
func (q *Queue[T]) String() string {
	q.mu.Lock()
	name, items := "queue that was not made", []T(nil)
	if q.items != nil {
		name, items = q.items.name(), q.items.all()
	}
	getters, putters, unfinished, shut := q.getters.len, q.putters.len, q.unfinished, q.shut
	q.mu.Unlock()
	var b strings.Builder
	fmt.Fprintf(&b, "<%s maxsize=%d", name, q.maxsize)
	if len(items) > 0 {
		fmt.Fprintf(&b, " queue=%v", items)
	}
	for _, count := range []struct {
		form string
		n    int
	}{{" getters[%d]", getters}, {" putters[%d]", putters}, {" tasks=%d", unfinished}} {
		if count.n > 0 {
			fmt.Fprintf(&b, count.form, count.n)
		}
	}
	if shut {
		b.WriteString(" shutdown")
	}
	return b.String() + ">"
}

func (q *Queue[T]) size() int {
	if q.items == nil {
		return 0
	}
	return q.items.len()
}

func (q *Queue[T]) full() bool { return q.maxsize > 0 && q.size() >= q.maxsize }
