package sched

import (
	"runtime"
	"time"

	"github.com/go-asyncio/asyncio/internal/engine"
)

const (
	// maxWait is the longest wait of one poll, as in asyncio.
	maxWait = 24 * time.Hour

	// maxSkip and maxRun are how many passes or callbacks, whichever is first,
	// descriptors and timers wait at most while callbacks keep the loop busy, its own or
	// those that other goroutines bring. The loop polls in every pass unless its
	// passes are short: skipTime is what the passes between two polls should take
	// together.
	maxSkip   = 64
	startSkip = 8
	maxRun    = 512
	skipTime  = 50 * time.Microsecond

	// yields is how often an idle loop gives way before it sleeps, looking at
	// its inbox each time: a goroutine that answers at once finds it awake. Only
	// loops that had such company in the last stayInbox idle moments do so.
	yields    = 8
	stayInbox = 64

	// stayEvents is for how many idle moments without an event the loop still
	// tries a poll that cannot sleep before one that can: under load the
	// former is cheaper, for it goes past the scheduler.
	stayEvents = 4

	// showTime is after how long the loop shows itself to Go's scheduler, see show, if it finds
	// that this has passed when it looks: after showEvery polls and events, of which a sleep,
	// that takes longest, is sleepShows.
	showTime   = 4 * time.Millisecond
	showEvery  = 512
	sleepShows = 128

	// briefBefore is how long it must be until the next timer if a poll may wait briefly.
	briefBefore = time.Millisecond
)

// collect polls and queues: all of a pass but the running of it.
func (l *Loop) collect() {
	if l.Asked.Load() {
		l.host.Answer()
	}
	l.catchUp()
	if l.clock.sleeper != nil {
		l.Advance() // a callback may have moved it on, and what is due by it does not wait for a poll
	}
	if l.staleTimers.Load() > 0 {
		l.sweepTimers()
	}
	if l.unshown >= showEvery {
		l.show()
	}
	var events []engine.Event
	var err error
	polled := true
	due := l.timerDue(l.seen)
	switch {
	case l.ready.len() == 0 && !due && !l.stopping.Load():
		events, polled, err = l.pollIdle()
	case due || l.mustPoll():
		events, err = l.poll(0)
	default:
		polled = false
	}
	if err != nil {
		l.Fail(&Failure{Op: "poll", Err: err})
		return
	}
	if polled {
		l.asked++
		l.told += uint64(len(events))
		l.unshown += 1 + len(events)
		l.polled()
	} else {
		l.skipped++
	}
	l.enqueue(events)
}

// show has Go's scheduler schedule the loop's goroutine anew, if it is time. To the runtime's
// monitor one that never was for 10 ms is one that does not give way, even if it sleeps in the
// system's wait all the time: the monitor then does not sleep any more, signals the thread, and
// takes its processor away in each wait, to be asked for again at its end.
func (l *Loop) show() {
	l.unshown = 0
	if l.clock.given != nil {
		return
	}
	if now := l.clock.now(); now-l.shown >= showTime {
		l.shown = now
		runtime.Gosched()
	}
}

// mustPoll reports that the pass may not go without a poll. A timer that is due
// is another reason, so that it cannot overtake what was ready before it: the
// time that the loop has seen moves on at a poll, and where a timer is set.
func (l *Loop) mustPoll() bool {
	return l.first || l.skipped >= l.skipLimit || l.callbacksSincePoll >= maxRun || l.stopping.Load()
}

// poll asks the engine.
func (l *Loop) poll(timeout time.Duration) ([]engine.Event, error) {
	l.polling = true
	events, err := l.eng.Poll(timeout)
	l.polling = false
	return events, err
}

// polled notes that a poll was made, and sets how many passes may go without
// one by how long those since the poll before took.
func (l *Loop) polled() {
	idle := l.skipped == 0 && l.ready.len() == 0
	if !idle || l.timers.Len() > 0 {
		l.Advance()
	}
	if !idle && !l.wasIdle {
		if l.seen-l.lastPoll > skipTime {
			l.skipLimit /= 2
		} else {
			l.skipLimit = min(2*l.skipLimit+1, maxSkip)
		}
	}
	l.wasIdle = idle
	l.lastPoll = l.seen
	l.first = false
	l.ran += uint64(l.callbacksSincePoll)
	l.skipped, l.callbacksSincePoll = 0, 0
	l.afterPoll()
}

