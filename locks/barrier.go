package locks

import (
	"context"
	"fmt"

	"github.com/go-asyncio/asyncio"
)

// Barrier lets a number of parties go on together, again and again. The zero Barrier is
// for one party. (asyncio.Barrier)
type Barrier struct {
	queue   queue
	others  int // parties, less one
	state   phase
	count   int  // parties that are in: those that come too early are not
	changed bool // all who wait are to look again
}

// phase is what a barrier is in.
type phase int

const (
	filling   phase = iota // parties come
	draining               // all have come, and leave
	resetting              // it was reset, and those who had come leave
	broken                 // it was aborted
)

// String is the phase's name.
func (p phase) String() string {
	return [...]string{"filling", "draining", "resetting", "broken"}[p]
}

// NewBarrier makes a barrier for a number of parties. asyncio.ErrInvalidArgument if
// there is not one. Any goroutine may call it. (asyncio.Barrier)
func NewBarrier(parties int) (*Barrier, error) {
	if parties < 1 {
		return nil, opError("NewBarrier", fmt.Errorf("%w: there are %d parties; there must be 1 or more", asyncio.ErrInvalidArgument, parties))
	}
	return &Barrier{others: parties - 1}, nil
}

// Wait waits until all parties have come. The index is how many were in when the caller
// came: each has one of its own, from 0, unless one was cancelled meanwhile. On an error it
// is -1. Who comes while others still leave waits for that first. It suspends or blocks:
// any goroutine.
//
// ErrBrokenBarrier if the barrier is broken, or is reset or aborted before the caller
// goes on. Who is cancelled is not counted any more and breaks nothing; for this and the
// other errors see Lock.Acquire. (Barrier.wait)
func (b *Barrier) Wait(ctx context.Context) (index int, err error) {
	const op = "Barrier.Wait"
	if err := asyncio.ConsumeBudget(ctx); err != nil {
		return -1, waitError(op, err)
	}
	b.queue.mu.Lock()
	defer b.unlock()
	for b.state == draining || b.state == resetting {
		if _, err := b.queue.wait(ctx, op); err != nil {
			return -1, err
		}
	}
	if b.state == broken {
		return -1, opError(op, ErrBrokenBarrier)
	}
	index = b.count
	b.count++
	defer b.leave()
	if index == b.others {
		b.state, b.changed = draining, true
		b.queue.meet()
		return index, nil
	}
	for b.state == filling {
		if _, err := b.queue.wait(ctx, op); err != nil {
			return -1, err
		}
	}
	if b.state != draining {
		return -1, opError(op, ErrBrokenBarrier)
	}
	return index, nil
}

// leave counts a party out; the last one opens the barrier for who comes next.
func (b *Barrier) leave() {
	b.count--
	if b.count == 0 {
		if b.state == draining || b.state == resetting {
			b.state = filling
		}
		b.changed = true
	}
}

// unlock releases the mutex and has all who wait look at what was changed.
func (b *Barrier) unlock() {
	var all asyncio.Wakeup
	if b.changed {
		all = b.queue.wakeAll()
		b.changed = false
	}
	b.queue.mu.Unlock()
	all.Do()
}

// Reset makes the barrier ready again. Those who wait in it, and have not begun to leave,
// get ErrBrokenBarrier. Any goroutine may call it; it does not wait. (Barrier.reset)
func (b *Barrier) Reset() {
	b.queue.mu.Lock()
	defer b.unlock()
	b.changed, b.state = true, filling
	if b.count > 0 {
		b.state = resetting
	}
}

// Abort breaks the barrier: those who wait and all who come get ErrBrokenBarrier, until
// Reset. Any goroutine may call it; it does not wait. (Barrier.abort)
func (b *Barrier) Abort() {
	b.queue.mu.Lock()
	defer b.unlock()
	b.changed, b.state = true, broken
}

// Parties is how many must come. Any goroutine may call it. (Barrier.parties)
func (b *Barrier) Parties() int { return b.others + 1 }

// NWaiting is how many have come and wait for the others. Any goroutine may call it.
// (Barrier.n_waiting)
func (b *Barrier) NWaiting() int {
	b.queue.mu.Lock()
	defer b.queue.mu.Unlock()
	return b.filled()
}

// filled is NWaiting with the mutex held.
func (b *Barrier) filled() int {
	if b.state == filling {
		return b.count
	}
	return 0
}

// Broken reports whether the barrier was aborted and not reset since. Any goroutine may
// call it. (Barrier.broken)
func (b *Barrier) Broken() bool {
	b.queue.mu.Lock()
	defer b.queue.mu.Unlock()
	return b.state == broken
}

// Bind has all wait on the loop, as Lock.Bind does. Any goroutine may call it.
func (b *Barrier) Bind(loop asyncio.EventLoop) error { return b.queue.bind("Barrier.Bind", loop) }

// String tells the phase, and how many of the parties have come. Any goroutine may call
// it.
func (b *Barrier) String() string {
	b.queue.mu.Lock()
	defer b.queue.mu.Unlock()
	if b.state == broken {
		return "<Barrier broken>"
	}
	return fmt.Sprintf("<Barrier %s waiters=%d/%d>", b.state, b.filled(), b.others+1)
}
