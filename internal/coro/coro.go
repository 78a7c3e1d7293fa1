// Package coro switches between a loop and its coroutines.
//
// A coroutine is the goroutine of an [iter.Pull]: control moves to it and back
// by a direct switch, several times cheaper than a hand-over through a channel,
// and only one of the two sides ever runs. A [Pool] keeps finished coroutines
// and gives them new work, so that a task costs no goroutine of its own.
//
// The runtime demands that a coroutine is always resumed under the thread-lock
// state under which it was made; anything else is a fatal error. So a pool
// belongs to one loop, whose goroutine makes and resumes all of its coroutines,
// and no code that runs in one may call runtime.LockOSThread.
//
// [runtime.Goexit] inside a coroutine would be passed on by iter.Pull to
// whoever resumes it, and so end the loop's goroutine. A function deferred at
// the coroutine's root answers it with a private panic instead, which Resume
// recovers: the coroutine is lost, the loop goes on.
package coro

import (
	"iter"
	"runtime"
	"runtime/debug"
)

// Status says how a call of Resume ended.
type Status uint8

const (
	// Suspended: the coroutine called Suspend and waits for its next Resume.
	Suspended Status = iota
	// Done: the work returned; the coroutine is back in its pool.
	Done
	// Exited: the work called runtime.Goexit, or was unwound; its deferred
	// functions have run and the coroutine is gone.
	Exited
	// Panicked: the work panicked and did not recover; Panic tells with what.
	Panicked
)

// Work is what a coroutine runs. It is an interface so that a task can be
// handed over without a closure.
type Work interface{ Run(c *Coro) }

// Pool makes coroutines and keeps the idle ones. The zero value is ready. It
// belongs to the goroutine of one loop.
type Pool struct {
	// Owner is free for the pool's user.
	Owner any

	// Started, if set, is called on each new coroutine's own goroutine before
	// its first work, and Ended after its last.
	Started, Ended func(c *Coro)

	idle   []*Coro
	body   func(yield func(struct{}) bool) // of all coroutines
	making *Coro                           // which takes note that the body is its own
}

// maxIdle bounds the memory that finished coroutines hold (each some 3 KiB).
const maxIdle = 512

// Coro is one coroutine. All its methods belong to the pool's loop, except
// Suspend, which the coroutine calls on itself.
//
// What there is once for each coroutine is kept small and in one object: tens of thousands of
// them may wait at a time.
type Coro struct {
	// ID is free for the pool's user: whose goroutine it is. Task is what it runs: the work, until
	// that has put there what else it is for the pool's user. It is nil between two works.
	ID   int64
	Task any

	pool     *Pool
	next     func() (struct{}, bool)
	yield    func(struct{}) bool
	panicked *panicked
	refusals int32
	status   Status
	unwind   bool
	clean    bool // the work has returned and the coroutine ends
}

// panicked is the end of a coroutine that did not recover.
type panicked struct {
	value any
	stack []byte
}

// goexited is the private panic that stands for a Goexit between a coroutine's
// root and Resume.
type goexited struct{}

// Get returns a coroutine that will run w at its first Resume.
func (p *Pool) Get(w Work) *Coro {
	var c *Coro
	if n := len(p.idle); n > 0 {
		c = p.idle[n-1]
		p.idle[n-1] = nil
		p.idle = p.idle[:n-1]
	} else {
		c = &Coro{pool: p}
		c.start()
	}
	c.Task = w
	return c
}

// Pool returns whose coroutine it is.
func (c *Coro) Pool() *Pool { return c.pool }

// Idle returns how many finished coroutines wait for work.
func (p *Pool) Idle() int { return len(p.idle) }

// Close ends the idle coroutines; their goroutines are gone when it returns.
func (p *Pool) Close() {
	for i, c := range p.idle {
		p.idle[i] = nil
		c.next() // with no work
	}
	p.idle = nil
}

// start makes the coroutine itself: one piece of work after another, with a stay in the pool
// in between.
func (c *Coro) start() {
	p := c.pool
	if p.body == nil {
		p.begin()
	}
	// What would stop it is let go of: without work it comes to its end by itself.
	c.next, _ = iter.Pull(p.body)
	p.making = c
	c.next() // until it has taken note of that
}

