package sched

import (
	"sync/atomic"
	"time"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/goroutine"
	"github.com/go-asyncio/asyncio/internal/timers"
)

// timing is the part of a loop that knows what is to run later.
type timing struct {
	timers      timers.Queue[*node]
	staleTimers atomic.Int64 // cancelled from other goroutines, still queued
}

// Timer refers to one callback that waits for a point in time. It is a small comparable
// value; the zero Timer is harmless. Any goroutine may use it.
type Timer struct {
	ref  Ref
	when time.Duration
}

// At has to complete ev at a time of the loop's clock, or in the next pass if that has
// passed. Timers that are due at the same time run in the order in which they were set.
// Owner only.
func (l *Loop) At(when time.Duration, to engine.Completer, ev uint64) Timer {
	n := l.newNode()
	n.to, n.ev = to, ev
	return l.addTimer(n, when)
}

// FuncAt is At for a function of a user's. made is as for Func, and so is who may call it.
func (l *Loop) FuncAt(when time.Duration, f func(), made *goroutine.Trace) (Timer, State) {
	if l.QuicklyInBody() && !l.closed.Load() {
		return l.funcAt(when, f, made), Owned
	}
	return l.funcAtElsewhere(f, made, func() time.Duration { return when })
}

// FuncLater is FuncAt for the time at which d will have passed.
func (l *Loop) FuncLater(d time.Duration, f func(), made *goroutine.Trace) (Timer, State) {
	if l.QuicklyInBody() && !l.closed.Load() {
		return l.funcAt(l.Later(d), f, made), Owned
	}
	return l.funcAtElsewhere(f, made, func() time.Duration { return l.Later(d) })
}

// funcAtElsewhere is funcAt for who is not the loop's body. when is asked by the owner.
func (l *Loop) funcAtElsewhere(f func(), made *goroutine.Trace, when func() time.Duration) (t Timer, state State) {
	hold, state := l.Acquire()
	if state == Owned {
		t = l.funcAt(when(), f, made)
	}
	hold.Leave()
	return t, state
}

func (l *Loop) funcAt(when time.Duration, f func(), made *goroutine.Trace) Timer {
	n := l.newNode()
	n.fn = f
	if made != nil {
		n.made = made
	}
	return l.addTimer(n, when)
}

func (l *Loop) addTimer(n *node, when time.Duration) Timer {
	n.timer, n.timed = l.timers.Add(when, n), true
	return Timer{n.ref(), when}
}

// Ref refers to the callback.
func (t Timer) Ref() Ref { return t.ref }

// When is the time at which the callback is due.
func (t Timer) When() time.Duration { return t.when }

// Cancel keeps the callback from running and reports whether that is this call's doing. For
// the loop's owner the timer leaves the queue at once; for others it leaves when the loop
// next looks.
func (t Timer) Cancel() bool {
	n := t.ref.n
	if n == nil {
		return false
	}
	l := n.loop
	if !t.ref.Cancel() {
		return false
	}
	switch {
	case l.Here():
		l.dropTimer(n)
	case l.active.Load() || !l.IfOwner(func() { t.drop() }):
		l.staleTimers.Add(1)
	}
	return true
}

// drop takes the timer out of the queue of a loop that has not run since it was
// cancelled: until it does, the node is this timer's.
func (t Timer) drop() {
	if n := t.ref.n; n.state.Load() == t.ref.gen<<1|1 {
		n.loop.dropTimer(n)
	}
}

// Cancelled reports whether the callback was cancelled. It is exact until the timer is
// due; after that it may be false.
func (t Timer) Cancelled() bool {
	n := t.ref.n
	if n == nil {
		return false
	}
	s := n.state.Load()
	if s>>1 == t.ref.gen {
		return s&1 == 1
	}
	// The node is in use again, so this timer has run or was cancelled. Before
	// its time it cannot have run.
	l := n.loop
	return l.clock.now()+l.clock.resolution < t.when
}

// dropTimer takes a cancelled node out of the timer queue. One that is in the
// ready queue already stays there until its turn.
func (l *Loop) dropTimer(n *node) {
	if !n.timed {
		return
	}
	l.timers.Remove(n.timer)
	n.timed = false
	n.claim()
	l.freeNode(n)
}

// sweepTimers drops timers that other goroutines have cancelled, once they are
// the greater part of a queue of some size; until then they leave when due.
func (l *Loop) sweepTimers() {
	stale := l.staleTimers.Load()
	if stale < 50 || stale*2 < int64(l.timers.Len()) {
		return
	}
	l.staleTimers.Add(-stale)
	l.timers.Compact(func(n *node) bool {
		if n.state.Load()&1 == 0 {
			return false
		}
		n.timed = false
		n.claim()
		l.freeNode(n)
		return true
	})
}

// queueDueTimers moves the timers that are due at t to the ready queue.
func (l *Loop) queueDueTimers(t time.Duration) {
	limit := AddTime(t, l.clock.resolution)
	for {
		n, ok := l.timers.PopDue(limit)
		if !ok {
			return
		}
		n.timed = false
		l.ready.push(Item{To: n})
	}
}

// timerDue reports whether a timer is due at t.
func (l *Loop) timerDue(t time.Duration) bool {
	when, ok := l.timers.Min()
	return ok && when <= AddTime(t, l.clock.resolution)
}
