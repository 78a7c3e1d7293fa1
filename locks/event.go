package locks

import (
	"context"

	"github.com/go-asyncio/asyncio"
)

// Event is a flag that is set or not, and that can be waited for. The zero Event is not
// set. (asyncio.Event)
type Event struct {
	queue queue
	set   bool
}

// Wait returns when the event is set, at once if it is. Who waits when it is set goes on
// even if it is cleared meanwhile. It suspends or blocks: any goroutine. An error means
// that the wait was cancelled, or that ctx is done, or that there is no loop to wait on,
// as with Lock.Acquire. (Event.wait)
func (e *Event) Wait(ctx context.Context) error {
	const op = "Event.Wait"
	if err := asyncio.ConsumeBudget(ctx); err != nil {
		return waitError(op, err)
	}
	e.queue.mu.Lock()
	defer e.queue.mu.Unlock()
	if e.set {
		return nil
	}
	_, err := e.queue.wait(ctx, op)
	return err
}

// Set sets the event and wakes all who wait, in their order. Setting it again is
// harmless. Any goroutine may call it. (Event.set)
func (e *Event) Set() {
	e.queue.mu.Lock()
	e.set = true
	e.queue.meet()
	all := e.queue.wakeAll() // nobody waits if it was set before
	e.queue.mu.Unlock()
	all.Do()
}

// Clear takes Set back. Any goroutine may call it. (Event.clear)
func (e *Event) Clear() {
	e.queue.mu.Lock()
	defer e.queue.mu.Unlock()
	e.set = false
	e.queue.meet()
}

// IsSet reports whether the event is set. Any goroutine may call it. (Event.is_set)
func (e *Event) IsSet() bool {
	e.queue.mu.Lock()
	defer e.queue.mu.Unlock()
	return e.set
}

// Bind has all wait on the loop, as Lock.Bind does. Any goroutine may call it.
func (e *Event) Bind(loop asyncio.EventLoop) error { return e.queue.bind("Event.Bind", loop) }

// String tells whether the event is set, and how many wait. Any goroutine may call it.
func (e *Event) String() string {
	e.queue.mu.Lock()
	defer e.queue.mu.Unlock()
	if e.set {
		return e.queue.text("Event", "set")
	}
	return e.queue.text("Event", "unset")
}
