package sched

import (
	"time"

	"github.com/go-asyncio/asyncio/internal/coro"
	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/invariants"
)

// pass is one turn of the loop:
//
//	poll     without waiting if something is ready or a stop is asked for,
//	         else until the next timer, a day at most; not in every pass while
//	         callbacks keep the loop busy (maxSkip), but before any timer that
//	         is due and before the last pass of a run
//	queue    what the poll brought, then the timers that are due
//	run      what is queued at this moment, and nothing that it adds
//
// Where it is in a pass is kept here and not on the stack, so that another body
// can go on after a callback took one down.
type pass struct {
	end    uint // where the callbacks end that are to run: a count of the queue's
	known  uint // the end up to which callbacksSincePoll has them
	events []engine.Event
	nextEv int // the first event not yet dispatched

	begun    bool // the run has had a pass, which may still be under way
	polling  bool // the engine is being asked: what fails now is its doing
	first    bool // no poll has been made in this run
	wasIdle  bool // the last poll was an idle loop's: its time says nothing
	skipped  int  // passes since the last poll
	lastPoll time.Duration

	unshown int           // polls and events since the loop looked whether it is to show itself
	shown   time.Duration // when it did

	skipLimit          int // how many passes may go without a poll
	callbacksSincePoll int

	expectInbox  int // idle moments in which to expect other goroutines
	expectEvents int // idle moments in which to expect events

	to engine.Completer // what runs now, or ran last;
	fn func()           // if it is a node, the user's function; else an earlier one
}

func (l *Loop) beginRun() {
	l.over, l.first = false, true
	l.skipLimit = startSkip
	l.clock.begin(l.eng.Wake)
	l.Advance()
}

// turns runs passes until the run is over, which it reports; it also returns if
// a callback did not, and the next call goes on behind it: with the rest of the
// pass, if there is one, and with the end of the pass in any case.
func (l *Loop) turns() (over bool) {
	defer func() {
		if !over {
			l.didNotReturn(recover())
		}
	}()
	if !l.begun {
		l.begun = true
		l.collect()
	}
	for {
		// Here and not in a function of its own, and not by what is completed: there is no call
		// between the pass and a coroutine, whose return the processor would predict wrongly
		// after it.
		for l.nextEv < len(l.events) {
			e := l.events[l.nextEv]
			l.nextEv++
			l.to = e.To
			e.To.Complete(e.Ev)
			if l.resuming != nil {
				if c := l.toResume(); c.Switch() != coro.Suspended {
					l.Stepping.Left(c.Status())
				}
			}
		}
		if l.Debug.Load() {
			l.dispatchTimed()
		} else {
			if l.known != l.end {
				l.known = l.end
				l.callbacksSincePoll += int(l.end - l.ready.head)
			}
			for l.ready.head != l.end {
				i := l.ready.pop()
				l.to = i.To
				if _, ok := i.To.(outsideCall); !ok || l.turn(i.Ev) {
					i.To.Complete(i.Ev)
				}
				if l.resuming != nil {
					if c := l.toResume(); c.Switch() != coro.Suspended {
						l.Stepping.Left(c.Status())
					}
				}
			}
		}
		if l.over || l.stopping.Load() {
			return true
		}
		if l.ready.len() > 0 && l.skipped < l.skipLimit && l.callbacksSincePoll < maxRun && l.timers.Len() == 0 && l.inbox.Empty() {
			// A pass that does not poll has nothing to do but run what is ready.
			l.skipped++
			l.end = l.ready.tail
		} else {
			l.collect()
		}
	}
}

// Resume has the loop switch to a coroutine of its pool's as soon as the callback that runs has
// returned, which calls it last: to once a callback. The goroutine is the coroutine's, 0 if that
// is not known: Here is quick in it. Owner only.
func (l *Loop) Resume(of Stepper, c *coro.Coro, goroutine int64) {
	invariants.Check(l.resuming == nil, "a callback goes on in one coroutine")
	l.coroutine.Store(goroutine)
	l.Stepping, l.resuming = of, c
}

// toResume takes the coroutine that Resume was called with.
func (l *Loop) toResume() *coro.Coro {
	c := l.resuming
	l.resuming = nil
	return c
}

// Do completes at once what could have been scheduled: all of it, a coroutine's step included.
// Owner only, in a callback or for one.
func (l *Loop) Do(to engine.Completer, ev uint64) {
	complete(to, ev)
	if l.resuming != nil {
		if c := l.toResume(); c.Switch() != coro.Suspended {
			l.Stepping.Left(c.Status())
		}
	}
}

// dispatchTimed has the host run what the pass has.
func (l *Loop) dispatchTimed() {
	for l.ready.head != l.end {
		i := l.ready.pop()
		l.ran++
		l.to, l.Stepping = i.To, nil
		if _, ok := i.To.(outsideCall); !ok || l.turn(i.Ev) {
			l.host.Timed(i)
		}
	}
}

// cutShort leaves the rest of the pass for the next run.
func (l *Loop) cutShort() {
	l.end = l.ready.head
	l.catchUp()
	for ; l.nextEv < len(l.events); l.nextEv++ {
		e := l.events[l.nextEv]
		l.ready.push(Item{e.To, e.Ev})
	}
}

// Current tells what the loop runs, or has run last: a user's function, or else the
// Completer that was to complete. Both are nil if there was nothing of late. Owner only.
func (l *Loop) Current() (to engine.Completer, f func()) {
	switch to := l.to.(type) {
	case *node:
		return nil, l.fn
	case outsideCall:
		return nil, to
	}
	return l.to, nil
}

// Runs says that what runs now is to, for Current: the Completer that the loop knows has
// only handed on. Owner only.
func (l *Loop) Runs(to engine.Completer) { l.to = to }

// forgetCurrent lets go of what ran last, for the time in which nothing runs.
func (l *Loop) forgetCurrent() { l.fn, l.to, l.Stepping = nil, nil, nil }
