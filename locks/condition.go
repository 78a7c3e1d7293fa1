package locks

import (
	"context"

	"github.com/go-asyncio/asyncio"
)

// Condition is a lock, and a place to wait for something that the lock guards: who waits
// lets go of the lock meanwhile. The zero Condition is ready, with a lock of its own.
// (asyncio.Condition)
type Condition struct {
	given *Lock // nil: own
	own   Lock
	queue queue
}

// NewCondition makes a condition on a lock, which others may use too; nil means one of
// its own. Any goroutine may call it. (asyncio.Condition)
func NewCondition(lock *Lock) *Condition { return &Condition{given: lock} }

// lock is the lock that the condition is on.
func (c *Condition) lock() *Lock {
	if c.given != nil {
		return c.given
	}
	return &c.own
}

// Acquire is Lock.Acquire of the lock. (Condition.acquire)
func (c *Condition) Acquire(ctx context.Context) error { return c.lock().Acquire(ctx) }

// TryAcquire is Lock.TryAcquire of the lock.
func (c *Condition) TryAcquire() bool { return c.lock().TryAcquire() }

// Release is Lock.Release of the lock. (Condition.release)
func (c *Condition) Release() error { return c.lock().Release() }

// Locked is Lock.Locked of the lock. (Condition.locked)
func (c *Condition) Locked() bool { return c.lock().Locked() }

// With is Lock.With of the lock. (async with condition)
func (c *Condition) With(ctx context.Context, f func() error) error { return with(ctx, c, f) }

// Wait releases the lock, waits until it is notified, and takes the lock again. It
// suspends or blocks: any goroutine. ErrNotAcquired if nobody holds the lock.
//
// The caller holds the lock when Wait returns, with or without an error. If it is
// cancelled, or ctx is done, Wait still waits for the lock, whatever ctx says, and returns
// the last such error; a notification that it was given then goes to the next. Only when
// the loop is closed (asyncio.ErrLoopClosed), or its run fails, there is no waiting any
// more: the caller has the lock then together with who has it, and releases it all the
// same. (Condition.wait)
func (c *Condition) Wait(ctx context.Context) error {
	const op = "Condition.Wait"
	l, back := c.lock(), false
	c.queue.mu.Lock()
	if err := c.admit(op, l); err != nil {
		c.queue.mu.Unlock()
		return err
	}
	defer func() {
		if !back {
			l.permits.force() // it is unwound, and its deferred functions release the lock
		}
	}()
	notified, err := c.sleep(ctx, op, l)
	if e := retake(ctx, l); e != nil {
		err = e
	}
	back = true
	if err != nil && notified {
		c.wake(1)
	}
	return err
}

// admit refuses who may not wait, with the mutex held, before the lock is released. It
// binds the condition and the lock to the loop that all wait on.
func (c *Condition) admit(op string, l *Lock) error {
	l.permits.mu.Lock()
	defer l.permits.mu.Unlock()
	if l.permits.spare >= 0 {
		return opError(op, ErrNotAcquired)
	}
	bound := c.queue.loop
	if bound == nil {
		bound = l.permits.loop
	}
	running, err := asyncio.GetRunningLoop()
	switch {
	case err == nil && bound != nil && bound != running:
		return boundElsewhere(op)
	case err == nil && asyncio.CurrentTask() == nil:
		return opError(op, asyncio.ErrAwaitInCallback)
	case bound == nil && err == nil:
		bound = running
	case bound == nil:
		bound = l.permits.nearby()
	}
	switch {
	case bound == nil:
		return unbound(op)
	case l.permits.loop != nil && l.permits.loop != bound:
		return boundElsewhere(op)
	case bound.IsClosed():
		return opError(op, asyncio.ErrLoopClosed)
	}
	c.queue.loop, l.permits.loop = bound, bound
	return nil
}

// sleep releases the lock and waits to be notified. The mutex is held when it is called,
// so that nobody notifies in between, and not when it returns.
func (c *Condition) sleep(ctx context.Context, op string, l *Lock) (notified bool, err error) {
	defer c.queue.mu.Unlock()
	l.permits.release(1) // it is held
	return c.queue.wait(ctx, op)
}

// retake takes the lock, and returns the last error of those that would have ended a
// wait for it.
func retake(ctx context.Context, l *Lock) (err error) {
	for {
		e := l.Acquire(ctx)
		if e == nil {
			return err
		}
		if err = e; !gaveUp(e) {
			l.permits.force()
			return err
		}
		if ctx != nil {
			ctx = context.WithoutCancel(ctx)
		}
	}
}

// WaitFor waits until predicate, which is called with the lock held, returns true; at
// once if it does so at first. What Wait says holds. (Condition.wait_for)
func (c *Condition) WaitFor(ctx context.Context, predicate func() bool) error {
	for !predicate() {
		if err := c.Wait(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Notify wakes the n that have waited longest, or all if they are fewer. They go on when
// they have the lock again, one after the other, so that none does before the caller
// releases it. ErrNotAcquired if nobody holds the lock. Any goroutine may call it.
// (Condition.notify)
func (c *Condition) Notify(n int) error {
	if !c.Locked() {
		return opError("Condition.Notify", ErrNotAcquired)
	}
	c.wake(n)
	return nil
}

// NotifyAll wakes all who wait, as Notify does. Any goroutine may call it.
// (Condition.notify_all)
func (c *Condition) NotifyAll() error {
	if !c.Locked() {
		return opError("Condition.NotifyAll", ErrNotAcquired)
	}
	c.queue.mu.Lock()
	all := c.queue.wakeAll()
	c.queue.mu.Unlock()
	all.Do()
	return nil
}

// wake wakes the first n.
func (c *Condition) wake(n int) {
	for ; n > 0; n-- {
		c.queue.mu.Lock()
		left := c.queue.waiters.Len()
		next := c.queue.wakeOne()
		c.queue.mu.Unlock()
		next.Do()
		if left <= 1 {
			return
		}
	}
}

// Bind has all wait on the loop, for the condition and for its lock, as Lock.Bind does.
// Any goroutine may call it.
func (c *Condition) Bind(loop asyncio.EventLoop) error {
	const op = "Condition.Bind"
	if err := c.lock().permits.bind(op, loop); err != nil {
		return err
	}
	return c.queue.bind(op, loop)
}

// String tells whether the lock is held, and how many wait to be notified. Any goroutine
// may call it.
func (c *Condition) String() string {
	state := "unlocked"
	if c.Locked() {
		state = "locked"
	}
	c.queue.mu.Lock()
	defer c.queue.mu.Unlock()
	return c.queue.text("Condition", state)
}
