package asyncio

import (
	"errors"
	"fmt"

	"github.com/go-asyncio/asyncio/internal/sched"
)

// RunForever implements LoopRunner.
func (l *baseLoop) RunForever() error { return l.run("RunForever", nil) }

// RunUntilComplete implements LoopRunner.
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

// run has the loop run and waits for the end of that.
func (l *baseLoop) run(op string, until *futureBase) error {
	if s := currentStrand(); s != nil {
		if s.loop() == l {
			return opError(op, fmt.Errorf("%w: its own callbacks and coroutines cannot run it; await instead", ErrLoopRunning))
		}
		return opError(op, fmt.Errorf("%w: cannot run the event loop while another loop is running; await instead, or use another goroutine", ErrLoopRunning))
	}
	run, state := l.core.Begin()
	switch state {
	case sched.Closed:
		return opError(op, ErrLoopClosed)
	case sched.Running:
		return opError(op, ErrLoopRunning)
	}
	l.renew()
	if until != nil {
		token := until.addCallback(run) // which ends it
		defer until.removeCallback(token)
	}
	return runError(run.Wait())
}

// runError puts into words why a run has failed. Nil stays nil, and what was given to
// fail stays what it is.
func runError(err error) error {
	f, ok := err.(*sched.Failure)
	if !ok {
		return err
	}
	why := f.Err
	var cpu sched.ProcessorError
	switch {
	case f.Panicked != nil:
		why = &PanicError{f.Panicked, f.Stack}
	case f.Err == nil:
		why = ErrGoexit
	case errors.As(f.Err, &cpu):
		why = fmt.Errorf("%w: %w", ErrInvalidArgument, f.Err)
	case f.Op == "pin thread" && errors.Is(f.Err, errors.ErrUnsupported):
		why = fmt.Errorf("%w; use WithPinnedThread without any", f.Err)
	}
	return opError(f.Op, why)
}

// fail ends the run with an error, at once.
func (l *baseLoop) fail(err error) { l.core.Fail(err) }

// Stop implements LoopRunner.
func (l *baseLoop) Stop() {
	l.core.Stop()
	if l.outer && !l.onLoop() {
		l.post(callback(func() {}), 0) // an embedder sees all that wakes its loop
	}
}

// Close implements LoopRunner.
func (l *baseLoop) Close() error {
	if l.core.Closed() && !l.core.Active() {
		return nil
	}
	state, err := l.core.Close()
	if state == sched.Running {
		return opError("Close", ErrLoopRunning)
	}
	return runError(err)
}
