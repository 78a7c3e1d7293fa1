package locks

import (
	"context"
	"fmt"

	"github.com/go-asyncio/asyncio"
)

// Semaphore has a number of permits, and gives them in the order in which they were
// asked for. The zero Semaphore has one. (asyncio.Semaphore)
type Semaphore struct{ permits permits }

// NewSemaphore makes a semaphore with value permits, which may be none.
// asyncio.ErrInvalidArgument if that is negative. Any goroutine may call it.
// (asyncio.Semaphore)
func NewSemaphore(value int) (*Semaphore, error) {
	if err := checkValue("NewSemaphore", value); err != nil {
		return nil, err
	}
	return &Semaphore{permits{spare: value - 1}}, nil
}

// checkValue refuses negative numbers of permits. (ValueError)
func checkValue(op string, value int) error {
	if value < 0 {
		return opError(op, fmt.Errorf("%w: the value is %d; it must be 0 or more", asyncio.ErrInvalidArgument, value))
	}
	return nil
}

// Acquire takes a permit and waits for one if there is none or others wait. It suspends
// or blocks: any goroutine. A nil error means that the caller has a permit; any other,
// that it has not, for the reasons that Lock.Acquire has. (Semaphore.acquire)
func (s *Semaphore) Acquire(ctx context.Context) error {
	return s.permits.acquire(ctx, "Semaphore.Acquire")
}

// TryAcquire takes a permit if there is one and nobody waits, and reports that. Any
// goroutine may call it; it does not wait.
func (s *Semaphore) TryAcquire() bool { return s.permits.tryAcquire() }

// Release gives a permit back, or a new one, and wakes the first that waits. Any
// goroutine may call it. The error is nil, unless there are more permits than an int
// counts (ErrReleasedTooOften); it is there so that a BoundedSemaphore, whose Release may
// fail, can take the place. (Semaphore.release)
func (s *Semaphore) Release() error { return released("Semaphore.Release", &s.permits, unbounded) }

// released gives a permit back that may be there at most most times.
func released(op string, p *permits, most int) error {
	if !p.release(most) {
		return opError(op, ErrReleasedTooOften)
	}
	return nil
}

// Locked reports whether Acquire would wait: there is no permit, or others were there
// before. Any goroutine may call it. (Semaphore.locked)
func (s *Semaphore) Locked() bool { return s.permits.mustWait() }

func (p *permits) mustWait() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.locked()
}

// With acquires a permit, calls f and releases the permit, however f ends. It returns
// the error of Acquire, and then f was not called, or that of f. It suspends or blocks:
// any goroutine. (async with semaphore)
func (s *Semaphore) With(ctx context.Context, f func() error) error { return with(ctx, s, f) }

// Bind has all wait on the loop, as Lock.Bind does. Any goroutine may call it.
func (s *Semaphore) Bind(loop asyncio.EventLoop) error {
	return s.permits.bind("Semaphore.Bind", loop)
}

// String tells whether who acquires would wait, the permits that are free if not, and
// how many wait. Any goroutine may call it.
func (s *Semaphore) String() string { return s.permits.describe("Semaphore") }

// describe is String of both semaphores.
func (p *permits) describe(kind string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	state := "locked"
	if !p.locked() {
		state = fmt.Sprintf("unlocked value=%d", p.unpromised())
	}
	return p.text(kind, state)
}

// BoundedSemaphore is a Semaphore that is not released more often than it was acquired.
// The zero BoundedSemaphore has one permit. (asyncio.BoundedSemaphore)
type BoundedSemaphore struct {
	permits permits
	more    int // permits that it was made with, less one
}

// NewBoundedSemaphore makes a semaphore with value permits.
// asyncio.ErrInvalidArgument if that is negative. Any goroutine may call it.
// (asyncio.BoundedSemaphore)
func NewBoundedSemaphore(value int) (*BoundedSemaphore, error) {
	if err := checkValue("NewBoundedSemaphore", value); err != nil {
		return nil, err
	}
	return &BoundedSemaphore{permits{spare: value - 1}, value - 1}, nil
}

// Acquire is Semaphore.Acquire. (BoundedSemaphore.acquire)
func (s *BoundedSemaphore) Acquire(ctx context.Context) error {
	return s.permits.acquire(ctx, "BoundedSemaphore.Acquire")
}

// TryAcquire is Semaphore.TryAcquire.
func (s *BoundedSemaphore) TryAcquire() bool { return s.permits.tryAcquire() }

// Release gives a permit back and wakes the first that waits. ErrReleasedTooOften, and
// nothing happens, if none was taken. Any goroutine may call it.
// (BoundedSemaphore.release)
func (s *BoundedSemaphore) Release() error {
	return released("BoundedSemaphore.Release", &s.permits, s.more+1)
}

// Locked is Semaphore.Locked. (BoundedSemaphore.locked)
func (s *BoundedSemaphore) Locked() bool { return s.permits.mustWait() }

// With is Semaphore.With. (async with semaphore)
func (s *BoundedSemaphore) With(ctx context.Context, f func() error) error { return with(ctx, s, f) }

// Bind has all wait on the loop, as Lock.Bind does. Any goroutine may call it.
func (s *BoundedSemaphore) Bind(loop asyncio.EventLoop) error {
	return s.permits.bind("BoundedSemaphore.Bind", loop)
}

// String is Semaphore.String.
func (s *BoundedSemaphore) String() string { return s.permits.describe("BoundedSemaphore") }
