package sched

import (
	"sync"
	"sync/atomic"

	"github.com/go-asyncio/asyncio/internal/goroutine"
)

// owner says who may touch the loop's state.
//
// While the loop runs, that is its own goroutine: the body, which runs the
// passes, and the coroutines, which the body switches to. While it does not run,
// it is whoever holds the idle lock, for one call at a time, so that two
// goroutines that prepare a loop cannot harm it. A call from elsewhere is
// refused.
type owner struct {
	body      atomic.Int64 // the goroutine of the present body
	coroutine atomic.Int64 // that of the coroutine which was switched to last, where that is known: an identity is never used twice
	runner    atomic.Int64 // the goroutine that has the loop run; 0 if none
	active    atomic.Bool  // runs, or is being closed; changed under idle
	closed    atomic.Bool

	idle   sync.Mutex
	idleID atomic.Int64 // the goroutine that holds idle
}

// State is how it stands between a loop and its caller.
type State uint8

const (
	// Owned: the loop is the caller's.
	Owned State = iota
	// Closed: as Owned, but the loop is closed.
	Closed
	// Running: the loop runs, or is being closed, and not for the caller.
	Running
)

// Hold is what a caller has of a loop that it owns for one call. The zero Hold is that of
// a caller who owns the loop anyway.
type Hold struct{ loop *Loop }

// Leave ends it.
func (h Hold) Leave() {
	if h.loop != nil {
		h.loop.leave()
	}
}

// Acquire makes the caller the owner for one call, and says how it stands: the Hold is to
// be left with Owned and Closed, and empty with Running. Any goroutine may call it.
func (l *Loop) Acquire() (Hold, State) {
	if !l.QuicklyInBody() {
		return l.acquireElsewhere(goroutine.ID())
	}
	return Hold{}, l.openOrClosed()
}

// QuicklyInBody is InBody where that can be found out quickly; elsewhere it is false. Any
// goroutine may call it.
func (l *Loop) QuicklyInBody() bool { return goroutine.Quick && goroutine.QuickID() == l.body.Load() }

func (l *Loop) openOrClosed() State {
	if l.closed.Load() {
		return Closed
	}
	return Owned
}

func (l *Loop) acquireElsewhere(id int64) (Hold, State) {
	if strands.Lookup(id).of(l) || id == l.body.Load() {
		return Hold{}, l.openOrClosed()
	}
	if id == l.idleID.Load() {
		return Hold{}, l.openOrClosed() // an override calls on, under the lock it has
	}
	if l.active.Load() {
		return Hold{}, Running
	}
	l.idle.Lock()
	if l.active.Load() {
		l.idle.Unlock()
		return Hold{}, Running
	}
	l.idleID.Store(id)
	return Hold{l}, l.openOrClosed()
}

func (l *Loop) leave() {
	if l.pin == nil {
		l.flush() // nobody polls meanwhile
	}
	l.idleID.Store(0)
	l.idle.Unlock()
}

// Here reports whether the caller is the loop's body or one of its coroutines. Any
// goroutine may call it.
func (l *Loop) Here() bool {
	return goroutine.Quick && l.IsHere(goroutine.QuickID()) || l.hereElsewhere()
}

// QuicklyHere is Here where that can be found out quickly, as it can in the body and in the
// coroutine that the loop has switched to; elsewhere it is false. Any goroutine may call it.
func (l *Loop) QuicklyHere() bool { return goroutine.Quick && l.IsHere(goroutine.QuickID()) }

// IsHere is QuicklyHere for who knows its goroutine: whether that is the one of the body, or of
// the coroutine which was switched to last. Any goroutine may call it.
func (l *Loop) IsHere(id int64) bool { return id == l.body.Load() || id == l.coroutine.Load() }

func (l *Loop) hereElsewhere() bool {
	id := goroutine.ID()
	if !goroutine.Quick && l.IsHere(id) {
		return true
	}
	return strands.Lookup(id).of(l)
}

// InBody reports whether the caller is the loop's body, which runs the callbacks, and none
// of its coroutines. Any goroutine may call it.
func (l *Loop) InBody() bool { return l.body.Load() == goroutine.ID() }

// OwnedByCaller reports whether the caller owns the loop at this moment. Any goroutine may
// call it.
func (l *Loop) OwnedByCaller() bool { return l.Here() || l.idleID.Load() == goroutine.ID() }

// IfOwner runs f at once if the caller owns the loop, or for as long as that takes if the
// loop does not run, and reports whether it did: not from another goroutine while it runs.
func (l *Loop) IfOwner(f func()) bool {
	hold, state := l.Acquire()
	if state == Running {
		return false
	}
	defer hold.Leave()
	f()
	return true
}

// Runner is the goroutine that has the loop run, 0 if none has. Any goroutine may call it.
func (l *Loop) Runner() int64 { return l.runner.Load() }

// Active reports whether the loop runs or is being closed. Any goroutine may call it.
func (l *Loop) Active() bool { return l.active.Load() }

// Closed reports whether the loop is closed, or is being closed. Any goroutine may call it.
func (l *Loop) Closed() bool { return l.closed.Load() }
