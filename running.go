package asyncio

import (
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"

	"github.com/go-asyncio/asyncio/internal/coro"
	"github.com/go-asyncio/asyncio/internal/engine"
)

// running is the part of a loop that has a goroutine and runs passes on it.
//
// The goroutine lives from the first run to Close. RunForever hands it the run
// and waits, so the loop has one identity from wherever it is run, and its
// coroutines are always resumed under the conditions under which they were made.
// Each run is the body of a coroutine itself: a Goexit in a callback ends that
// body only, and another one goes on where it was.
type running struct {
	pool       coro.Pool
	jobs       chan coro.Work // nil until the goroutine is started
	done       chan error
	pin        *pinning
	pinFailure error
	stopping   atomic.Bool
	over       bool          // the run is to end with this pass
	failure    error         // what the run returns
	ending     *stopWhenDone // of the run, if it waits for a future
	exitNoted  bool          // the Goexit that takes the body down has been told of

	fates
	pass
}

// RunForever runs the loop until Stop is called. It blocks. Any goroutine may
// call it while the loop does not run; ErrLoopRunning from a callback or
// coroutine of any loop, ErrLoopClosed. (loop.run_forever)
func (l *baseLoop) RunForever() error { return l.run("RunForever", nil) }

// RunUntilComplete runs the loop until a is done and returns a's error, or
// ErrLoopStopped if Stop came first. ErrWrongLoop if a is another loop's.
// (loop.run_until_complete)
func (l *baseLoop) RunUntilComplete(a Awaitable) error {
	const op = "RunUntilComplete"
	f := futureOf(a)
	if f == nil {
		return invalid(op, "the awaitable is nil")
	}
	if f.loop == nil && f.Done() {
		return f.outcome() // it failed before it had a loop
	}
	if f.loop != l {
		return opError(op, ErrWrongLoop)
	}
	if err := l.run(op, f); err != nil {
		return err
	}
	if !f.Done() {
		return opError(op, ErrLoopStopped)
	}
	return f.outcome()
}

// stopWhenDone ends the run that waits for a future. If that run has ended
// otherwise, the callback may still be queued, and does nothing to a later one.
type stopWhenDone struct {
	loop *baseLoop
	over bool // loop only
}

func (s *stopWhenDone) Complete(uint64) {
	if !s.over {
		s.loop.stopping.Store(true)
	}
}

// run hands the loop's goroutine one run and waits for its end.
func (l *baseLoop) run(op string, until *futureBase) error {
	if s := currentStrand(); s != nil {
		if s.loop == l {
			return opError(op, fmt.Errorf("%w: its own callbacks and coroutines cannot run it; await instead", ErrLoopRunning))
		}
		return opError(op, fmt.Errorf("%w: cannot run the event loop while another loop is running; await instead, or use another goroutine", ErrLoopRunning))
	}
	if err := l.activate(op); err != nil {
		return err
	}
	l.runner.Store(goroutineID())
	if until != nil {
		l.ending = &stopWhenDone{loop: l}
		token := until.addCallback(l.ending)
		defer until.removeCallback(token)
	}
	l.jobs <- (*runBody)(l)
	return <-l.done
}

// activate takes the loop from idle to active and starts its goroutine.
func (l *baseLoop) activate(op string) error {
	if l.idleID.Load() == goroutineID() {
		return opError(op, ErrLoopRunning)
	}
	l.idle.Lock()
	defer l.idle.Unlock()
	if l.closed.Load() {
		return opError(op, ErrLoopClosed)
	}
	if l.active.Load() {
		return opError(op, ErrLoopRunning)
	}
	l.active.Store(true)
	l.renew()
	if l.jobs == nil {
		l.jobs, l.done = make(chan coro.Work), make(chan error)
		go l.live()
	}
	return nil
}

// live is the loop's goroutine.
func (l *baseLoop) live() {
	l.pool.Started, l.pool.Ended = l.coroStarted, coroEnded
	if l.pin != nil {
		runtime.LockOSThread() // before the first coroutine is made, and for good
		l.pinFailure = l.pin.apply()
	}
	for job := range l.jobs {
		err := l.embody(job)
		l.begun = false
		if l.closed.Load() {
			l.pool.Close() // the coroutine that closed the loop is idle now, too
		}
		if l.ending != nil {
			l.ending.over = true
			l.ending = nil
		}
		l.idle.Lock()
		l.runner.Store(0)
		l.active.Store(false)
		l.settleFate(err)
		l.idle.Unlock()
		l.done <- err
	}
}

