package locks

import (
	"context"
	"math"

	"github.com/go-asyncio/asyncio"
)

// permits are what acquiring takes and releasing gives back: a lock has one, a semaphore
// as many as it was made with. Who is woken has not got its permit yet, but takes it
// when it goes on: until then nobody who comes meanwhile can, and if it does not go on
// the permit is still there.
type permits struct {
	queue
	spare int // how many are free, less one: the zero value has one
}

// unbounded lets permits be given back that nobody took.
const unbounded = math.MaxInt - 1

// unpromised is how many permits are free and not for one who was woken.
func (p *permits) unpromised() int { return p.spare + 1 - p.woken }

// locked tells whether who comes now has to wait.
func (p *permits) locked() bool { return p.spare < 0 || p.inside > 0 }

// tryAcquire takes a permit if that needs no wait.
func (p *permits) tryAcquire() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.locked() {
		return false
	}
	p.spare--
	p.meet()
	return true
}

// acquire takes a permit, and waits for it. Who never has to wait gives way now and then.
func (p *permits) acquire(ctx context.Context, op string) error {
	if err := asyncio.ConsumeBudget(ctx); err != nil {
		return waitError(op, err)
	}
	p.mu.Lock()
	if !p.locked() {
		p.spare--
		p.meet()
		p.mu.Unlock()
		return nil
	}
	defer func() { p.passOn(p.unpromised()) }() // also if it is cancelled, or unwound
	_, err := p.wait(ctx, op)
	if err == nil {
		p.spare--
	}
	return err
}

// release gives a permit back; false if there are most already.
func (p *permits) release(most int) bool {
	p.mu.Lock()
	if p.spare+1 >= most {
		p.mu.Unlock()
		return false
	}
	p.spare++
	p.passOn(1)
	return true
}

// passOn wakes as many as there are permits for, but at most n, and unlocks.
func (p *permits) passOn(n int) {
	for ; n > 0 && p.unpromised() > 0 && p.waiters.Len() > 0; n-- {
		next := p.wakeOne()
		p.mu.Unlock()
		next.Do()
		p.mu.Lock()
	}
	p.mu.Unlock()
}

// force takes a permit whether or not there is one, for who cannot wait for it any more
// and will give it back: until all have, nobody else gets one.
func (p *permits) force() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.spare--
}

// holder is what With works on.
type holder interface {
	Acquire(ctx context.Context) error
	Release() error
}

// with calls f while l is held.
func with(ctx context.Context, l holder, f func() error) (err error) {
	if err := l.Acquire(ctx); err != nil {
		return err
	}
	defer func() {
		if e := l.Release(); err == nil {
			err = e
		}
	}()
	return f()
}

var (
	_ holder = (*Lock)(nil)
	_ holder = (*Condition)(nil)
	_ holder = (*Semaphore)(nil)
	_ holder = (*BoundedSemaphore)(nil)
)
