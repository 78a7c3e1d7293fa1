package loopgroup

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-asyncio/asyncio"
)

// Errors that tell a state. Check them with errors.Is.
var (
	// ErrShutdown: the group is being shut down, or is over.
	ErrShutdown = errors.New("loop group is shut down")
	// ErrNotStarted: the group's loops do not run yet; call Start.
	ErrNotStarted = errors.New("loop group is not started")
	// ErrBlocked: a loop did not come back from a callback. See BlockedError.
	ErrBlocked = errors.New("loop is blocked in a callback")
)

// BlockedError says which loops were left running when the group was shut down: each is in a
// callback, or a step of a task, that has not returned. It is closed as soon as it does. The
// error is ErrBlocked.
type BlockedError struct {
	Loops []int // their numbers
}

// Error names the loops.
func (e *BlockedError) Error() string {
	names := make([]string, len(e.Loops))
	for i, n := range e.Loops {
		names[i] = fmt.Sprint(n)
	}
	return fmt.Sprintf("loopgroup: loop %s: %v", strings.Join(names, ", "), ErrBlocked)
}

// Unwrap returns ErrBlocked.
func (e *BlockedError) Unwrap() error { return ErrBlocked }

// LoopError is the end of a loop of the group's.
type LoopError struct {
	Loop int   // its number
	Err  error // with which its run ended; asyncio.ErrLoopStopped if somebody stopped it
}

// Error describes the end.
func (e *LoopError) Error() string {
	return fmt.Sprintf("loopgroup: loop %d has ended: %v", e.Loop, e.Err)
}

// Unwrap returns the error of the run.
func (e *LoopError) Unwrap() error { return e.Err }

func opError(op string, err error) error { return fmt.Errorf("loopgroup: %s: %w", op, err) }

// invalid is an asyncio.ErrInvalidArgument with a text that says what was wrong.
func invalid(op, format string, args ...any) error {
	return fmt.Errorf("loopgroup: %s: %w: %s", op, asyncio.ErrInvalidArgument, fmt.Sprintf(format, args...))
}

// blocked is a BlockedError, or nil if there is no such loop.
func blocked(loops []int) error {
	if len(loops) == 0 {
		return nil
	}
	slices.Sort(loops)
	return &BlockedError{loops}
}
