package sched

import (
	"sync/atomic"
	"time"

	"github.com/go-asyncio/asyncio/internal/coro"
	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/mailbox"
)

// Loop is one goroutine with one queue. It is a part of its host, by value; Init makes it
// ready. What is not atomic belongs to whoever owns the loop; see [Loop.Acquire].
//
// What other goroutines read when they hand it something stands in front and hardly ever
// changes; what the loop writes all the time stands apart from it, so that neither waits
// for the other's line of the processor's cache.
type Loop struct {
	eng  engine.Engine
	host Host

	// Divert, if the host sets it before the first run, is called by Schedule, and what it
	// reports true for it has taken. Events then go through the queue even if nothing is
	// queued.
	Divert func(to engine.Completer, ev uint64) bool

	// Reached, if the host sets it before the first run, is called by Post and FuncFrom, on
	// whatever goroutine that is.
	Reached func()

	// Debug has the host run each callback, by Timed. Any goroutine may change it.
	Debug atomic.Bool

	// Asked has the loop call the host's Answer before it next polls. Any goroutine may set
	// it; Answer takes it back.
	Asked atomic.Bool

	clock clock
	inbox *mailbox.Box[Item]
	outside
	owner

	_ [64]byte

	// Pool has the loop's coroutines. Owner only.
	Pool coro.Pool

	// Stepping is whose coroutine the loop has switched to, or had last. Owner only.
	Stepping Stepper
	resuming *coro.Coro // the coroutine to switch to when the callback that runs has returned

	asleep atomic.Bool   // the loop is in its engine, for as long as that takes
	seen   time.Duration // the latest time that the loop has read

	ready ring
	free  []*node // unused ones
	timing
	trimmer
	counts
	running
	pass
}

// Host is whose loop it is. The loop calls it on its own goroutine, and never for a
// callback that returns.
type Host interface {
	// Failed is called when a callback did not return: it panicked with the value, and
	// stack is where, or it left by runtime.Goexit if the value is nil. [Loop.Current]
	// tells which. The pass goes on afterwards, also if Failed itself leaves by Goexit.
	Failed(panicked any, stack []byte)

	// Timed runs a callback while Debug is set: it calls the loop's Do.
	Timed(item Item)

	// Starting is called when a run begins, and again when it goes on in another body
	// because a Goexit has ended the one before; and likewise for Close. stop is called,
	// on the same goroutine, when that body ends.
	Starting() (stop func())

	// Ended is called when a run has ended, with the reason if it has failed, and before
	// another run can begin: it must not call the loop. What it changes is seen by
	// whoever runs the loop next.
	Ended(failed error)

	// Closing is called by Close, when the loop is closed for everybody and still has what
	// it had. It is called again if it leaves by Goexit, and then goes on where it was.
	Closing()

	// Answer is called before a poll if Asked is set.
	Answer()
}

// Stepper is whose coroutine runs.
type Stepper interface {
	// Left says how the coroutine came back to the loop, if it does not wait: coro.Suspended
	// it is not told.
	Left(s coro.Status)
}

// Item is one callback that is queued.
type Item struct {
	To engine.Completer
	Ev uint64
}

// Init makes the loop ready: it works with eng, which it owns and closes, for host. A nil
// clock is the system's.
func (l *Loop) Init(eng engine.Engine, host Host, c Clock) {
	l.eng, l.host = eng, host
	l.clock.init(c)
	l.inbox = mailbox.New[Item](eng.Wake)
	l.outside.init(l)
}

// Asleep reports whether the loop is in its engine for as long as that takes, so that
// nobody holds it up. Any goroutine may call it.
func (l *Loop) Asleep() bool { return l.asleep.Load() }

// Now reads the clock. Any goroutine may call it.
func (l *Loop) Now() time.Duration { return l.clock.now() }
