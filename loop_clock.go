package asyncio

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-asyncio/asyncio/internal/sched"
)

// Clock is what a loop reads the time from in the place of the system's monotonic clock; see
// WithClock. Any goroutine may call it. It must not panic.
type Clock interface {
	// Now is the time since some moment that never changes. It never goes back.
	Now() time.Duration
}

// VirtualClock is a Clock whose time does not go by as real time does. A loop that has nothing
// to run cannot wait in real time until its next timer is due: it asks such a clock how long
// to sleep, and is woken when the clock is moved on. asynciotest.Clock is one.
type VirtualClock interface {
	Clock

	// Join is called when a run of a loop begins, on the loop's goroutine, and what it
	// returns is used until that run ends. wake ends a sleep of that loop's, also one that is
	// about to begin; any goroutine may call it, at any time. A clock that several loops
	// have is joined by each that runs.
	Join(wake func()) ClockSleeper
}

// ClockSleeper is a VirtualClock as one run of a loop has it. It is called on the loop's
// goroutine. A panic ends the run with an error.
type ClockSleeper interface {
	// Sleep is called when the loop has nothing to run, before it waits for the system. until
	// is when its next timer is due by this clock; math.MaxInt64: it has none. timeout is
	// how long the loop may wait in real time: 0 and less is not at all, math.MaxInt64 has
	// no limit. It waits for less if something comes, or wake is called.
	Sleep(until time.Duration, w ClockWait) (timeout time.Duration)

	// Awake is called when that wait is over, before anything runs. idle says that nothing has
	// come: neither from the system nor from other goroutines. The loop then reads the clock,
	// runs the timers that are due by it, and if there are none comes back to Sleep.
	Awake(idle bool)

	// Leave is called when the run ends.
	Leave()
}

// ClockWait is what a loop that goes to sleep waits for beside timers.
type ClockWait struct {
	// Elsewhere: something that the loop has begun is under way on another goroutine and
	// ends by itself: a function in an executor, or one that waits for its turn there; a
	// name that is looked up; a program that is being started. When it is over, the result
	// is handed to the loop first, and then wake is called.
	Elsewhere bool

	// IO: the loop has something open of which the system may tell it: a connection, a
	// listening socket, a descriptor with a callback, a child process.
	IO bool
}

// coreClock is a clock as a loop's core has it. io says whether the loop has something open.
func coreClock(c Clock, e *elsewhere, io func() bool) sched.Clock {
	v, ok := c.(VirtualClock)
	if !ok {
		return c
	}
	e.counted = true
	return &loopClock{VirtualClock: v, elsewhere: e, io: io}
}

// loopClock is a VirtualClock as a loop's core has it.
type loopClock struct {
	VirtualClock
	elsewhere *elsewhere
	io        func() bool
	sleeper   ClockSleeper // of the run under way
}

// Begin implements sched.Sleeper.
func (c *loopClock) Begin(wake func()) { c.sleeper = c.Join(wake) }

// Sleep implements sched.Sleeper.
func (c *loopClock) Sleep(until time.Duration) time.Duration {
	return c.sleeper.Sleep(until, ClockWait{Elsewhere: c.elsewhere.n.Load() > 0, IO: c.io()})
}

// Awake implements sched.Sleeper.
func (c *loopClock) Awake(idle bool) { c.sleeper.Awake(idle) }

// End implements sched.Sleeper.
func (c *loopClock) End() {
	s := c.sleeper
	c.sleeper = nil
	s.Leave()
}

// elsewhere is what a loop has begun that is under way on other goroutines, for a VirtualClock.
type elsewhere struct {
	counted bool // there is such a clock
	n       atomic.Int64
	wake    func() // wakes the loop; any goroutine
}

// begin notes something. over, which is nil if nobody wants to know, is called when the loop
// has been given its result. It may be called again, by any goroutine.
func (e *elsewhere) begin() (over func()) {
	if !e.counted {
		return nil
	}
	e.n.Add(1)
	return sync.OnceFunc(func() {
		e.n.Add(-1)
		e.wake()
	})
}
