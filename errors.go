package asyncio

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
)

// Errors that tell a state. Check them with errors.Is; what a call returns adds
// its own name and object.
var (
	// ErrLoopClosed: the loop has been closed. (RuntimeError "Event loop is closed")
	ErrLoopClosed = errors.New("event loop is closed")
	// ErrLoopRunning: the loop is running, or the caller is itself in a
	// callback or coroutine of a running loop. (RuntimeError "This event loop is
	// already running", "Cannot run the event loop while another loop is running")
	ErrLoopRunning = errors.New("event loop is already running")
	// ErrLoopStopped: Stop ended the run before the awaited future was done.
	// (RuntimeError "Event loop stopped before Future completed.")
	ErrLoopStopped = errors.New("event loop stopped before future completed")
	// ErrNoCurrentLoop: the policy has no loop for this goroutine.
	// (RuntimeError "There is no current event loop")
	ErrNoCurrentLoop = errors.New("there is no current event loop in this goroutine")
	// ErrNoRunningLoop: the caller is not in a callback or coroutine of a loop.
	// (RuntimeError "no running event loop")
	ErrNoRunningLoop = errors.New(noRunningLoop + "; call it inside asyncio.Run")
	// ErrWrongLoop: a future or task of another loop was given or awaited.
	ErrWrongLoop = errors.New("future belongs to a different event loop")
	// ErrWrongGoroutine: a call that belongs to the loop's goroutine was made from
	// another one while the loop runs. The error says which way leads there:
	// CallSoonThreadsafe for callbacks, RunCoroutineThreadsafe for coroutines.
	ErrWrongGoroutine = errors.New("called from another goroutine than the event loop's")
	// ErrAwaitInCallback: a plain callback tried to wait; only coroutines can.
	ErrAwaitInCallback = errors.New("cannot wait in a callback of the event loop; start a task with Go or CreateTask")
	// ErrAwaitSelf: a task awaited itself.
	ErrAwaitSelf = errors.New("task cannot await on itself")
	// ErrInvalidState: the future is done already, or not yet done. (InvalidStateError)
	ErrInvalidState = errors.New("invalid state")
	// ErrNotInTask: the call needs a current task. (RuntimeError "should be used inside a task")
	ErrNotInTask = errors.New("not inside a task")
	// ErrInvalidArgument: a value that the call cannot work with. (ValueError)
	ErrInvalidArgument = errors.New("invalid argument")
	// ErrNotImplemented: an abstract method that its embedder did not supply. It is
	// an errors.ErrUnsupported. (NotImplementedError)
	ErrNotImplemented error = notImplemented{}
	// ErrGoexit: a coroutine or callback ended by runtime.Goexit (a test's FailNow).
	ErrGoexit = errors.New("ended by runtime.Goexit")
	// ErrInterrupted: a run was ended by Ctrl-C. A task or callback that fails with
	// it ends the run at once and is not reported. (KeyboardInterrupt)
	ErrInterrupted = errors.New("interrupted")
	// ErrExecutorShutdown: the default executor was shut down.
	// (RuntimeError "Executor shutdown has been called")
	ErrExecutorShutdown = errors.New("executor shutdown has been called")

	// ErrCancelled: a wait or a task was cancelled. It is context.Canceled under
	// errors.Is. A coroutine that returns it has been cancelled. (CancelledError)
	ErrCancelled error = &CancelledError{}
	// ErrTimeout: time ran out: that of a Timeout, or the deadline of a context that
	// a wait was given. It is context.DeadlineExceeded and os.ErrDeadlineExceeded under
	// errors.Is, and never ErrCancelled. (TimeoutError)
	ErrTimeout error = &TimeoutError{}
)

type notImplemented struct{}

func (notImplemented) Error() string        { return "not implemented" }
func (notImplemented) Is(target error) bool { return target == errors.ErrUnsupported }

// CancelledError says that a future, a task or a wait was cancelled.
type CancelledError struct {
	// Message is what was given to Cancel, nil if nothing was.
	Message any
}

func (e *CancelledError) Error() string {
	if e.Message == nil {
		return "cancelled"
	}
	return fmt.Sprint("cancelled: ", e.Message)
}

// Is makes every CancelledError an ErrCancelled and a context.Canceled.
func (e *CancelledError) Is(target error) bool {
	return target == ErrCancelled || target == context.Canceled
}

// TimeoutError says that time ran out.
type TimeoutError struct {
	// Cause is the cancellation that the timeout made, or the cause of the context
	// whose deadline it was, for the record. It is not unwrapped: a timeout is never
	// also a cancellation.
	Cause error
}

func (e *TimeoutError) Error() string { return "timeout" }

// Timeout is true, as net.Error wants it.
func (e *TimeoutError) Timeout() bool { return true }

// Temporary is true, as context.DeadlineExceeded has it.
func (e *TimeoutError) Temporary() bool { return true }

// Is makes every TimeoutError an ErrTimeout, a context.DeadlineExceeded and an
// os.ErrDeadlineExceeded.
func (e *TimeoutError) Is(target error) bool {
	return target == ErrTimeout || target == context.DeadlineExceeded || target == os.ErrDeadlineExceeded
}

// PanicError is a panic that was recovered in a callback or a coroutine. Printed
// with %+v it shows its stack, also inside a *GroupError and what else this package
// wraps around it; errors.As finds it under wrappers of your own.
type PanicError struct {
	Value any
	// Stack is the stack at the panic, as runtime/debug.Stack prints it.
	Stack []byte
}

