package asyncio

import (
	"context"
	"sync"

	"github.com/go-asyncio/asyncio/internal/goroutine"
	"github.com/go-asyncio/asyncio/internal/invariants"
	"github.com/go-asyncio/asyncio/internal/list"
)

// Waiters is a fair queue of coroutines and goroutines that wait for the same thing:
// who comes first is woken first. Streams are made of it, and so are locks and queues.
// The zero Waiters is empty and ready; it must not be copied once it was used.
//
// It belongs to one loop, that every Wait names, and is guarded by a mutex of its
// owner's, which is held for every call: what somebody waits for is decided under the
// same mutex, so that nobody is missed who is about to wait. Only what WakeOne and
// WakeAll return is for after the unlocking. A lock, for instance:
//
//	func (l *Lock) Acquire(ctx context.Context) error {
//		handOn, err := l.wait(ctx)
//		if handOn {
//			l.Release() // cancelled, and given the lock all the same
//		}
//		return err
//	}
//
//	func (l *Lock) wait(ctx context.Context) (handOn bool, err error) {
//		l.mu.Lock()
//		defer l.mu.Unlock()
//		if !l.locked {
//			l.locked = true
//			return false, nil
//		}
//		return l.waiters.Wait(ctx, l.loop, &l.mu)
//	}
//
//	func (l *Lock) Release() {
//		l.mu.Lock()
//		l.locked = l.waiters.Len() > 0 // the first of them has it then
//		next := l.waiters.WakeOne(nil)
//		l.mu.Unlock()
//		next.Do()
//	}
//
// (the deque of futures in asyncio's locks and queues; trio's ParkingLot)
type Waiters struct {
	queue list.List[queuedWaiter]
	len   int
}

// queuedWaiter is one who waits. It is guarded by the mutex of the queue until it is
// woken, and then belongs to the Wakeup, until that is done.
type queuedWaiter struct {
	place  list.Node[queuedWaiter] // in a queue, or among those of a Wakeup
	task   *taskBase               // the task that waits, nil for another goroutine,
	ev     uint64                  // and in which of its waits
	signal chan struct{}           // what the goroutine waits for
	woken  bool
	single bool  // the signal is of a test bubble, outside which nobody may use it
	err    error // with this
}

var spareWaiters = sync.Pool{New: func() any { return new(queuedWaiter) }}

// Wakeup is those whose wait WakeOne or WakeAll has ended and who do not know it yet.
// The zero Wakeup is nobody.
type Wakeup struct{ woken list.List[queuedWaiter] }

// Wait waits at the end of the queue until it is woken, and returns the error that it
// is woken with. A coroutine of the loop is suspended and any other goroutine blocks;
// a plain callback gets ErrAwaitInCallback, a coroutine of another loop ErrWrongLoop.
// A nil loop means the running one, else the current one. mu is the mutex that guards
// the queue; it is held when Wait is called, not while it waits, and again when it
// returns.
//
// The wait also ends when the task is cancelled or ctx is done; for a goroutine with
// ErrLoopClosed when the loop is closed, and with the error of the loop's run if the
// system has failed it. A coroutine of a loop that is closed is unwound: Wait does not
// return, but mu is held again and its deferred functions are to release it. Whatever
// ends a wait, its place in the queue is given up.
//
// Such an end counts even if it comes after the wake-up, as long as that was not acted
// on. handOn reports that: the error is why the wait has ended, but the caller was
// also woken, with no error, and nobody has what it was woken for. Hand that on, as if
// the caller had had it and let go of it; after a WakeAll there is nothing to hand on
// as a rule. A task that was cancelled before it waits takes no place and is not woken.
//
// Nothing is allocated, as a rule.
func (q *Waiters) Wait(ctx context.Context, loop EventLoop, mu sync.Locker) (handOn bool, err error) {
	t := taskOf(ctx, goroutine.ID())
	if t == nil || loop == nil || t.loop != loop.base() {
		var l *baseLoop
		if t, l, err = whoWaits(ctx, loop); err != nil {
			return false, err
		} else if t == nil {
			return q.block(ctx, l, mu)
		}
	}
	// The rest does what beginWait and suspend do, without calling them: a call through
	// which a coroutine comes back costs more than others.
	var end func() bool
	if t.ownContext(ctx) {
		t.seq++
	} else if end, err = t.beginWith(ctx); err != nil {
		return false, err
	}
	if t.mustCancel && !t.shielded() {
		return false, t.cancelledBefore(ctx, end, mu)
	}
	w := q.enlist()
	w.task, w.ev = t, t.event(wakeUp)
	mu.Unlock()
	err = ErrLoopClosed // should it be unwound
	defer func() {
		mu.Lock()
		handOn, err = q.delist(w, err)
	}()
	t.suspended = true
	t.co.Suspend()
	err = nil
	if end != nil || t.mustCancel || t.interrupt {
		err = t.resumed(ctx, end)
	}
	return false, err
}

