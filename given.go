package asyncio

import (
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/sock"
)

// given is a descriptor that a user gave to a call. It is the call's from its
// start: first the calling goroutine's, then the coroutine's that goes on with it.
// A nil one is none.
type given struct {
	sockets engine.Sockets
	fd      uintptr
	typ     sock.Type
	passed  atomic.Bool // it is the coroutine's, or closed
}

// take makes a descriptor the call's. With an error it is left as it is: it
// belongs to a transport, a server or a watch, or is no socket at all.
func (l *baseLoop) take(op string, fd uintptr) (*given, error) {
	if fd == 0 {
		return nil, nil
	}
	sockets := l.eng.Sockets()
	typ, err := sockets.Take(fd)
	switch used := (*engine.UsedError)(nil); {
	case err == nil:
		return &given{sockets: sockets, fd: fd, typ: typ}, nil
	case errors.As(err, &used):
		return nil, fmt.Errorf("asyncio: %s: %w: the socket is left alone: %w", op, ErrInvalidArgument, err)
	}
	return nil, fmt.Errorf("asyncio: %s: %w: a stream socket was expected, got descriptor %d: %w", op, ErrInvalidArgument, fd, err)
}

// pass gives the descriptor to the caller, who closes it from now on. It reports
// false if the call is over.
func (g *given) pass() bool { return g.passed.CompareAndSwap(false, true) }

// release closes the descriptor unless somebody goes on with it. Whoever takes one
// defers it.
func (g *given) release() {
	if g != nil && g.pass() {
		_ = g.sockets.Close(g.fd) // nothing to be done about it
	}
}

// socketOf returns the socket that was given to a call, or a duplicate of the
// connection's or listener's, for the caller to close.
func (l *baseLoop) socketOf(op string, g *given, c io.Closer) (uintptr, error) {
	if g == nil {
		var err error
		if g, err = l.duplicate(op, c); err != nil {
			return 0, err
		}
	}
	if !g.pass() {
		return 0, opError(op, ErrCancelled)
	}
	if g.typ != sock.Stream {
		_ = g.sockets.Close(g.fd)
		return 0, invalid(op, "a stream socket was expected, got a %v socket", g.typ)
	}
	return g.fd, nil
}

// duplicate makes a descriptor of our own of what is and stays the user's.
func (l *baseLoop) duplicate(op string, c io.Closer) (*given, error) {
	fd, err := sock.FromConn(c)
	if err != nil {
		return nil, opError(op, fmt.Errorf("%T: %w", c, err))
	}
	sockets := l.eng.Sockets()
	typ, err := sockets.Adopt(fd)
	if err != nil {
		err = fmt.Errorf("asyncio: %s: %w: a stream socket was expected, got a %T: %w", op, ErrInvalidArgument, c, err)
		return nil, errors.Join(err, sockets.Close(fd))
	}
	return &given{sockets: sockets, fd: fd, typ: typ}, nil
}
