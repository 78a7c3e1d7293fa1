package asyncio

import (
	"runtime"
	"runtime/debug"
	"time"

	"github.com/go-asyncio/asyncio/internal/coro"
	"github.com/go-asyncio/asyncio/internal/engine"
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
	todo   int // callbacks still to run
	events []engine.Event
	nextEv int // the first event not yet dispatched

	begun    bool // the run has had a pass, which may still be under way
	polling  bool // the engine is being asked: what fails now is its doing
	first    bool // no poll has been made in this run
	rested   bool // the last poll was an idle loop's: its time says nothing
	skipped  int  // passes since the last poll
	ran      int  // callbacks since the last poll
	mayskip  int  // how many passes may go without a poll
	lastPoll time.Duration

	hot   int // idle moments in which to expect other goroutines
	lucky int // idle moments in which to expect events

	to       engine.Completer // what runs now, or ran last;
	fn       func()           // if it is a node, the user's function; else an earlier one
	stepping *taskBase        // the task, if it is one's
}

const (
	// maxWait is the longest wait of one poll, as in asyncio.
	maxWait = 24 * time.Hour

	// While callbacks keep the loop busy, its own or those that other goroutines
	// bring, descriptors and timers wait for at most maxSkip passes or maxRun
	// callbacks, whichever is first; and the loop polls in every pass unless its
	// passes are short: skipTime is what the passes between two polls should take
	// together.
	maxSkip   = 64
	startSkip = 8
	maxRun    = 512
	skipTime  = 50 * time.Microsecond

	// yields is how often an idle loop gives way before it sleeps, looking at
	// its inbox each time: a goroutine that answers at once finds it awake. Only
	// loops that had such company in the last stayHot idle moments do so.
	yields  = 8
	stayHot = 64

	// stayLucky is for how many idle moments without an event the loop still
	// tries a poll that cannot sleep before one that can: under load the
	// former is cheaper, for it goes past the scheduler.
	stayLucky = 4

	// lingerBefore is how long it must be until the next timer if a poll may linger.
	lingerBefore = time.Millisecond
)

func (l *baseLoop) beginRun() {
	l.over, l.first = false, true
	l.mayskip = startSkip
	l.seen = l.now()
}

// turns runs passes until the run is over, which it reports; it also returns if
// a callback did not, and the next call goes on behind it: with the rest of the
// pass, if there is one, and with the end of the pass in any case.
func (l *baseLoop) turns() (over bool) {
	defer func() {
		if !over {
			l.callbackFailed(recover())
		}
	}()
	if !l.begun {
		l.begun = true
		l.collect()
	}
	for {
		l.dispatch()
		if l.over || l.stopping.Load() {
			return true
		}
		if l.ready.len > 0 && l.skipped < l.mayskip && l.ran < maxRun && l.timers.Len() == 0 && l.inbox.Empty() {
			// A pass that does not poll has nothing to do but run what is ready.
			l.skipped++
			l.todo = l.ready.len
		} else {
			l.collect()
		}
	}
}

// callbackFailed deals with a callback that did not return, by what was
// recovered: nil if it called Goexit.
func (l *baseLoop) callbackFailed(recovered any) {
	switch {
	case l.polling:
		l.engineFailed(recovered)
	case recovered == nil:
		l.callbackExited()
	case coro.WasGoexit(recovered):
		l.stepping.exited()
	default:
		l.callbackPanicked(recovered, debug.Stack())
	}
}

// engineFailed ends the run: a selector or a proactor of the user's did not return
// from its wait, and would not from the next one.
func (l *baseLoop) engineFailed(recovered any) {
	l.polling = false
	l.watch.asleep.Store(false)
	err := ErrGoexit
	if recovered != nil {
		err = &PanicError{recovered, debug.Stack()}
	}
	l.fail(opError("poll", err))
}

// cutShort leaves the rest of the pass for the next run.
func (l *baseLoop) cutShort() {
	l.todo = 0
	for ; l.nextEv < len(l.events); l.nextEv++ {
		e := l.events[l.nextEv]
		l.schedule(e.To, e.Ev)
	}
}

// collect polls and queues: all of a pass but the running of it.
func (l *baseLoop) collect() {
	if l.watch.asked.Load() {
		l.answer()
	}
	l.catchUp()
	if l.staleTimers.Load() > 0 {
		l.sweepTimers()
	}
	var events []engine.Event
	var err error
	polled := true
	due := l.timerDue(l.seen)
	switch {
	case l.ready.len == 0 && !due && !l.stopping.Load():
		events, polled, err = l.pollIdle()
	case due || l.mustPoll():
		events, err = l.poll(0)
	default:
		polled = false
	}
	if err != nil {
		l.fail(opError("poll", err))
		return
	}
	if polled {
		l.polled()
	} else {
		l.skipped++
	}
	l.queue(events)
}

// mustPoll reports that the pass may not go without a poll. A timer that is due
// is another reason, so that it cannot overtake what was ready before it: the
// time that the loop has seen moves on at a poll, and where a timer is set.
func (l *baseLoop) mustPoll() bool {
	return l.first || l.skipped >= l.mayskip || l.ran >= maxRun || l.stopping.Load()
}

