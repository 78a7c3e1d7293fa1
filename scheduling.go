package asyncio

import (
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/mailbox"
	"github.com/go-asyncio/asyncio/internal/timers"
)

// scheduling is the part of a loop that knows what is to run, and when.
type scheduling struct {
	epoch      time.Time // where the loop's clock began
	resolution time.Duration
	seen       time.Duration // the latest time that the loop has read

	ready       readyQueue
	timers      timers.Queue[*node]
	staleTimers atomic.Int64 // cancelled from other goroutines, still queued
	free        []*node
	foreign     sync.Pool // the free nodes of other goroutines: *node
	slack       slack

	inbox *mailbox.Box[readyItem]
	taken []readyItem // what was taken from the inbox, kept for its memory
}

func (l *baseLoop) initScheduling() {
	l.epoch = time.Now()
	l.resolution = clockResolution()
	l.foreign.New = func() any { return &node{loop: l, shared: true} }
	l.inbox = mailbox.New[readyItem](l.eng.Wake)
}

// clockResolution measures the smallest step that the monotonic clock shows. It
// believes in one that it has seen several times, so that on a machine that has no
// time for it the pauses are not taken for the clock's.
var clockResolution = sync.OnceValue(func() time.Duration {
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

// Time returns the loop's monotonic time. It reads the clock afresh. Any
// goroutine may call it. (loop.time)
func (l *baseLoop) Time() time.Duration { return l.now() }

func (l *baseLoop) now() time.Duration { return time.Since(l.epoch) }

// CallSoon runs f in the next pass, in the order of the calls. f must not call
// runtime.LockOSThread; use ToThread or a pinned loop for what needs a thread.
// Loop only: ErrWrongGoroutine, ErrLoopClosed; nil f: ErrInvalidArgument.
// (loop.call_soon)
func (l *baseLoop) CallSoon(f func()) (Handle, error) {
	if f == nil {
		return Handle{}, invalid("CallSoon", "the callback is nil")
	}
	held := false
	if goroutineID() != l.bodyID.Load() || l.closed.Load() {
		var err error
		if held, err = l.enter("CallSoon"); err != nil {
			return Handle{}, err
		}
	}
	n := l.newNode()
	n.fn = f
	if l.debug.Load() {
		n.origin = newOrigin()
	}
	h := n.handle()
	l.catchUp()
	l.ready.push(readyItem{to: n})
	if held {
		l.leave()
	}
	return h, nil
}

// catchUp makes sure that what is queued next comes behind all that was
// scheduled before, also by other goroutines.
func (l *baseLoop) catchUp() {
	if !l.inbox.Empty() {
		l.takeInbox()
	}
}

// takeInbox moves what other goroutines scheduled to the ready queue.
func (l *baseLoop) takeInbox() {
	l.taken = l.inbox.Take(l.taken[:0])
	for i, item := range l.taken {
		l.ready.push(item)
		l.taken[i] = readyItem{}
	}
	if cap(l.taken) > 1<<16 {
		l.taken = nil
	}
}

// schedule is CallSoon for the loop's own work. Loop only.
func (l *baseLoop) schedule(to engine.Completer, ev uint64) {
	if l.outer && l.scheduleOuter(to, ev) {
		return
	}
	l.catchUp()
	l.ready.push(readyItem{to, ev})
}

// scheduleOuter lets a loop of the user's see the callback.
func (l *baseLoop) scheduleOuter(to engine.Completer, ev uint64) bool {
	_, err := l.self.CallSoon(func() { to.Complete(ev) })
	return err == nil
}

// post is CallSoonThreadsafe for the loop's own work. It reports false on a
// closed loop.
func (l *baseLoop) post(to engine.Completer, ev uint64) bool {
	if l.outer {
		// A loop of the user's sees what comes from elsewhere; what it refuses is the
		// loop's all the same.
		if _, err := l.self.CallSoonThreadsafe(func() { to.Complete(ev) }); err == nil {
			return true
		}
	}
	return l.inbox.Put(readyItem{to, ev})
}

// callback is a function as a Completer.
type callback func()

func (f callback) Complete(uint64) { f() }

// CallSoonThreadsafe is CallSoon for any goroutine. It keeps the order with
// CallSoon: what was scheduled first runs first. ErrLoopClosed.
// (loop.call_soon_threadsafe)
func (l *baseLoop) CallSoonThreadsafe(f func()) (Handle, error) {
	if f == nil {
		return Handle{}, invalid("CallSoonThreadsafe", "the callback is nil")
	}
	n := l.foreign.Get().(*node)
	n.fn = f
	if l.debug.Load() {
		n.origin = newOrigin()
	}
	h := n.handle()
	if !l.inbox.Put(readyItem{to: n}) {
		n.fn, n.origin = nil, nil
		l.foreign.Put(n)
		return Handle{}, opError("CallSoonThreadsafe", ErrLoopClosed)
	}
	return h, nil
}

// CallLater runs f when d has passed, counted from this call. Loop only.
// (loop.call_later)
func (l *baseLoop) CallLater(d time.Duration, f func()) (TimerHandle, error) {
	held, err := l.enter("CallLater")
	if err != nil {
		return TimerHandle{}, err
	}
	if held {
		defer l.leave()
	}
	l.seen = l.now()
	return l.setTimer("CallLater", addTime(l.seen, d), f)
}

// addTime adds without overflow: a timer too far away is never due.
func addTime(t, d time.Duration) time.Duration {
	if d > 0 && t > math.MaxInt64-d {
		return math.MaxInt64
	}
	if d < 0 && t < math.MinInt64-d {
		return math.MinInt64
	}
	return t + d
}

// CallAt runs f at the given loop time, or in the next pass if that has passed.
// Timers due at the same time run in the order in which they were set. Loop
// only. (loop.call_at)
func (l *baseLoop) CallAt(when time.Duration, f func()) (TimerHandle, error) {
	held, err := l.enter("CallAt")
	if err != nil {
		return TimerHandle{}, err
	}
	if held {
		defer l.leave()
	}
	return l.setTimer("CallAt", when, f)
}

func (l *baseLoop) setTimer(op string, when time.Duration, f func()) (TimerHandle, error) {
	if f == nil {
		return TimerHandle{}, invalid(op, "the callback is nil")
	}
	n := l.newNode()
	n.fn = f
	if l.debug.Load() {
		n.origin = newOrigin()
	}
	l.addTimer(n, when)
	return TimerHandle{n.handle(), when}, nil
}

// scheduleAt is CallAt for the loop's own work. Loop only.
func (l *baseLoop) scheduleAt(when time.Duration, to engine.Completer, ev uint64) TimerHandle {
	if l.outer {
		// A loop of the user's may want to see every timer.
		if h, err := l.self.CallAt(when, func() { to.Complete(ev) }); err == nil {
			return h
		}
	}
	n := l.newNode()
	n.to, n.ev = to, ev
	l.addTimer(n, when)
	return TimerHandle{n.handle(), when}
}

func (l *baseLoop) addTimer(n *node, when time.Duration) {
	n.timer, n.timed = l.timers.Add(when, n), true
}

// dropTimer takes a cancelled node out of the timer queue. One that is in the
// ready queue already stays there until its turn.
func (l *baseLoop) dropTimer(n *node) {
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
func (l *baseLoop) sweepTimers() {
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
func (l *baseLoop) queueDueTimers(t time.Duration) {
	limit := addTime(t, l.resolution)
	for {
		n, ok := l.timers.PopDue(limit)
		if !ok {
			return
		}
		n.timed = false
		l.ready.push(readyItem{to: n})
	}
}

// timerDue reports whether a timer is due at t.
func (l *baseLoop) timerDue(t time.Duration) bool {
	when, ok := l.timers.Min()
	return ok && when <= addTime(t, l.resolution)
}