// begin makes the body of all coroutines: a function for each would be one more object that is
// there as long as the coroutine.
//
// Its frame is, too, so what it does not need all the time it calls, and it is no method, which
// would have a frame for the conversion to a function.
func (p *Pool) begin() {
	p.body = func(yield func(struct{}) bool) {
		c := p.making
		defer c.ended()
		c.began(yield)
		yield(struct{}{})
		for w := c.work(); w != nil; w = c.work() {
			w.Run(c)
			if c.rest() {
				yield(struct{}{})
				c.status = Suspended
			}
		}
		c.clean = true
	}
}

// work is what the coroutine has been given to run, nil if it is to end.
//
//go:noinline
func (c *Coro) work() Work {
	w, _ := c.Task.(Work)
	return w
}

// began is called on the coroutine when it begins.
//
//go:noinline
func (c *Coro) began(yield func(struct{}) bool) {
	c.yield = yield
	if c.pool.Started != nil {
		c.pool.Started(c)
	}
}

// rest takes note that the work is done, and reports whether the coroutine goes back to the
// pool.
//
//go:noinline
func (c *Coro) rest() bool {
	c.Task = nil
	c.status = Done
	p := c.pool
	if len(p.idle) == maxIdle {
		return false
	}
	p.idle = append(p.idle, c)
	return true
}

// ended is deferred: it is the end of the coroutine. It takes no arguments and is no closure,
// so that the coroutine's first frame is small.
func (c *Coro) ended() {
	if c.pool.Ended != nil {
		c.pool.Ended(c)
	}
	if c.clean {
		return
	}
	c.Task = nil
	if r := recover(); r != nil {
		c.status, c.panicked = Panicked, &panicked{r, debug.Stack()}
		return
	}
	c.status = Exited
	panic(goexited{})
}

// Resume switches to the coroutine until it suspends, returns or is gone.
func (c *Coro) Resume() Status {
	c.enter()
	return c.status
}

// Switch is Resume without the cost of a deferred function. If the coroutine
// ends by Goexit, the private panic that stands for it reaches the caller's own
// deferred function, which asks WasGoexit.
func (c *Coro) Switch() Status {
	c.next()
	return c.status
}

// Status returns how the last switch to the coroutine ended.
func (c *Coro) Status() Status { return c.status }

// WasGoexit tells a recovered value that stands for the Goexit of a coroutine
// that was resumed with Switch.
func WasGoexit(recovered any) bool {
	_, ok := recovered.(goexited)
	return ok
}

func (c *Coro) enter() {
	defer func() {
		if r := recover(); r != nil && !WasGoexit(r) {
			panic(r)
		}
	}()
	c.next()
}

// Suspend switches back to whoever resumed the coroutine and returns at the
// next Resume. If the coroutine is being unwound it does not return.
func (c *Coro) Suspend() {
	if c.Leave() {
		runtime.Goexit()
	}
}

// Leave is Suspend for a caller that has little time: it reports that the coroutine is being
// unwound, and the caller then calls runtime.Goexit. It is inlined. The processor predicts
// where a call returns to by the calls that it has seen, and is wrong for each one that is under
// way while coroutines are switched: so there are to be few of them.
func (c *Coro) Leave() (unwound bool) {
	c.yield(struct{}{})
	return c.unwind
}

// maxRefusals is how often code that runs while its coroutine is unwound may
// come back to wait before it is unwound again, from there: what retries for
// ever in a deferred function would otherwise never end.
const maxRefusals = 1000

// Unwinding reports whether the coroutine is being ended by Unwind. A function
// that would suspend asks it first and must not suspend if it is true. It ends
// code that asks without end.
func (c *Coro) Unwinding() bool { return c.unwind && c.refuse() }

// Unwound reports whether Leave has come back because the coroutine is being ended by Unwind.
func (c *Coro) Unwound() bool { return c.unwind }

func (c *Coro) refuse() bool {
	if c.refusals++; c.refusals > maxRefusals {
		c.refusals = 0
		runtime.Goexit()
	}
	return true
}

// Unwind ends a suspended coroutine: its deferred functions run, whatever they
// recover, and its goroutine is gone when Unwind returns.
func (c *Coro) Unwind() Status {
	c.unwind = true
	return c.Resume()
}

// Panic returns what the coroutine panicked with, and its stack, after a Resume
// that returned Panicked.
func (c *Coro) Panic() (value any, stack []byte) {
	if c.panicked == nil {
		return nil, nil
	}
	return c.panicked.value, c.panicked.stack
}
