package selectors

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
)

// The kinds of error that a selector returns, inside an *[OpError]: test for
// them with errors.Is.
var (
	// ErrNotRegistered: the file is not registered with this selector.
	// asyncio: KeyError.
	ErrNotRegistered = errors.New("file is not registered")

	// ErrAlreadyRegistered: the file, or another with the same descriptor,
	// is registered already. asyncio: KeyError.
	ErrAlreadyRegistered = errors.New("file is already registered")

	// ErrInvalidEvents: the mask is empty or holds bits other than
	// EventRead and EventWrite. asyncio: ValueError.
	ErrInvalidEvents = errors.New("invalid events")

	// ErrInvalidDescriptor: the file object is of a kind that has no
	// descriptor, is closed, or its descriptor is no possible one (negative).
	// asyncio: ValueError.
	ErrInvalidDescriptor = errors.New("invalid file descriptor")

	// ErrTooManyDescriptors: the mechanism cannot watch this many files, or
	// none with so high a descriptor. The text names what to use instead.
	// asyncio: ValueError.
	ErrTooManyDescriptors = errors.New("too many file descriptors for this selector")

	// ErrClosed: the selector is closed. It is also os.ErrClosed.
	// asyncio: RuntimeError.
	ErrClosed error = closedError{}
)

type closedError struct{}

func (closedError) Error() string        { return "selector is closed" }
func (closedError) Is(target error) bool { return target == os.ErrClosed }

// OpError is the error of every method of this package's selectors: which
// mechanism, which call, on which file, and why.
type OpError struct {
	// Selector is the mechanism's name: "epoll", "poll", ...
	Selector string
	// Op is the call: "register", "unregister", "modify", "select", "close",
	// "get_key".
	Op string
	// FileObj is the file as it was given, nil where the call has none.
	FileObj any
	// FD is its descriptor, NoFD where there is none.
	FD uintptr
	// Err is the reason: one of the sentinels above or the system's error,
	// perhaps with more text around it.
	Err error
}

// Error names the mechanism, the call, the file and the reason. A system call that is
// called like one of the first two is not named again.
func (e *OpError) Error() string {
	s := "selectors: " + e.Selector + " " + e.Op
	switch {
	case e.FD != NoFD:
		s += " descriptor " + uitoa(uint64(e.FD))
	case e.FileObj != nil:
		s += fmt.Sprintf(" %T", e.FileObj)
	}
	reason := e.Err
	if call, ok := reason.(*os.SyscallError); ok && (call.Syscall == e.Selector || call.Syscall == e.Op) {
		reason = call.Err
	}
	return s + ": " + reason.Error()
}

// Unwrap returns the reason.
func (e *OpError) Unwrap() error { return e.Err }

// unsupported is the error of a constructor on a system that lacks the
// mechanism.
func unsupported(call, instead string) error {
	return fmt.Errorf("selectors: %s is not available on %s/%s: %w; use %s instead",
		call, runtime.GOOS, runtime.GOARCH, errors.ErrUnsupported, instead)
}

func uitoa(n uint64) string { return strconv.FormatUint(n, 10) }
