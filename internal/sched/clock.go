package sched

import (
	"math"
	"sync"
	"time"
)

// Clock is a monotonic clock in the place of the system's. Any goroutine may read it.
type Clock interface {
	// Now is the time since some moment that never changes.
	Now() time.Duration
}

// clock is the loop's clock: the system's, unless another one is given.
type clock struct {
	given      Clock
	epoch      time.Time // where the system's began
	resolution time.Duration
}

func (c *clock) init(given Clock) {
	c.epoch = time.Now()
	if c.given = given; given == nil {
		c.resolution = systemResolution()
	}
}

func (c *clock) now() time.Duration {
	if c.given != nil {
		return c.given.Now()
	}
	return time.Since(c.epoch)
}

// systemResolution measures the smallest step that the monotonic clock shows. It
// believes in one that it has seen several times, so that on a machine that has no
// time for it the pauses are not taken for the clock's.
var systemResolution = sync.OnceValue(func() time.Duration {
	const enough, most = 8, 1024
	best, seen := time.Duration(math.MaxInt64), 0
	epoch := time.Now()
	for tries := 0; tries < most && seen < enough; tries++ {
		t := time.Since(epoch)
		u := t
		for u == t {
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
})

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
