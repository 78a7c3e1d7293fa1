package asyncio

import (
	"fmt"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/goroutine"
	"github.com/go-asyncio/asyncio/internal/sched"
	"github.com/go-asyncio/asyncio/internal/signals"
)

// baseLoop is the event loop under SelectorEventLoop and ProactorEventLoop: the
// two differ in their engine alone. Its core runs callbacks; what is here knows of futures,
// tasks, transports and reports.
//
// What is not atomic belongs to the loop's goroutine while it runs, and to
// whoever holds the core while it does not; see sched.Loop.Acquire.
type baseLoop struct {
	core sched.Loop // not embedded: a user has no use for its methods

	eng   engine.Engine
	self  EventLoop   // the loop as users see it
	outer bool        // self is an embedder's, whose overrides count
	why   string      // who chose the engine
	sim   *simulation // nil: the loop is real

	runs
	diagnostics
	taskState
	watching
	executing
	elsewhere    elsewhere
	policies     policyLinks
	transports   transports
	lookups      lookups
	signals      signals.Inbox
	subprocesses subprocesses
}

// init puts a new loop together.
func (l *baseLoop) init(eng engine.Engine, self EventLoop, opts []LoopOption) {
	c := loopConfig{blockedAfter: blockedAfter}
	for _, o := range opts {
		o(&c)
	}
	l.elsewhere.wake = eng.Wake
	l.core.Init(eng, (*loopHost)(l), coreClock(c.clock, &l.elsewhere, l.occupied))
	l.eng, l.self = eng, self
	l.signals.Init(l.post, l.schedule)
	if c.self != nil {
		l.self, l.outer = c.self, true
		l.core.Divert = l.scheduleOuter
	}
	if c.pinned {
		l.core.Pin(c.cpus...)
		l.subprocesses.here = true
	}
	l.lookups.names, l.lookups.left = c.names, l.sim != nil
	l.initDiagnostics(c)
	l.initTasks()
	tellSlowIdentity(l.logger(), goroutine.Quick, &slowIdentity)
	l.fate.Store(newFate())
}

// occupied reports whether the system may tell the loop of anything.
func (l *baseLoop) occupied() bool {
	e, ok := l.eng.(engine.Occupied)
	return !ok || e.Occupied() || l.subprocesses.open.First() != nil
}

// onLoop reports whether the caller is the loop's body or one of its coroutines.
func (l *baseLoop) onLoop() bool { return l.core.Here() }

// acquire makes the caller the owner for one call; the hold is to be left. The error is
// ErrLoopClosed or ErrWrongGoroutine.
func (l *baseLoop) acquire(op string) (sched.Hold, error) {
	hold, state := l.core.Acquire()
	if state != sched.Owned {
		hold.Leave()
		return sched.Hold{}, refused(op, state)
	}
	return hold, nil
}

// acquireClosed is acquire for functions that no closed loop needs to refuse.
func (l *baseLoop) acquireClosed(op string) (sched.Hold, error) {
	hold, state := l.core.Acquire()
	if state == sched.Running {
		return sched.Hold{}, refused(op, state)
	}
	return hold, nil
}

// refused is the error of a call that a loop refuses.
func refused(op string, state sched.State) error {
	if state == sched.Closed {
		return opError(op, ErrLoopClosed)
	}
	return wrongGoroutine(op)
}

// owned reports whether the caller owns the loop at this moment.
func (l *baseLoop) owned() bool { return l.core.OwnedByCaller() }

// ifOwner runs f at once if the caller owns the loop, or for as long as that takes if the
// loop does not run, and reports whether it did: not from another goroutine while
// it runs.
func (l *baseLoop) ifOwner(f func()) bool { return l.core.IfOwner(f) }

// IsRunning implements LoopRunner.
func (l *baseLoop) IsRunning() bool { return l.core.Runner() != 0 }

// IsClosed implements LoopRunner.
func (l *baseLoop) IsClosed() bool { return l.core.Closed() }

func (l *baseLoop) base() *baseLoop { return l }

// String describes the loop by its state.
func (l *baseLoop) String() string {
	return fmt.Sprintf("<EventLoop %s running=%v closed=%v debug=%v>",
		l.eng.Name(), l.IsRunning(), l.IsClosed(), l.GetDebug())
}
