package sched

import (
	"math"
	"sync/atomic"
	"time"
)

// Clock is a monotonic clock in the place of the system's. Any goroutine may read it.
type Clock interface {
	// Now is the time since some moment that never changes.
	Now() time.Duration
}

// Sleeper is a Clock that does not go by itself with the system's: a loop that has nothing to
// run asks it how long to sleep. Everything is called on the loop's goroutine. A panic in
// Sleep or Awake ends the run, as one in a poll does.
type Sleeper interface {
	Clock

	// Begin is called when a run begins. wake ends a sleep, also one that is only about to
	// begin; any goroutine may call it, at any time.
	Begin(wake func())

	// Sleep is called before a poll that may wait. until is when the next timer is due,
	// math.MaxInt64 if there is none. The result is how long the poll may last by the
	// system's clock: 0 and less is not at all, [engine.Forever] has no limit. The sleep may end
	// early, for many reasons.
	Sleep(until time.Duration) (timeout time.Duration)

	// Awake is called when that poll is over. idle says that it has brought nothing, and
	// that nothing has come from other goroutines either.
	Awake(idle bool)

	// End is called when the run ends.
	End()
}

// clock is the loop's clock: the system's, unless another one is given.
type clock struct {
	given      Clock
	sleeper    Sleeper   // given, if it is one
	joined     bool      // the sleeper's Begin was called, and not yet its End
	epoch      time.Time // where the system's began
	resolution time.Duration
}

func (c *clock) init(given Clock) {
	c.epoch = time.Now()
	if c.given = given; given == nil {
		c.resolution = systemResolution()
		return
	}
	c.sleeper, _ = given.(Sleeper)
}

func (c *clock) now() time.Duration {
	if c.given != nil {
		return c.given.Now()
	}
	return time.Since(c.epoch)
}

// begin tells a Sleeper that a run begins.
func (c *clock) begin(wake func()) {
	if c.sleeper != nil {
		c.joined = true
		c.sleeper.Begin(wake)
	}
}

// end tells a Sleeper that the run has ended.
func (c *clock) end() {
	if c.joined {
		c.joined = false
		c.sleeper.End()
	}
}

// measured is the resolution of the system's clock, once it is known.
var measured atomic.Int64

// systemResolution is the smallest step that the system's clock shows, measured once. In a
// bubble of package synctest, where time stands still while anybody runs, it is none.
func systemResolution() time.Duration {
	if known := measured.Load(); known > 0 {
		return time.Duration(known)
	}
	step := measureResolution()
	measured.Store(int64(step))
	return step
}

// mostReadings is how often the clock is read for one step: for longer than the coarsest
// clock stands still, 16 ms.
const mostReadings = 4 << 20

// measureResolution measures the smallest step that the monotonic clock shows, 0 if it stands
// still. It believes in one that it has seen several times, so that on a machine that has no
// time for it the pauses are not taken for the clock's.
func measureResolution() time.Duration {
	const enough, most = 8, 1024
	best, seen := time.Duration(math.MaxInt64), 0
	epoch := time.Now()
	for tries := 0; tries < most && seen < enough; tries++ {
		t := time.Since(epoch)
		u := t
		for reading := 0; u == t; reading++ {
			if reading == mostReadings {
				return 0
			}
			u = time.Since(epoch)
		}
		switch step := u - t; {
		case step < best/2:
			best, seen = step, 1
		case step <= 2*best:
			best = min(best, step)
			seen++
		}
	}
	return best
}

// Later returns the time at which d will have passed. It reads the clock, and the time
// that the loop has seen, by which timers are due, moves on with it. Owner only.
func (l *Loop) Later(d time.Duration) time.Duration {
	return AddTime(l.Advance(), d)
}

// Advance is Now for the owner: the time that the loop has seen moves on with it.
func (l *Loop) Advance() time.Duration {
	l.seen = l.clock.now()
	return l.seen
}

// AddTime adds without overflow: a timer too far away is never due.
func AddTime(t, d time.Duration) time.Duration {
	if d > 0 && t > math.MaxInt64-d {
		return math.MaxInt64
	}
	if d < 0 && t < math.MinInt64-d {
		return math.MinInt64
	}
	return t + d
}
