package locks

import (
	"context"

	"github.com/go-asyncio/asyncio"
)

// Lock is held by one at a time, and given in the order in which it was asked for.
// Whoever releases it need not be who acquired it. The zero Lock is free.
// (asyncio.Lock)
type Lock struct{ permits permits }

// Acquire takes the lock and waits for it if it is held or others wait. It suspends or
// blocks: any goroutine. A nil error means that the caller holds it; any other, that it
// does not. Then it was cancelled, or ctx is done, or there is no loop to wait on
// (asyncio.ErrWrongLoop, ErrLoopClosed, ErrAwaitInCallback, ErrNoCurrentLoop).
// (Lock.acquire)
func (l *Lock) Acquire(ctx context.Context) error { return l.permits.acquire(ctx, "Lock.Acquire") }

// TryAcquire takes the lock if nobody holds it or waits for it, and reports that. Any
// goroutine may call it; it does not wait.
func (l *Lock) TryAcquire() bool { return l.permits.tryAcquire() }

// Release frees the lock. If others wait, the first of them takes it when it goes on,
// and nobody before. ErrNotAcquired if nobody holds it. Any goroutine may call it.
// (Lock.release)
func (l *Lock) Release() error {
	if !l.permits.release(1) {
		return opError("Lock.Release", ErrNotAcquired)
	}
	return nil
}

// Locked reports whether somebody holds the lock. It is free between a release and the
// moment in which the first that waits goes on. Any goroutine may call it.
// (Lock.locked)
func (l *Lock) Locked() bool {
	l.permits.mu.Lock()
	defer l.permits.mu.Unlock()
	return l.permits.spare < 0
}

// With acquires the lock, calls f and releases the lock, however f ends. It returns the
// error of Acquire, and then f was not called, or that of f. It suspends or blocks: any
// goroutine. (async with lock)
func (l *Lock) With(ctx context.Context, f func() error) error { return with(ctx, l, f) }

// Bind has all wait on the loop: for goroutines that are no loop's and may come before
// any coroutine has. asyncio.ErrWrongLoop if the lock is another loop's already. Any
// goroutine may call it.
func (l *Lock) Bind(loop asyncio.EventLoop) error { return l.permits.bind("Lock.Bind", loop) }

// String tells whether the lock is held, and how many wait. Any goroutine may call it.
func (l *Lock) String() string {
	l.permits.mu.Lock()
	defer l.permits.mu.Unlock()
	state := "unlocked"
	if l.permits.spare < 0 {
		state = "locked"
	}
	return l.permits.text("Lock", state)
}