// embody runs a job in a coroutine, and in another one from where it was if a
// callback took the first one down.
func (l *baseLoop) embody(job coro.Work) error {
	for {
		c := l.pool.Get(job)
		switch c.Resume() {
		case coro.Exited:
			continue
		case coro.Panicked:
			value, stack := c.Panic()
			return opError("Run", &PanicError{value, stack})
		default:
			err := l.failure
			l.failure = nil
			return err
		}
	}
}

func (l *baseLoop) coroStarted(c *coro.Coro) {
	s := &strand{id: goroutineID(), loop: l}
	c.Owner = s
	strands.add(s)
}

func coroEnded(c *coro.Coro) { strands.remove(c.Owner.(*strand)) }

// runBody is the job of one run.
type runBody baseLoop

func (b *runBody) Run(c *coro.Coro) {
	l := (*baseLoop)(b)
	l.bodyID.Store(c.Owner.(*strand).id)
	l.exitNoted = false // of the body before
	if l.pinFailure != nil {
		l.failure = l.pinFailure
		return
	}
	stopWatch := l.watchBlocking()
	defer stopWatch()
	if !l.begun { // else it goes on where another body was lost
		l.beginRun()
	}
	for !l.over && !l.turns() {
		continue // a callback did not return
	}
	l.forgetCurrent()
	l.flush()
	l.stopping.Store(false)
}

// flush has the system begin what is queued, for there is no poll soon.
func (l *baseLoop) flush() {
	if err := l.eng.Flush(); err != nil && !errors.Is(err, engine.ErrClosed) && l.failure == nil {
		l.failure = opError("flush", err)
	}
}

// fail ends the run with an error, at once.
func (l *baseLoop) fail(err error) {
	if l.failure == nil {
		l.failure = err
	}
	l.over = true
	l.cutShort()
}

// Stop ends the run after the pass that is under way: what is queued at this
// moment runs, what it adds is left for the next run. Before a run, it makes the
// next one a single pass. Any goroutine may call it. (loop.stop)
func (l *baseLoop) Stop() {
	l.stopping.Store(true)
	if !l.onLoop() {
		l.post(callback(func() {}), 0)
	}
}

// closeBody is the job that ends the loop.
type closeBody baseLoop

func (b *closeBody) Run(c *coro.Coro) {
	l := (*baseLoop)(b)
	l.bodyID.Store(c.Owner.(*strand).id)
	defer l.watchBlocking()()
	l.shutDown()
}

// Close ends the loop: it unwinds suspended coroutines (their deferred functions
// run), reports failures that nobody looked at, drops what is queued, and
// releases every descriptor and goroutine the loop has. It waits for none of the
// work in executors. ErrLoopRunning while the loop runs; closing again is
// harmless. Any goroutine may call it. (loop.close)
func (l *baseLoop) Close() error {
	if l.closed.Load() && !l.active.Load() {
		return nil
	}
	if s := currentStrand(); s != nil && s.loop == l {
		return opError("Close", ErrLoopRunning)
	}
	if err := l.activate("Close"); err != nil {
		if errors.Is(err, ErrLoopClosed) {
			return nil
		}
		return err
	}
	l.jobs <- (*closeBody)(l)
	err := <-l.done
	close(l.jobs)
	return err
}

// shutDown releases everything. It may run again, from where it was, if a
// deferred function of a coroutine took its body down.
func (l *baseLoop) shutDown() {
	l.closed.Store(true)
	l.inbox.Close(func(readyItem) {})
	l.unwindTasks()
	l.reportUnretrieved()
	l.closeNet()
	l.dropQueues()
	l.closeExecutor()
	err := l.eng.Close()
	l.policies.forget(l)
	l.wakeForeign()
	l.sumReports(true)
	if err != nil {
		l.failure = opError("Close", err)
	}
}

func (l *baseLoop) dropQueues() {
	l.ready = readyQueue{}
	l.free, l.watches = nil, nil
	for {
		if _, ok := l.timers.PopDue(1<<63 - 1); !ok {
			break
		}
	}
	l.pass = pass{}
}