func (e *PanicError) Error() string { return fmt.Sprint("panic: ", e.Value) }

// Format prints the text, and with %+v also the stack.
func (e *PanicError) Format(f fmt.State, verb rune) { formatError(f, verb, e) }

// Unwrap returns the value of the panic if it is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// GroupError holds the failures of a task group. Groups in groups nest. Printed with
// %+v it shows the stack of each panic among them.
// (BaseExceptionGroup)
type GroupError struct {
	Message string
	Errors  []error
}

func (e *GroupError) Error() string {
	var b strings.Builder
	b.WriteString(e.Message)
	fmt.Fprintf(&b, " (%d sub-error", len(e.Errors))
	if len(e.Errors) != 1 {
		b.WriteByte('s')
	}
	b.WriteString(")")
	for i, err := range e.Errors {
		if i == 0 {
			b.WriteString(": ")
		} else {
			b.WriteString("; ")
		}
		b.WriteString(err.Error())
	}
	return b.String()
}

// Unwrap returns the group's errors, for errors.Is and errors.As.
func (e *GroupError) Unwrap() []error { return e.Errors }

// Format prints the text, and with %+v also the stacks of panics.
func (e *GroupError) Format(f fmt.State, verb rune) { formatError(f, verb, e) }

// callError is the error of a call: it names the call and the reason.
type callError struct {
	op  string
	err error
}

func (e *callError) Error() string { return "asyncio: " + e.op + ": " + e.err.Error() }

// Unwrap returns the reason.
func (e *callError) Unwrap() error { return e.err }

// Format prints the text, and with %+v also the stacks of panics.
func (e *callError) Format(f fmt.State, verb rune) { formatError(f, verb, e) }

// opError names the call that failed and, through errors.Is, the reason.
func opError(op string, err error) error { return &callError{op, err} }

// wrongLoop is the error for a future that was given to a call that is about
// another loop.
func wrongLoop(op string) error {
	return fmt.Errorf("asyncio: %s: %w: %w", op, ErrInvalidArgument, ErrWrongLoop)
}

const noRunningLoop = "no running event loop"

// strayCall is the error of a call that belongs to the loop's goroutine and was
// made elsewhere, where another one does what is wanted.
type strayCall struct {
	reason error  // ErrWrongGoroutine, ErrNoRunningLoop
	text   string // what is wrong, and what to do
}

func (e *strayCall) Error() string { return e.text }

// Unwrap returns the reason.
func (e *strayCall) Unwrap() error { return e.reason }

// wrongGoroutine is the error of a call that belongs to the loop's goroutine, with
// what to do instead.
func wrongGoroutine(op string) error {
	return &strayCall{ErrWrongGoroutine, "asyncio: " + op + ": " + ErrWrongGoroutine.Error() + "; " + bridge(op)}
}

// bridge says how another goroutine gets what a call does.
func bridge(op string) string {
	switch op {
	case "CallSoon":
		return "use CallSoonThreadsafe"
	case "CallLater", "CallAt":
		return "set the timer in a callback given to CallSoonThreadsafe"
	case "CreateTask", "Go", "EnsureFuture", "TaskGroup":
		return "use RunCoroutineThreadsafe"
	case "RunInExecutor":
		return "call it in a callback given to CallSoonThreadsafe, or the function on this goroutine"
	}
	return "call it in a callback given to CallSoonThreadsafe"
}

// formatError prints an error as its text; with %+v the stacks of the panics that it
// holds follow.
func formatError(f fmt.State, verb rune, err error) {
	_, _ = fmt.Fprintf(f, fmt.FormatString(f, verb), err.Error()) // the caller of Format has the writer's errors
	if stacks := panicStacks(err); verb == 'v' && f.Flag('+') && stacks != "" {
		_, _ = fmt.Fprint(f, "\n\n", stacks)
	}
}

// panicStacks are the stacks of the panics that an error holds, one below the other;
// if there are several, each says whose it is. It is empty if there is none.
func panicStacks(err error) string {
	var all []*PanicError
	collectPanics(err, &all)
	var b strings.Builder
	for i, p := range all {
		if i > 0 {
			b.WriteString("\n")
		}
		if len(all) > 1 {
			b.WriteString(p.Error() + "\n\n")
		}
		b.Write(p.Stack)
	}
	return b.String()
}

func collectPanics(err error, to *[]*PanicError) {
	if p, ok := err.(*PanicError); ok {
		*to = append(*to, p)
	}
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		collectPanics(e.Unwrap(), to)
	case interface{ Unwrap() []error }:
		for _, one := range e.Unwrap() {
			collectPanics(one, to)
		}
	}
}

// invalid is an ErrInvalidArgument with a text that says what was wrong.
func invalid(op, format string, args ...any) error {
	return fmt.Errorf("asyncio: %s: %w: %s", op, ErrInvalidArgument, fmt.Sprintf(format, args...))
}

// asCancelled unwraps err step by step, not through joins, to a cancellation, or
// to what says of itself that it is one: the rule by which a task counts as
// cancelled.
func asCancelled(err error) *CancelledError {
	for err != nil {
		if c, ok := err.(*CancelledError); ok {
			return c
		}
		if kind, ok := err.(interface{ Is(error) bool }); ok && kind.Is(ErrCancelled) {
			return &CancelledError{}
		}
		err = errors.Unwrap(err)
	}
	return nil
}

// isFatal tells the errors that end a run instead of staying in their task.
func isFatal(err error) bool { return err != nil && errors.Is(err, ErrInterrupted) }
