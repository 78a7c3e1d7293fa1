package asyncio

import (
	"bytes"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/go-asyncio/asyncio/internal/goroutine"
	"github.com/go-asyncio/asyncio/internal/sched"
)

// blockedAfter is how long a loop may stay away from its engine before that is
// reported, if nobody says otherwise.
const blockedAfter = 5 * time.Second

// WithBlockedReport sets how long a callback or a step of a coroutine may hold the
// loop before it is reported, with the stack of what holds it, and once more when the
// loop goes on; 0 or less: never. The default is five seconds. It costs nothing
// per callback: a timer of the process looks at all running loops. In debug mode
// the report comes when a callback is slow, if that is sooner. A loop in a bubble of
// testing/synctest is not watched, for time is not real there.
func WithBlockedReport(d time.Duration) LoopOption {
	return func(c *loopConfig) { c.blockedAfter = max(d, 0) }
}

// watchdog looks at the running loops of the process: it asks each for an answer,
// which the loop gives when it is about to poll, and reports the one that has not
// given it for too long and does not sleep. All that a loop does for that is to
// look at a flag before its polls, and to say when it sleeps.
type watchdog struct {
	mu       sync.Mutex
	loops    []*baseLoop // in which order does not matter
	timer    *time.Timer // made with the first run, set while there are loops
	interval time.Duration
}

var dog watchdog

// watchedLoop is the watchdog's part of a loop.
type watchedLoop struct {
	limit  time.Duration // 0: no report, but in debug mode
	unreal bool          // the loop was made in a test bubble, where no clock is monotonic

	telling sync.WaitGroup // reports under way

	mu    sync.Mutex
	since time.Time  // since when there was no answer
	state blockState // of the report about that
}

type blockState uint8

const (
	notBlocked blockState = iota
	beingTold             // it is blocked too long: its stack is being looked for
	wasTold
)

// blockedLimit is from when on the loop counts as blocked, 0 if it never does.
func (l *baseLoop) blockedLimit() time.Duration {
	limit := l.watch.limit
	if slow := time.Duration(l.slow.Load()); l.GetDebug() && (limit == 0 || slow < limit) {
		limit = slow
	}
	return limit
}

// watchBlocking has the watchdog look at the loop until end is called, which waits
// for what is being reported.
func (l *baseLoop) watchBlocking() (end func()) {
	if l.watch.unreal {
		return func() {}
	}
	dog.add(l)
	return func() {
		dog.remove(l)
		l.watch.telling.Wait()
		l.answer()
	}
}

func (d *watchdog) add(l *baseLoop) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.loops = append(d.loops, l)
	interval := l.lookInterval()
	switch {
	case d.timer == nil:
		if now := time.Now(); now == now.Round(0) {
			return // in a test bubble, to which the timer would belong
		}
		d.timer = time.AfterFunc(interval, d.look)
	case len(d.loops) > 1 && interval >= d.interval:
		return
	default:
		d.timer.Reset(interval)
	}
	d.interval = interval
}

func (d *watchdog) remove(l *baseLoop) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i, other := range d.loops {
		if other == l {
			last := len(d.loops) - 1
			d.loops[i], d.loops[last] = d.loops[last], nil
			d.loops = d.loops[:last]
			break
		}
	}
	if len(d.loops) == 0 && d.timer != nil {
		d.timer.Stop()
	}
}

// look is what the timer does.
func (d *watchdog) look() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.loops) == 0 {
		return
	}
	now := time.Now()
	d.interval = blockedAfter
	for _, l := range d.loops {
		l.lookAt(now)
		d.interval = min(d.interval, l.lookInterval())
	}
	d.timer.Reset(d.interval)
}

// lookInterval is how often to look at the loop.
func (l *baseLoop) lookInterval() time.Duration {
	limit := l.blockedLimit()
	if limit == 0 {
		return blockedAfter // debug mode may be switched on
	}
	return min(max(limit/4, time.Millisecond), blockedAfter)
}

