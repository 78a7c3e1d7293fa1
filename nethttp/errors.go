package nethttp

import (
	"errors"
	"fmt"

	"github.com/go-asyncio/asyncio"
)

// ErrTransportClosed is the error of a request that is made by a Transport after its
// Close.
var ErrTransportClosed = errors.New("nethttp: Transport is closed")

// timeoutError is the end of the time for one part of an exchange; the text says for
// which. It is a net.Error.
type timeoutError string

func (e timeoutError) Error() string { return "nethttp: " + string(e) }

// Timeout is true.
func (timeoutError) Timeout() bool { return true }

// Temporary is true, as that of net/http's timeouts is.
func (timeoutError) Temporary() bool { return true }

// Is makes it an asyncio.ErrTimeout, and what that is.
func (timeoutError) Is(target error) bool {
	return asyncio.ErrTimeout.(*asyncio.TimeoutError).Is(target)
}

// opError names what failed.
func opError(op string, err error) error { return &whileError{op, err} }

// whileError is an error with what was done when it came. It is a timeout if the error is one,
// which *url.Error asks nobody but the error that it is given.
type whileError struct {
	what string
	err  error
}

// Error describes the error.
func (e *whileError) Error() string { return "nethttp: " + e.what + ": " + e.err.Error() }

// Unwrap returns the error without what was done.
func (e *whileError) Unwrap() error { return e.err }

// Timeout reports whether the error is a timeout.
func (e *whileError) Timeout() bool {
	var t interface{ Timeout() bool }
	return errors.As(e.err, &t) && t.Timeout()
}

// invalid is an asyncio.ErrInvalidArgument with a text that says what was wrong.
func invalid(op, format string, args ...any) error {
	return fmt.Errorf("nethttp: %s: %w: %s", op, asyncio.ErrInvalidArgument, fmt.Sprintf(format, args...))
}
