package locks

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-asyncio/asyncio"
)

// Errors that tell a state. Check them with errors.Is; what a call returns adds its
// own name.
var (
	// ErrNotAcquired: a lock was to be released that nobody holds, or a condition to be
	// used without its lock. (RuntimeError "Lock is not acquired.", "cannot wait on
	// un-acquired lock", "cannot notify on un-acquired lock")
	ErrNotAcquired = errors.New("lock is not acquired")
	// ErrReleasedTooOften: a BoundedSemaphore was released more often than acquired.
	// (ValueError "BoundedSemaphore released too many times")
	ErrReleasedTooOften = errors.New("semaphore released more often than acquired")
	// ErrBrokenBarrier: a barrier was aborted, or reset while the caller waited in it.
	// (BrokenBarrierError)
	ErrBrokenBarrier = errors.New("barrier is broken")
)

// opError is the error of a call: its name and the reason.
func opError(op string, reason error) error { return fmt.Errorf("locks: %s: %w", op, reason) }

// boundElsewhere is the error of a call on another loop's.
func boundElsewhere(op string) error {
	return &loopError{"locks: " + op + ": it is bound to a different event loop", asyncio.ErrWrongLoop}
}

// unbound is the error of a goroutine that has no loop to wait on.
func unbound(op string) error {
	return &loopError{"locks: " + op + ": it is bound to no event loop yet; use Bind", asyncio.ErrNoCurrentLoop}
}

// loopError is an error of the root's with a text of our own.
type loopError struct {
	text   string
	reason error
}

func (e *loopError) Error() string { return e.text }

// Unwrap returns the reason.
func (e *loopError) Unwrap() error { return e.reason }

// waitError names the call in an error that Waiters returned. A cancellation, and what
// the context says, stay what they are.
func waitError(op string, err error) error {
	switch {
	case err == nil || gaveUp(err):
		return err
	case errors.Is(err, asyncio.ErrWrongLoop):
		return boundElsewhere(op)
	}
	for _, reason := range []error{asyncio.ErrAwaitInCallback, asyncio.ErrLoopClosed} {
		if errors.Is(err, reason) {
			return opError(op, reason)
		}
	}
	return opError(op, err)
}

// gaveUp tells of a wait that was cancelled, or whose context was done.
func gaveUp(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}