// lookAt asks the loop for an answer, or finds that it owes one for too long.
func (l *baseLoop) lookAt(now time.Time) {
	w := &l.watch
	if !w.mu.TryLock() {
		return // it is being reported
	}
	defer w.mu.Unlock()
	limit := l.blockedLimit()
	switch {
	case !l.core.Asked.Load() || l.core.Asleep():
		w.since = now
		l.core.Asked.Store(true)
	case limit > 0 && w.state == notBlocked && now.Sub(w.since) >= limit:
		w.state = beingTold
		w.telling.Add(1)
		go l.tellBlocked(w.since)
	}
}

// tellBlocked reports what holds the loop, unless it goes on meanwhile.
func (l *baseLoop) tellBlocked(since time.Time) {
	w := &l.watch
	defer w.telling.Done()
	held := l.holder()
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.state != beingTold {
		return
	}
	if l.core.Asleep() {
		w.state = notBlocked // it has come to its wait while its goroutine was looked for
		return
	}
	w.state = wasTold
	logReadably(l.logger(), slog.LevelWarn, fmt.Sprintf("Event loop blocked for %.3f seconds", time.Since(since).Seconds()), held.attrs())
}

// answer tells the watchdog that the loop goes on, and whoever was told that it was
// blocked.
func (l *baseLoop) answer() {
	w := &l.watch
	w.mu.Lock()
	d, told := time.Since(w.since), w.state == wasTold
	w.state = notBlocked
	l.core.Asked.Store(false)
	w.mu.Unlock()
	if told {
		l.logger().Warn(fmt.Sprintf("Event loop goes on after %.3f seconds", d.Seconds()))
	}
}

// holder is what a report knows about what holds a loop.
type holder struct {
	stack string
	hint  string // what to do, if it is known
}

func (h holder) attrs() []slog.Attr {
	attrs := []slog.Attr{slog.String("stack", h.stack)}
	if h.hint != "" {
		attrs = append(attrs, slog.String("hint", h.hint))
	}
	return attrs
}

// holder finds the goroutine that holds the loop: its body, or the coroutine that
// the body has switched to. All others of the loop wait to be switched to, which
// the runtime calls the state "coroutine".
func (l *baseLoop) holder() holder {
	var stack, waiting []byte
	byConn := false // another goroutine waits for a loop in a Conn
	for s := range goroutine.Stacks() {
		id, state, ok := goroutine.Head(s)
		if !ok {
			continue
		}
		switch owner := sched.StrandOf(id); {
		case owner == nil:
			byConn = byConn || bytes.Contains(s, []byte(packagePath+"/streams.(*conn)."))
		case owner.Loop() == &l.core && !bytes.HasPrefix(state, []byte("coroutine")):
			stack, waiting = s, waitState(state)
		}
	}
	h := holder{stack: string(stack)}
	switch {
	case waiting == nil:
	case byConn && bytes.Contains(stack, []byte("\nnet/http.")):
		h.hint = "net/http uses a streams.Conn on goroutines of its own, which wait for this loop while it waits for them; make the call by ToThread, or on a goroutine that is none of the loop's"
	case byConn:
		h.hint = "another goroutine waits for the loop in a streams.Conn, perhaps the one that is waited for here; make the call by ToThread, or on a goroutine that is none of the loop's"
	default:
		h.hint = fmt.Sprintf("it waits (%s) and with it everything on the loop; await a Future, or make the call by ToThread", waiting)
	}
	return h
}

// waitState returns the state of a goroutine that waits for another one, nil for
// others: "chan receive", "select", "sync.Mutex.Lock".
func waitState(state []byte) []byte {
	state, _, _ = bytes.Cut(state, []byte("]"))
	state, _, _ = bytes.Cut(state, []byte(","))
	for _, wait := range []string{"chan ", "select", "sync.", "semacquire"} {
		if bytes.HasPrefix(state, []byte(wait)) {
			return state
		}
	}
	return nil
}
