package asyncio

import (
	"context"
	"sync"

	"github.com/go-asyncio/asyncio/internal/engine"
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
	queue list.List[waitNode]
	len   int
}

// blocked is a goroutine that waits and is no loop's. What it shares with a coroutine that
// waits is its node, which is guarded by the mutex of the queue.
type blocked struct {
	node    waitNode
	signal  chan struct{} // what it waits for
	outcome error         // what it was woken with
	single  bool          // the signal is of a test bubble, outside which nobody may use it
}

var spareBlocked = sync.Pool{New: func() any {
	b := new(blocked)
	b.node.to = b
	return b
}}

// Complete wakes the goroutine. If it has gone before it was told, nobody takes the signal.
func (b *blocked) Complete(uint64) {
	select {
	case b.signal <- struct{}{}:
	default:
	}
}

// Wakeup is those whose wait WakeOne or WakeAll has ended and who do not know it yet.
// The zero Wakeup is nobody. It has nothing of those who wait but what tells them, because
// they may go on for other reasons before that, and wait elsewhere.
type Wakeup struct {
	to   engine.Completer // the only one,
	ev   uint64           // and which of its waits it is
	many *[]wakeup        // or all
}

// wakeup is one of several.
type wakeup struct {
	to engine.Completer
	ev uint64
}

var spareWakeups = sync.Pool{New: func() any { return new([]wakeup) }}

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
	t := taskOf(ctx)
	if t == nil || loop == nil || t.loop != loop.base() {
		var l *baseLoop
		if t, l, err = whoWaits(ctx, loop); err != nil {
			return false, err
		} else if t == nil {
			return q.block(ctx, l, mu)
		}
	}
	var end func() bool
	if t.ownContext(ctx) {
		t.seq++
	} else if end, err = t.beginWith(ctx); err != nil {
		return false, err
	}
	if t.mustCancel && !t.shielded() {
		return false, t.cancelledBefore(ctx, end, mu)
	}
	t.node.ev = t.event(wakeUp)
	q.enlist(&t.node)
	t.suspended = true
	mu.Unlock()
	if t.co.Leave() || end != nil || t.mustCancel || t.interrupt {
		return q.endWait(ctx, t, end, mu)
	}
	mu.Lock()
	invariants.Check(t.node.woken, "who waits goes on when it is woken")
	if m := t.more.Load(); m != nil {
		err, m.wokenWith = m.wokenWith, nil
	}
	return false, err
}

// Park is Wait, but that mu is not held when it returns, nor when a coroutine is unwound, so
// that nothing need be deferred. It costs less of time and stack.
func (q *Waiters) Park(ctx context.Context, loop EventLoop, mu sync.Locker) (handOn bool, err error) {
	s, ok := ctx.(*scope)
	if !ok || !goroutine.Quick {
		return q.parkOtherwise(ctx, loop, mu)
	}
	t := s.task
	if t.coID.Load() != goroutine.QuickID() || s != &t.scope || t.otherContext || t.mustCancel || loop == nil || t.loop != loop.base() {
		return q.parkOtherwise(ctx, loop, mu)
	}
	t.seq++
	t.node.ev = t.event(wakeUp)
	q.enlist(&t.node)
	t.suspended = true
	if m, ok := mu.(*sync.Mutex); ok {
		m.Unlock() // is inlined
	} else {
		mu.Unlock()
	}
	if t.co.Leave() || t.mustCancel || t.interrupt {
		return q.endPark(ctx, t, mu)
	}
	if m := t.more.Load(); m != nil {
		err, m.wokenWith = m.wokenWith, nil
	}
	return false, err
}

// parkOtherwise is Park for who is no task that simply waits.
//
//go:noinline
func (q *Waiters) parkOtherwise(ctx context.Context, loop EventLoop, mu sync.Locker) (handOn bool, err error) {
	defer mu.Unlock()
	return q.Wait(ctx, loop, mu)
}

// endPark is endWait for Park.
//
//go:noinline
func (q *Waiters) endPark(ctx context.Context, t *taskBase, mu sync.Locker) (handOn bool, err error) {
	defer mu.Unlock()
	return q.endWait(ctx, t, nil, mu)
}