// whoWaits returns the task that is to be suspended for the caller, which must be the
// loop's; nil and the loop if the caller is no loop's.
func whoWaits(ctx context.Context, loop EventLoop) (*taskBase, *baseLoop, error) {
	const op = "Wait"
	l, err := resolveLoop(op, loop)
	if err != nil {
		return nil, nil, err
	}
	t, inLoop := currentTask(ctx)
	switch {
	case !inLoop:
	case t == nil && l.onLoop():
		err = opError(op, ErrAwaitInCallback)
	case t == nil, t.loop != l:
		err = opError(op, ErrWrongLoop)
	}
	return t, l, err
}

// cancelledBefore is the wait of a task that is to be cancelled in its next one.
func (t *taskBase) cancelledBefore(ctx context.Context, end func() bool, mu sync.Locker) error {
	mu.Unlock()
	defer mu.Lock()
	t.cutShort = true
	t.loop.schedule(t, t.event(wakeUp))
	return t.suspend(ctx, end)
}

// block is Wait on a goroutine that is no loop's.
func (q *Waiters) block(ctx context.Context, l *baseLoop, mu sync.Locker) (handOn bool, err error) {
	var done <-chan struct{}
	if ctx != nil {
		done = ctx.Done()
	}
	if err := contextError(ctx); err != nil {
		return false, err
	}
	back, err := l.sim.block("Wait")
	if err != nil {
		return false, err
	}
	w := q.enlist()
	if w.signal == nil {
		w.signal = make(chan struct{}, 1)
		w.single = l.watch.unreal
	}
	mu.Unlock()
	fate := l.fate.Load()
	select {
	case <-w.signal:
	case <-done:
		err = contextError(ctx)
	case <-fate.failed:
		err = fate.waited("Wait")
	case <-l.closedCh:
		err = opError("Wait", ErrLoopClosed)
	}
	if back != nil {
		back()
	}
	mu.Lock()
	return q.delist(w, err)
}

// enlist takes a place at the end.
func (q *Waiters) enlist() *queuedWaiter {
	w := spareWaiters.Get().(*queuedWaiter)
	q.queue.PushBack(&w.place)
	q.len++
	return w
}

// delist ends a wait that was ended by err, or by a wake-up if that is nil.
func (q *Waiters) delist(w *queuedWaiter, err error) (handOn bool, _ error) {
	switch {
	case !w.woken:
		invariants.Check(err != nil, "who waits goes on when it is woken")
		q.queue.Remove(&w.place)
		q.len--
	case err == nil:
		err = w.err
	default:
		// The wake-up may not be done yet, and will come to w: so that is not used again.
		return w.err == nil, err
	}
	w.task, w.woken, w.err = nil, false, nil
	if !w.single {
		spareWaiters.Put(w)
	}
	return false, err
}

// WakeOne ends the wait of the first, if there is one, with err. It knows when Do is
// called, which must be, without the mutex.
func (q *Waiters) WakeOne(err error) Wakeup {
	var k Wakeup
	if w := q.queue.PopFront(); w != nil {
		q.len--
		invariants.Check(q.queue.Empty() == (q.len == 0), "a queue counts those who wait in it")
		w.woken, w.err = true, err
		k.woken.PushBack(&w.place)
	}
	return k
}

// WakeAll ends the waits of all, with err. They know, in their order, when Do is
// called, which must be, without the mutex.
func (q *Waiters) WakeAll(err error) Wakeup {
	for w := range q.queue.All() {
		w.woken, w.err = true, err
	}
	q.len = 0
	return Wakeup{q.queue.Take()}
}

// Len returns how many wait and were not woken.
func (q *Waiters) Len() int { return q.len }

// Suspended reports whether the first is a coroutine: what it has lent may be written to,
// for it goes on when the loop's goroutine lets it, and not before.
func (q *Waiters) Suspended() bool {
	w := q.queue.First()
	return w != nil && w.task != nil
}

// Do lets them know. It is called once, by any goroutine.
func (k Wakeup) Do() {
	for w := k.woken.PopFront(); w != nil; w = k.woken.PopFront() {
		w.wake()
	}
}

// wake lets one know.
func (w *queuedWaiter) wake() {
	switch t := w.task; {
	case t == nil:
		w.signal <- struct{}{}
	case t.loop.onLoop():
		t.loop.schedule(t, w.ev)
	default:
		t.loop.post(t, w.ev)
	}
}
