package sched

import "time"

// counts are what a loop has done so far. Owner only.
type counts struct {
	asked uint64
	told  uint64 // events
	ran   uint64 // what was queued, up to the last poll

	measuring bool          // how long the loop sleeps,
	since     time.Duration // from this time on:
	slept     time.Duration
}

// Counts are what a loop has done so far, and what is queued at the moment.
type Counts struct {
	Polls, Events, Ran uint64
	Ready, Timers      int
	Measured           time.Duration // since sleep was first asked about, and of that
	Asleep             time.Duration // in which nothing was to be done
}

// Counts tells what the loop has done so far. How long it sleeps is measured from the first
// call on. Owner only.
func (l *Loop) Counts() Counts {
	now := l.clock.now()
	if !l.measuring {
		l.measuring, l.since = true, now
	}
	return Counts{
		Polls: l.asked, Events: l.told, Ran: l.ran + uint64(l.callbacksSincePoll),
		Ready: int(l.ready.len()), Timers: l.timers.Len(),
		Measured: now - l.since, Asleep: l.slept,
	}
}

// fallAsleep returns when a sleep begins, if anybody wants to know.
func (l *Loop) fallAsleep() time.Duration {
	if !l.measuring {
		return 0
	}
	return l.clock.now()
}

// wakeUp ends a sleep.
func (l *Loop) wakeUp(began time.Duration) {
	if l.measuring {
		l.slept += l.clock.now() - began
	}
}
