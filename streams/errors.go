package streams

import (
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"

	"github.com/go-asyncio/asyncio"
)

// ErrConnectionLost: the connection ended before the call. It is a
// syscall.ECONNRESET and a net.ErrClosed under errors.Is. What a call returns says
// which connection that was and, if there was a reason for its end, that too.
// (ConnectionResetError "Connection lost")
var ErrConnectionLost error = connectionLost{}

type connectionLost struct{}

func (connectionLost) Error() string { return "connection lost" }

func (connectionLost) Is(target error) bool {
	return target == syscall.ECONNRESET || target == net.ErrClosed
}

// lostError is an ErrConnectionLost of one connection.
type lostError struct {
	connectionLost
	peer   net.Addr // nil if it is not known
	reason error    // nil if it was ended here
}

func (e *lostError) Error() string {
	text := "streams: connection "
	if e.peer != nil {
		text += "to " + e.peer.String() + " "
	}
	text += "lost"
	if e.reason != nil {
		text += ": " + e.reason.Error()
	}
	return text
}

func (e *lostError) Is(target error) bool {
	return target == ErrConnectionLost || e.connectionLost.Is(target)
}

func (e *lostError) Unwrap() error { return e.reason }

// IncompleteReadError says that the stream ended before all that was asked for
// had come. It is an io.ErrUnexpectedEOF under errors.Is, or an io.EOF if nothing
// at all had come. (asyncio.IncompleteReadError)
type IncompleteReadError struct {
	// Partial is what came.
	Partial []byte
	// Expected is how many bytes were asked for, -1 if that was not known.
	Expected int
}

func (e *IncompleteReadError) Error() string {
	expected := "undefined"
	if e.Expected >= 0 {
		expected = fmt.Sprint(e.Expected)
	}
	return fmt.Sprintf("streams: %d bytes read on a total of %s expected bytes", len(e.Partial), expected)
}

// Unwrap returns what package io says in this case.
func (e *IncompleteReadError) Unwrap() error {
	if len(e.Partial) == 0 {
		return io.EOF
	}
	return io.ErrUnexpectedEOF
}

// LimitOverrunError says that no separator was found within the reader's limit.
// (asyncio.LimitOverrunError)
type LimitOverrunError struct {
	// Message tells whether there is a separator farther on.
	Message string
	// Consumed is how many buffered bytes hold no separator. (consumed)
	Consumed int
}

func (e *LimitOverrunError) Error() string {
	return "streams: " + e.Message + "; WithLimit sets it"
}

// lineTooLong is a LimitOverrunError of ReadLine, which has dropped the line: an
// invalid value, as in asyncio.
type lineTooLong struct{ *LimitOverrunError }

func (e lineTooLong) Unwrap() []error {
	return []error{asyncio.ErrInvalidArgument, e.LimitOverrunError}
}

// opError names the call that failed.
func opError(op string, err error) error { return fmt.Errorf("streams: %s: %w", op, err) }

// invalid is an asyncio.ErrInvalidArgument with a text that says what was wrong.
func invalid(op, format string, args ...any) error {
	return fmt.Errorf("streams: %s: %w: %s", op, asyncio.ErrInvalidArgument, fmt.Sprintf(format, args...))
}

// cannotDo reports whether err says that something can never be done, rather
// than not now.
func cannotDo(err error) bool { return errors.Is(err, errors.ErrUnsupported) }
