package asynciotest

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
)

// Clock is virtual time for a loop under test (asyncio.WithClock): timers, Sleep, Timeout,
// WaitFor and the deadlines of streams go by it, and an hour takes no time. It stands still
// but for Advance and Set; one of NewJumpingClock also jumps to the next timer by itself when
// nothing else is to come. Any goroutine may use it, coroutines and callbacks of the loop
// included, and so may several loops. (trio.testing.MockClock)
//
// It begins at 0, and a time.Duration ends after 292 years: timers that are further away are
// never due, and the clock stands still there.
//
// # When it jumps
//
// It jumps when each loop that runs by it sleeps, and for none of them
//
//   - a callback, a task or a ready descriptor is there to run,
//   - another goroutine has handed something over (CallSoonThreadsafe and all made of it),
//   - a function that was given to an executor runs or waits for its turn (ToThread,
//     RunInExecutor), a name is looked up, or a program is being started,
//
// and nobody keeps it: see Keep. Then the time is that of the first timer of all the loops,
// exactly; with no timer it stands still. Timers run in the order of their times, as ever.
//
// Whether something comes from the system cannot be foreseen. So a loop that has anything open
// of which the system might tell it (a connection, a listening socket, a descriptor with a
// callback, a child process) must have slept for the clock's threshold of real time without a
// word of it. What takes longer (a peer in another process, a program's end) keeps nothing:
// use a longer threshold, or Keep. The same holds if several loops run by one clock, for
// what is on its way between them.
//
// Package time's and context's timers are no loop's and go by real time, as waits on other
// goroutines do.
type Clock struct {
	mu        sync.Mutex
	now       time.Duration
	jumps     bool
	threshold time.Duration
	kept      int
	sleepers  []*clockSleeper // of the loops that run, in the order in which they began to
}

// never is when the next timer of a loop is that has none.
const never time.Duration = math.MaxInt64

// NewClock makes a clock that stands still unless it is told to go on.
func NewClock() *Clock { return &Clock{} }

// NewJumpingClock makes a clock that jumps to the next timer when nothing else is to come.
// threshold is how long, in real time, a loop with something open waits for the system before
// that; 10 ms is much for what goes over the loopback interface on an idle machine. With 0
// it takes what is there already, and nothing that is on its way.
func NewJumpingClock(threshold time.Duration) *Clock {
	return &Clock{jumps: true, threshold: max(threshold, 0)}
}

// Run is this package's Run with a selector loop by this clock.
func (c *Clock) Run(t testing.TB, f func(ctx context.Context)) {
	t.Helper()
	run(t, func() (asyncio.EventLoop, error) { return asyncio.NewSelectorEventLoop(nil, asyncio.WithClock(c)) }, f)
}

// Now implements asyncio.Clock.
func (c *Clock) Now() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock on, once, and wakes the loops. It does not wait for the timers that are
// due then: these run as if their loop had been held up for so long. It panics if d is
// negative.
func (c *Clock) Advance(d time.Duration) {
	if d < 0 {
		panic(fmt.Sprintf("asynciotest: Clock.Advance(%v): time does not go back; give a duration that is not negative", d))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if d > never-c.now {
		d = never - c.now
	}
	c.move(c.now + d)
}

// Set moves the clock on to t, as Advance does. It panics if that has passed.
func (c *Clock) Set(t time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t < c.now {
		panic(fmt.Sprintf("asynciotest: Clock.Set(%v): it is %v already, and time does not go back; give a later time", t, c.now))
	}
	c.move(t)
}

// Keep has the clock jump no more until release is called: for what comes from a goroutine that
// no loop knows of. It may be called again, and release too, which then does nothing.
func (c *Clock) Keep() (release func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.kept++
	return sync.OnceFunc(func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.kept--
		for _, s := range c.sleepers {
			s.disturb()
		}
	})
}

// move sets the time, and ends the sleep of those whose timers are due.
func (c *Clock) move(now time.Duration) {
	c.now = now
	for _, s := range c.sleepers {
		if s.asleep && s.until <= now {
			s.disturb()
		}
	}
}

// jump moves the clock on to the first timer if all loops are quiet.
func (c *Clock) jump() {
	first := never
	for _, s := range c.sleepers {
		if !s.quiet {
			return
		}
		first = min(first, s.until)
	}
	if first < never && c.kept == 0 {
		c.move(max(c.now, first))
	}
}

// Join implements asyncio.VirtualClock.
func (c *Clock) Join(wake func()) asyncio.ClockSleeper {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := &clockSleeper{clock: c, wake: wake}
	c.sleepers = append(c.sleepers, s)
	return s
}

// clockSleeper is a loop that runs by a Clock.
type clockSleeper struct {
	clock  *Clock
	wake   func()
	asleep bool
	until  time.Duration // its next timer
	wait   asyncio.ClockWait
	idle   bool      // nothing has come
	since  time.Time // when that began, in real time
	quiet  bool      // nothing is to come: it sleeps, and has for long enough
}

// disturb ends the loop's sleep, which then begins anew.
func (s *clockSleeper) disturb() {
	s.idle, s.quiet = false, false
	if s.asleep {
		s.wake()
	}
}

// Sleep implements asyncio.ClockSleeper.
func (s *clockSleeper) Sleep(until time.Duration, w asyncio.ClockWait) time.Duration {
	c := s.clock
	c.mu.Lock()
	defer c.mu.Unlock()
	s.asleep, s.until, s.wait = true, until, w
	switch {
	case until <= c.now:
		return 0
	case !c.jumps || w.Elsewhere || c.kept > 0:
		s.idle = false
		return never
	case !s.idle:
		s.idle, s.since = true, time.Now()
		return s.patience()
	}
	if left := s.patience() - time.Since(s.since); left > 0 {
		return left
	}
	s.asleep, s.quiet = false, true // it need not be woken
	if c.jump(); until <= c.now {
		s.idle, s.quiet = false, false
		return 0
	}
	s.asleep = true
	return never
}

// patience is for how long, in real time, the loop must sleep before the clock jumps.
func (s *clockSleeper) patience() time.Duration {
	if s.wait.IO || len(s.clock.sleepers) > 1 {
		return s.clock.threshold
	}
	return 0
}

// Awake implements asyncio.ClockSleeper.
func (s *clockSleeper) Awake(idle bool) {
	c := s.clock
	c.mu.Lock()
	defer c.mu.Unlock()
	s.asleep, s.quiet = false, false
	s.idle = s.idle && idle
}

// Leave implements asyncio.ClockSleeper.
func (s *clockSleeper) Leave() {
	c := s.clock
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sleepers = slices.DeleteFunc(c.sleepers, func(other *clockSleeper) bool { return other == s })
	c.jump() // the others may have waited for this one alone
}