// endWait ends a wait of a task that has left and is back, maybe not because it was woken.
func (q *Waiters) endWait(ctx context.Context, t *taskBase, end func() bool, mu sync.Locker) (handOn bool, err error) {
	err = ErrLoopClosed // should it be unwound
	defer func() {
		mu.Lock()
		var with error
		if m := t.more.Load(); m != nil {
			with, m.wokenWith = m.wokenWith, nil
		}
		handOn, err = q.delist(&t.node, with, err)
	}()
	err = t.ended(ctx, end, t.co.Unwound())
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
	w := spareBlocked.Get().(*blocked)
	if w.signal == nil {
		w.signal = make(chan struct{}, 1)
		w.single = l.watch.unreal
	}
	q.enlist(&w.node)
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
	// If it was woken and has not taken the signal, that may still come.
	again := !w.single && (err == nil || !w.node.woken)
	with := w.outcome
	w.outcome = nil
	handOn, err = q.delist(&w.node, with, err)
	if again {
		spareBlocked.Put(w)
	}
	return handOn, err
}

// enlist takes a place at the end.
func (q *Waiters) enlist(n *waitNode) {
	n.woken = false
	q.queue.PushBack(&n.place)
	q.len++
}

// delist ends a wait that was ended by err or, if that is nil, by a wake-up with woken.
func (q *Waiters) delist(n *waitNode, woken, err error) (handOn bool, _ error) {
	switch {
	case !n.woken:
		invariants.Check(err != nil, "who waits goes on when it is woken")
		q.queue.Remove(&n.place)
		q.len--
		return false, err
	case err == nil:
		return false, woken
	}
	return woken == nil, err
}

// WakeOne ends the wait of the first, if there is one, with err. It knows when Do is
// called, which must be, without the mutex.
func (q *Waiters) WakeOne(err error) Wakeup {
	n := q.queue.PopFront()
	if n == nil {
		return Wakeup{}
	}
	q.len--
	invariants.Check(q.queue.Empty() == (q.len == 0), "a queue counts those who wait in it")
	n.wake(err)
	return Wakeup{to: n.to, ev: n.ev}
}

// Unpark is WakeOne without an error, the unlocking of mu, and Do. It costs less on the loop.
func (q *Waiters) Unpark(mu sync.Locker) {
	n := q.queue.PopFront()
	if n == nil {
		mu.Unlock()
		return
	}
	q.len--
	n.woken = true
	m, isMutex := mu.(*sync.Mutex)
	t, isTask := n.to.(*taskBase)
	if !isMutex || !isTask {
		unparkOther(n.to, n.ev, mu)
		return
	}
	ev := n.ev
	m.Unlock()
	if core := &t.loop.core; core.QuicklyInBody() {
		core.Schedule(t, ev)
		return
	}
	tellWoken(t, ev)
}

// unparkOther is the end of Unpark for who is no task, or with another lock.
//
//go:noinline
func unparkOther(to engine.Completer, ev uint64, mu sync.Locker) {
	mu.Unlock()
	tellWoken(to, ev)
}

// WakeAll ends the waits of all, with err. They know, in their order, when Do is
// called, which must be, without the mutex.
func (q *Waiters) WakeAll(err error) Wakeup {
	if q.len <= 1 {
		return q.WakeOne(err)
	}
	many := spareWakeups.Get().(*[]wakeup)
	for n := q.queue.PopFront(); n != nil; n = q.queue.PopFront() {
		n.wake(err)
		*many = append(*many, wakeup{n.to, n.ev})
	}
	q.len = 0
	return Wakeup{many: many}
}

// wake notes that the wait has ended, with err.
func (n *waitNode) wake(err error) {
	n.woken = true
	if err == nil {
		return
	}
	switch w := n.to.(type) {
	case *taskBase:
		w.rest().wokenWith = err
	case *blocked:
		w.outcome = err
	}
}

// Len returns how many wait and were not woken.
func (q *Waiters) Len() int { return q.len }

// Suspended reports whether the first is a coroutine: what it has lent may be written to,
// for it goes on when the loop's goroutine lets it, and not before.
func (q *Waiters) Suspended() bool {
	n := q.queue.First()
	if n == nil {
		return false
	}
	_, isTask := n.to.(*taskBase)
	return isTask
}

// Do lets them know. It is called once, by any goroutine.
func (k Wakeup) Do() {
	if k.to != nil {
		tellWoken(k.to, k.ev)
	}
	if k.many == nil {
		return
	}
	for _, w := range *k.many {
		tellWoken(w.to, w.ev)
	}
	clear(*k.many)
	*k.many = (*k.many)[:0]
	spareWakeups.Put(k.many)
}

// tellWoken lets one know.
func tellWoken(to engine.Completer, ev uint64) {
	switch t, ok := to.(*taskBase); {
	case !ok:
		to.Complete(ev)
	case t.loop.onLoop():
		t.loop.schedule(t, ev)
	default:
		t.loop.post(t, ev)
	}
}
