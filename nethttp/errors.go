package nethttp

import (
	"context"
	"errors"
	"fmt"
	"os"

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
func opError(op string, err error) error { return fmt.Errorf("nethttp: %s: %w", op, err) }

// asTimeout has an error that wraps a timeout be one itself: *url.Error asks nobody but the
// error that it is given.
func asTimeout(err error) error {
	if t, ok := err.(interface{ Timeout() bool }); ok && t.Timeout() {
		return err
	}
	for _, timeout := range [...]error{asyncio.ErrTimeout, context.DeadlineExceeded, os.ErrDeadlineExceeded} {
		if errors.Is(err, timeout) {
			return timedOut{err}
		}
	}
	return err
}

// timedOut is an error that wraps a timeout.
type timedOut struct{ error }

// Unwrap returns the error.
func (e timedOut) Unwrap() error { return e.error }

// Timeout is true.
func (timedOut) Timeout() bool { return true }

// invalid is an asyncio.ErrInvalidArgument with a text that says what was wrong.
func invalid(op, format string, args ...any) error {
	return fmt.Errorf("nethttp: %s: %w: %s", op, asyncio.ErrInvalidArgument, fmt.Sprintf(format, args...))
}
