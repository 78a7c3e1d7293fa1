package asyncio

import (
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/netaddr"
	"github.com/go-asyncio/asyncio/internal/sock"
)

// given is a descriptor that a user gave to a call. It is the call's from its
// start: first the calling goroutine's, then the coroutine's that goes on with it.
// A nil one is none.
type given struct {
	sockets engine.Sockets
	fd      uintptr
	typ     sock.Type
	file    engine.SocketFile // goes with a unix socket's descriptor; or nil
	passed  atomic.Bool       // it is the coroutine's, or closed
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
		g.close()
	}
}

// close closes the descriptor, with its file.
func (g *given) close() {
	if g.file != nil {
		_ = g.file.Remove()
	}
	_ = g.sockets.Close(g.fd) // nothing to be done about it
}

// ofUnix has the file of a unix socket go with its descriptor, if it is to go.
func (g *given) ofUnix(remove bool) {
	if remove {
		g.file, _ = g.sockets.FileOf(g.fd) // what is no unix socket has none
	}
}

// ownFile is the file that goes with the descriptor, nil if there is none.
func (g *given) ownFile() engine.SocketFile {
	if g == nil {
		return nil
	}
	return g.file
}

// socketOf returns the socket that was given to a call, or a duplicate of the
// connection's or listener's, for the caller to close.
func (l *baseLoop) socketOf(op, network string, g *given, c io.Closer) (uintptr, error) {
	if g == nil {
		var err error
		if g, err = l.duplicate(op, c); err != nil {
			return 0, err
		}
	}
	if !g.pass() {
		return 0, opError(op, ErrCancelled)
	}
	switch addr, err := g.sockets.LocalAddr(g.fd); {
	case g.typ != sock.Stream && network == netaddr.Unix:
		g.close()
		return 0, invalid(op, "a unix stream socket was expected, got a %v socket", g.typ)
	case g.typ != sock.Stream:
		g.close()
		return 0, invalid(op, "a stream socket was expected, got a %v socket", g.typ)
	case network == netaddr.Unix && (err != nil || addr.Family() != sock.Unix):
		g.close()
		return 0, invalid(op, "a unix stream socket was expected, got one of family %v", addr.Family())
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