// enqueue takes what a poll brought. With nothing else to run, events need no
// queue: they are dispatched one by one, and what they schedule waits for the
// next pass all the same.
func (l *Loop) enqueue(events []engine.Event) {
	if len(events) > 0 && l.ready.len() == 0 && l.Divert == nil && !l.Debug.Load() && !l.timerDue(l.seen) {
		l.events, l.nextEv = events, 0
		return
	}
	for _, e := range events {
		l.ready.push(Item{e.To, e.Ev})
	}
	if l.timers.Len() > 0 {
		l.queueDueTimers(l.seen)
	}
	l.end = l.ready.tail
}

// pollIdle polls when there is nothing to run, unless other goroutines bring
// something while it is about to.
func (l *Loop) pollIdle() (events []engine.Event, polled bool, err error) {
	simulated := l.clock.given != nil // then nothing comes by waiting for it in other ways than Poll
	if !simulated && (l.expectEvents > 0 || l.first) {
		events, err := l.poll(l.briefly())
		if err != nil || len(events) > 0 {
			l.expectEvents = stayEvents
			return events, true, err
		}
		l.expectEvents--
	}
	timeout := engine.Forever
	if when, ok := l.timers.Min(); ok {
		timeout = min(max(when-l.clock.now(), 0), maxWait)
	}
	if !simulated && l.expectInbox > 0 && l.yield() {
		return l.pollBusy()
	}
	l.beforeSleep()
	l.forgetCurrent()
	if !l.inbox.Sleep() {
		return l.pollBusy()
	}
	l.asleep.Store(true)
	l.unshown += sleepShows
	began := l.fallAsleep()
	if l.clock.sleeper == nil {
		events, err = l.poll(timeout)
	} else {
		events, err = l.pollAsTold()
	}
	l.wakeUp(began)
	l.asleep.Store(false)
	l.inbox.Awake()
	if !l.inbox.Empty() {
		l.expectInbox = stayInbox
		l.takeInbox()
	}
	if len(events) > 1 {
		l.expectEvents = stayEvents
	}
	return events, true, err
}

// pollAsTold is the poll of a loop whose clock says how long it sleeps.
func (l *Loop) pollAsTold() ([]engine.Event, error) {
	until := engine.Forever
	if when, ok := l.timers.Min(); ok {
		until = when
	}
	s := l.clock.sleeper
	l.polling = true // what fails now ends the run: it would fail again
	timeout := max(s.Sleep(until), 0)
	if timeout < engine.Forever {
		timeout = min(timeout, maxWait)
	}
	events, err := l.eng.Poll(timeout)
	s.Awake(err == nil && len(events) == 0 && l.inbox.Empty())
	l.polling = false
	return events, err
}

// pollBusy takes what has come instead of the sleep. Whoever keeps the loop from
// sleeping so, again and again, does not keep it from its descriptors.
func (l *Loop) pollBusy() (events []engine.Event, polled bool, err error) {
	l.expectInbox = stayInbox
	l.takeInbox()
	if !l.mustPoll() {
		return nil, false, nil
	}
	events, err = l.poll(0)
	return events, true, err
}

// briefly is the timeout of a poll that is not to sleep: it may wait for some
// microseconds if nobody waits for the loop.
func (l *Loop) briefly() time.Duration {
	if l.first || l.expectInbox > 0 || !l.inbox.Empty() {
		return 0
	}
	if when, ok := l.timers.Min(); ok && when-l.clock.now() < briefBefore {
		return 0
	}
	return engine.BriefWait
}

// yield gives other goroutines the processor for a moment and reports whether
// one of them has left something in the inbox.
func (l *Loop) yield() bool {
	for range yields {
		runtime.Gosched()
		if !l.inbox.Empty() {
			return true
		}
	}
	l.expectInbox--
	return false
}
