package asyncio

import (
	"fmt"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/goroutine"
	"github.com/go-asyncio/asyncio/internal/sched"
)

// baseLoop is the event loop under SelectorEventLoop and ProactorEventLoop: the
// two differ in their engine alone. Its core runs callbacks; what is here knows of futures,
// tasks, transports and reports.
//
// What is not atomic belongs to the loop's goroutine while it runs, and to
// whoever holds the core while it does not; see sched.Loop.Acquire.
type baseLoop struct {
	core sched.Loop // not embedded: a user has no use for its methods
	hold sched.Hold // of who has the core by enter or own

	eng   engine.Engine
	self  EventLoop // the loop as users see it
	outer bool      // self is an embedder's, whose overrides count
	why   string    // who chose the engine

	runs
	diagnostics
	taskState
	watching
	executing
	policies   policyLinks
	transports transports
	lookups    lookups
}

// init puts a new loop together.
func (l *baseLoop) init(eng engine.Engine, self EventLoop, opts []LoopOption) {
	c := loopConfig{blockedAfter: blockedAfter}
	for _, o := range opts {
		o(&c)
	}
	l.core.Init(eng, (*loopHost)(l), c.clock)
	l.eng, l.self = eng, self
	if c.self != nil {
		l.self, l.outer = c.self, true
		l.core.Indirect = true
	}
	if c.pinned {
		l.core.Pin(c.cpus...)
	}
	l.initDiagnostics(c)
	l.initTasks()
	tellSlowIdentity(l.logger(), goroutine.Quick, &slowIdentity)
	l.fate.Store(newFate())
}

// onLoop reports whether the caller is the loop's body or one of its coroutines.
func (l *baseLoop) onLoop() bool { return l.core.Here() }

// enter makes the caller the owner for one call. If held is true, leave must
// follow. The error is ErrLoopClosed or ErrWrongGoroutine.
func (l *baseLoop) enter(op string) (held bool, err error) {
	hold, state := l.core.Acquire()
	if state != sched.Owned {
		hold.Leave()
		return false, refused(op, state)
	}
	return l.keep(hold), nil
}

// keep keeps a hold until leave.
func (l *baseLoop) keep(hold sched.Hold) (held bool) {
	if hold == (sched.Hold{}) {
		return false
	}
	l.hold = hold
	return true
}

func (l *baseLoop) leave() { l.hold.Leave() }

// refused is the error of a call that a loop refuses.
func refused(op string, state sched.State) error {
	if state == sched.Closed {
		return opError(op, ErrLoopClosed)
	}
	return wrongGoroutine(op)
}

// own is enter for functions that no closed loop needs to refuse.
func (l *baseLoop) own(op string) (held bool, err error) {
	hold, state := l.core.Acquire()
	if state == sched.Running {
		return false, wrongGoroutine(op)
	}
	return l.keep(hold), nil
}

// ownedByCaller reports whether the caller owns the loop at this moment.
func (l *baseLoop) ownedByCaller() bool { return l.core.OwnedByCaller() }

// asOwner runs f at once if the caller owns the loop, or under the idle lock if the
// loop does not run, and reports whether it did: not from another goroutine while
// it runs.
func (l *baseLoop) asOwner(f func()) bool { return l.core.IfOwner(f) }

// IsRunning reports whether the loop runs now. Any goroutine may call it.
// (loop.is_running)
func (l *baseLoop) IsRunning() bool { return l.core.Runner() != 0 }

// IsClosed reports whether the loop was closed. Any goroutine may call it.
// (loop.is_closed)
func (l *baseLoop) IsClosed() bool { return l.core.Closed() }

func (l *baseLoop) base() *baseLoop { return l }

// String describes the loop by its state.
func (l *baseLoop) String() string {
	return fmt.Sprintf("<EventLoop %s running=%v closed=%v debug=%v>",
		l.eng.Name(), l.IsRunning(), l.IsClosed(), l.GetDebug())
}
