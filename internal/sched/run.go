package sched

import (
	"errors"
	"runtime"
	"sync/atomic"

	"github.com/go-asyncio/asyncio/internal/coro"
	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/goroutine"
)

// running is the part of a loop that has a goroutine and runs passes on it.
//
// The goroutine lives from the first run to Close. A run is handed to it, so the loop has
// one identity from wherever it is run, and its coroutines are always resumed under the
// conditions under which they were made. Each run is the body of a coroutine itself: a
// Goexit in a callback ends that body only, and another one goes on where it was.
type running struct {
	jobs       chan coro.Work // nil until the goroutine is started
	done       chan error
	pin        *pinning
	pinFailure error
	stopping   atomic.Bool
	over       bool  // the run is to end with this pass
	failure    error // what the run returns
	run        *Run  // the run under way
}

// Run is one run of a loop. It is a Completer: whatever completes it, on the loop, ends
// the run after the pass that is under way, and does nothing to a later run.
type Run struct {
	loop *Loop
	over bool // the loop's
}

// Complete ends the run, if it is not over.
func (r *Run) Complete(uint64) {
	if !r.over {
		r.loop.stopping.Store(true)
	}
}

// Begin gives the caller the next run of the loop, with Owned: Wait must follow. Running: the
// loop runs, or the caller holds it. Any goroutine may call it.
func (l *Loop) Begin() (*Run, State) {
	if state := l.activate(); state != Owned {
		return nil, state
	}
	l.run = &Run{loop: l}
	return l.run, Owned
}

// Wait has the loop run, and returns when it has ended, with the reason if it has failed: a
// *Failure, or what Fail was given.
func (r *Run) Wait() error {
	l := r.loop
	l.runner.Store(goroutine.ID())
	l.jobs <- (*runBody)(l)
	return <-l.done
}

// activate takes the loop from idle to active and starts its goroutine.
func (l *Loop) activate() State {
	if l.idleID.Load() == goroutine.ID() {
		return Running
	}
	l.idle.Lock()
	defer l.idle.Unlock()
	if l.closed.Load() {
		return Closed
	}
	if l.active.Load() {
		return Running
	}
	l.active.Store(true)
	if l.jobs == nil {
		l.jobs, l.done = make(chan coro.Work), make(chan error)
		go l.live()
	}
	return Owned
}

// live is the loop's goroutine.
func (l *Loop) live() {
	l.Pool.Owner, l.Pool.Started, l.Pool.Ended = l, coroStarted, coroEnded
	if l.pin != nil {
		runtime.LockOSThread() // before the first coroutine is made, and for good
		l.pinFailure = l.pin.apply()
	}
	for job := range l.jobs {
		err := l.embody(job)
		l.begun = false
		if l.closed.Load() {
			l.Pool.Close() // the coroutine that closed the loop is idle now, too
		}
		if l.run != nil {
			l.run.over = true
			l.run = nil
		}
		l.idle.Lock()
		l.runner.Store(0)
		l.active.Store(false)
		l.host.Ended(err)
		l.idle.Unlock()
		l.done <- err
	}
}

// embody runs a job in a coroutine, and in another one from where it was if a
// callback took the first one down.
func (l *Loop) embody(job coro.Work) error {
	for {
		c := l.Pool.Get(job)
		switch c.Resume() {
		case coro.Exited:
			continue
		case coro.Panicked:
			value, stack := c.Panic()
			return &Failure{Op: "Run", Panicked: value, Stack: stack}
		default:
			err := l.failure
			l.failure = nil
			return err
		}
	}
}

// runBody is the job of one run.
type runBody Loop

// Run runs passes.
func (b *runBody) Run(c *coro.Coro) {
	l := (*Loop)(b)
	l.body.Store(c.ID)
	if l.pinFailure != nil {
		l.failure = l.pinFailure
		return
	}
	stop := l.host.Starting()
	defer stop()
	if !l.begun { // else it goes on where another body was lost
		l.beginRun()
	}
	for !l.over && !l.turns() {
		continue // a callback did not return
	}
	l.clock.end()
	l.forgetCurrent()
	l.flush()
	l.stopping.Store(false)
}

// flush has the system begin what is queued, for there is no poll soon.
func (l *Loop) flush() {
	if err := l.eng.Flush(); err != nil && !errors.Is(err, engine.ErrClosed) && l.failure == nil {
		l.failure = &Failure{Op: "flush", Err: err}
	}
}

// Fail ends the run at once: what is left of the pass is the next run's. The run returns
// err, unless it has failed before. Owner only.
func (l *Loop) Fail(err error) {
	if l.failure == nil {
		l.failure = err
	}
	l.over = true
	l.cutShort()
}

// Stop ends the run after the pass that is under way: what is queued at this
// moment runs, what it adds is left for the next run. Before a run, it makes the
// next one a single pass. Any goroutine may call it.
func (l *Loop) Stop() {
	l.stopping.Store(true)
	if !l.Here() {
		l.Post(nothing{}, 0)
	}
}

// nothing is what wakes a loop.
type nothing struct{}

// Complete does nothing.
func (nothing) Complete(uint64) {}

// Close ends the loop: the host gives up what it has, and what is queued is dropped. The
// engine is closed, and the loop's goroutine at its end, when it returns. Owned: that is this
// call's doing, and err is what the engine said. Running: the loop runs, or is being closed,
// or the caller holds it. Any goroutine may call it.
func (l *Loop) Close() (State, error) {
	if l.Here() {
		return Running, nil
	}
	if state := l.activate(); state != Owned {
		return state, nil
	}
	l.jobs <- (*closeBody)(l)
	err := <-l.done
	close(l.jobs)
	return Owned, err
}

// closeBody is the job that ends the loop.
type closeBody Loop

// Run ends the loop. It may run again, from where it was, if a deferred function of a
// coroutine took its body down.
func (b *closeBody) Run(c *coro.Coro) {
	l := (*Loop)(b)
	l.body.Store(c.ID)
	stop := l.host.Starting()
	defer stop()
	l.closed.Store(true)
	l.inbox.Close(func(Item) {})
	l.host.Closing()
	l.dropQueues()
	if err := l.eng.Close(); err != nil {
		l.failure = &Failure{Op: "Close", Err: err}
	}
}

func (l *Loop) dropQueues() {
	l.ready, l.free = ring{}, nil
	for {
		if _, ok := l.timers.PopDue(1<<63 - 1); !ok {
			break
		}
	}
	l.pass, l.Stepping = pass{}, nil
}
