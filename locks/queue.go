package locks

import (
	"context"
	"fmt"
	"sync"

	"github.com/go-asyncio/asyncio"
)

// queue is those who wait in a lock. All but bind is called with its mutex held.
type queue struct {
	mu      sync.Mutex
	waiters asyncio.Waiters
	loop    asyncio.EventLoop // on which all wait, once somebody has
	near    asyncio.EventLoop // whose coroutine was here last, for who waits before that
	inside  int               // how many are in wait,
	woken   int               // and how many of those were woken: never too few
}

// bind is the exported Bind of what has the queue.
func (q *queue) bind(op string, loop asyncio.EventLoop) error {
	if loop == nil {
		return opError(op, fmt.Errorf("%w: the loop is nil", asyncio.ErrInvalidArgument))
	}
	loop = asyncio.NewFuture[struct{}](loop).Loop() // as it shows itself to its coroutines
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.loop != nil && q.loop != loop {
		return boundElsewhere(op)
	}
	q.loop = loop
	return nil
}

// meet notes the loop of a coroutine that needs no wait.
func (q *queue) meet() {
	if q.loop != nil || q.nearby() != nil {
		return
	}
	if loop, err := asyncio.GetRunningLoop(); err == nil {
		q.near = loop
	}
}

// choose binds the queue to the caller's loop if it is not bound.
func (q *queue) choose(op string) error {
	if q.loop != nil {
		return nil // Waiters find out who is a stranger
	}
	loop, err := asyncio.GetRunningLoop()
	if err != nil {
		if loop = q.nearby(); loop == nil {
			return unbound(op)
		}
	}
	q.loop = loop
	return nil
}

// nearby is the loop for a goroutine that waits before anybody has, nil if there is none.
func (q *queue) nearby() asyncio.EventLoop {
	if q.near == nil || q.near.IsClosed() {
		return nil
	}
	return q.near
}

// wait waits to be woken. woken reports that the caller was, whether or not it then
// gave up with err. If the coroutine is unwound wait does not return, and the mutex is
// held all the same.
func (q *queue) wait(ctx context.Context, op string) (woken bool, err error) {
	if err := q.choose(op); err != nil {
		return false, err
	}
	q.inside++
	defer func() {
		q.inside--
		if woken {
			q.woken--
		}
		// One who was woken and then unwound has not counted itself out.
		q.woken = min(q.woken, q.inside-q.waiters.Len())
	}()
	handOn, err := q.waiters.Wait(ctx, q.loop, &q.mu)
	return handOn || err == nil, waitError(op, err)
}

// wakeOne wakes the first, if there is one; Do is for after the unlocking.
func (q *queue) wakeOne() asyncio.Wakeup {
	if q.waiters.Len() > 0 {
		q.woken++
	}
	return q.waiters.WakeOne(nil)
}

// wakeAll wakes all; Do is for after the unlocking.
func (q *queue) wakeAll() asyncio.Wakeup {
	q.woken += q.waiters.Len()
	return q.waiters.WakeAll(nil)
}

// text is what String returns: the kind, its state, and how many wait.
func (q *queue) text(kind, state string) string {
	if q.inside == 0 {
		return fmt.Sprintf("<%s %s>", kind, state)
	}
	return fmt.Sprintf("<%s %s waiters=%d>", kind, state, q.inside)
}