// poll asks the engine.
func (l *baseLoop) poll(timeout time.Duration) ([]engine.Event, error) {
	l.polling = true
	events, err := l.eng.Poll(timeout)
	l.polling = false
	return events, err
}

// polled notes that a poll was made, and sets how many passes may go without
// one by how long those since the poll before took.
func (l *baseLoop) polled() {
	idle := l.skipped == 0 && l.ready.len == 0
	if !idle || l.timers.Len() > 0 {
		l.seen = l.now()
	}
	if !idle && !l.rested {
		if l.seen-l.lastPoll > skipTime {
			l.mayskip /= 2
		} else {
			l.mayskip = min(2*l.mayskip+1, maxSkip)
		}
	}
	l.rested = idle
	l.lastPoll = l.seen
	l.first = false
	l.skipped, l.ran = 0, 0
	l.noteSlack()
}

// queue takes what a poll brought. With nothing else to run, events need no
// queue: they are dispatched one by one, and what they schedule waits for the
// next pass all the same.
func (l *baseLoop) queue(events []engine.Event) {
	if len(events) > 0 && l.ready.len == 0 && !l.outer && !l.debug.Load() && !l.timerDue(l.seen) {
		l.events, l.nextEv = events, 0
		return
	}
	for _, e := range events {
		l.ready.push(readyItem{e.To, e.Ev})
	}
	if l.timers.Len() > 0 {
		l.queueDueTimers(l.seen)
	}
	l.todo = l.ready.len
}

// pollIdle polls when there is nothing to run, unless other goroutines bring
// something while it is about to.
func (l *baseLoop) pollIdle() (events []engine.Event, polled bool, err error) {
	if l.lucky > 0 || l.first {
		events, err := l.poll(l.briefly())
		if err != nil || len(events) > 0 {
			l.lucky = stayLucky
			return events, true, err
		}
		l.lucky--
	}
	timeout := engine.Forever
	if when, ok := l.timers.Min(); ok {
		timeout = min(max(when-l.now(), 0), maxWait)
	}
	if l.hot > 0 && l.yield() {
		return l.pollBusy()
	}
	l.restSlack()
	l.forgetCurrent()
	if !l.inbox.Sleep() {
		return l.pollBusy()
	}
	l.watch.asleep.Store(true)
	events, err = l.poll(timeout)
	l.watch.asleep.Store(false)
	l.inbox.Awake()
	if !l.inbox.Empty() {
		l.hot = stayHot
		l.takeInbox()
	}
	if len(events) > 1 {
		l.lucky = stayLucky
	}
	return events, true, err
}

// pollBusy takes what has come instead of the sleep. Whoever keeps the loop from
// sleeping so, again and again, does not keep it from its descriptors.
func (l *baseLoop) pollBusy() (events []engine.Event, polled bool, err error) {
	l.hot = stayHot
	l.takeInbox()
	if !l.mustPoll() {
		return nil, false, nil
	}
	events, err = l.poll(0)
	return events, true, err
}

// briefly is the timeout of a poll that is not to sleep: it may linger if nobody waits.
func (l *baseLoop) briefly() time.Duration {
	if l.first || l.hot > 0 || !l.inbox.Empty() {
		return 0
	}
	if when, ok := l.timers.Min(); ok && when-l.now() < lingerBefore {
		return 0
	}
	return engine.BriefWait
}

// forgetCurrent lets go of what ran last, for the time in which nothing runs.
func (l *baseLoop) forgetCurrent() { l.fn, l.to, l.stepping = nil, nil, nil }

// yield gives other goroutines the processor for a moment and reports whether
// one of them has left something in the inbox.
func (l *baseLoop) yield() bool {
	for range yields {
		runtime.Gosched()
		if !l.inbox.Empty() {
			return true
		}
	}
	l.hot--
	return false
}

// dispatch runs what the pass has.
func (l *baseLoop) dispatch() {
	for l.nextEv < len(l.events) {
		e := l.events[l.nextEv]
		l.nextEv++
		l.to = e.To
		e.To.Complete(e.Ev)
	}
	if l.debug.Load() {
		for l.todo > 0 {
			l.todo--
			l.runTimed(l.ready.pop())
		}
		return
	}
	l.ran += l.todo
	for l.todo > 0 {
		l.todo--
		i := l.ready.pop()
		l.to = i.to
		i.to.Complete(i.ev)
	}
}

// Complete runs the callback of a node, which is free before that starts.
func (n *node) Complete(uint64) {
	l, fn := n.loop, n.fn
	if fn == nil || n.shared || n.origin != nil {
		n.completeOther()
		return
	}
	run := n.claim()
	n.fn = nil
	l.free = append(l.free, n)
	if run {
		l.fn = fn
		fn()
	}
}

// completeOther is Complete for a node that is not simply a callback of a user's.
func (n *node) completeOther() {
	l, fn, to, ev := n.loop, n.fn, n.to, n.ev
	run := n.claim()
	l.freeNode(n)
	switch {
	case !run:
	case fn != nil:
		l.fn = fn
		fn()
	default:
		l.to = to
		to.Complete(ev)
	}
}
