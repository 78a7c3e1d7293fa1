package asyncio

import (
	"fmt"
	"sync"
	"sync/atomic"
)

// owner says who may touch the loop's state.
//
// While the loop runs, that is its own goroutine: the body, which runs the
// passes, and the coroutines, which the body switches to. While it does not run,
// it is whoever holds the idle lock, for one call at a time, so that two
// goroutines that prepare a loop cannot harm it. A call from elsewhere is
// refused.
type owner struct {
	bodyID atomic.Int64 // the goroutine of the present body
	runner atomic.Int64 // the goroutine that called RunForever; 0 if none
	active atomic.Bool  // runs, or is being closed; changed under idle
	closed atomic.Bool

	idle   sync.Mutex
	idleID atomic.Int64 // the goroutine that holds idle
}

// onLoop reports whether the caller is the loop's body or one of its coroutines.
func (l *baseLoop) onLoop() bool {
	id := goroutineID()
	if id == l.bodyID.Load() {
		return true
	}
	s := strands.Lookup(id)
	return s != nil && s.loop == l
}

// enter makes the caller the owner for one call. If held is true, leave must
// follow. The error is ErrLoopClosed or ErrWrongGoroutine.
func (l *baseLoop) enter(op string) (held bool, err error) {
	id := goroutineID()
	if id != l.bodyID.Load() {
		if held, err = l.enterElsewhere(op, id); err != nil {
			return false, err
		}
	}
	if l.closed.Load() {
		if held {
			l.leave()
		}
		return false, opError(op, ErrLoopClosed)
	}
	return held, nil
}

func (l *baseLoop) enterElsewhere(op string, id int64) (held bool, err error) {
	if s := strands.Lookup(id); s != nil && s.loop == l {
		return false, nil
	}
	if id == l.idleID.Load() {
		return false, nil // an override calls on, under the lock it has
	}
	if l.active.Load() {
		return false, wrongGoroutine(op)
	}
	l.idle.Lock()
	if l.active.Load() {
		l.idle.Unlock()
		return false, wrongGoroutine(op)
	}
	l.idleID.Store(id)
	return true, nil
}

func (l *baseLoop) leave() {
	if l.pin == nil {
		l.flush() // nobody polls meanwhile
	}
	l.idleID.Store(0)
	l.idle.Unlock()
}

// own is enter for functions that no closed loop needs to refuse.
func (l *baseLoop) own(op string) (held bool, err error) {
	id := goroutineID()
	if id == l.bodyID.Load() {
		return false, nil
	}
	return l.enterElsewhere(op, id)
}

// ownedByCaller reports whether the caller owns the loop at this moment.
func (l *baseLoop) ownedByCaller() bool {
	return l.onLoop() || l.idleID.Load() == goroutineID()
}

// asOwner runs f at once if the caller owns the loop, or under the idle lock if the
// loop does not run, and reports whether it did: not from another goroutine while
// it runs.
func (l *baseLoop) asOwner(f func()) bool {
	held, err := l.own("")
	if err != nil {
		return false
	}
	if held {
		defer l.leave()
	}
	f()
	return true
}

// IsRunning reports whether the loop runs now. Any goroutine may call it.
// (loop.is_running)
func (l *baseLoop) IsRunning() bool { return l.runner.Load() != 0 }

// IsClosed reports whether the loop was closed. Any goroutine may call it.
// (loop.is_closed)
func (l *baseLoop) IsClosed() bool { return l.closed.Load() }

func (l *baseLoop) base() *baseLoop { return l }

// String describes the loop by its state.
func (l *baseLoop) String() string {
	return fmt.Sprintf("<EventLoop %s running=%v closed=%v debug=%v>",
		l.eng.Name(), l.IsRunning(), l.IsClosed(), l.GetDebug())
}
