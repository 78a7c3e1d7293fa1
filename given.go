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
func (l *baseLoop) take(op string, fd uintptr) (*given, error) { return l.takeOne(op, aStream, fd) }

// kind is which sockets a call can use: by words, of which type, and of which family if that
// matters.
type kind struct {
	name   string
	fits   func(sock.Type) bool
	family sock.Family
}

// What calls ask for.
var (
	aStream     = kind{name: "a stream socket", fits: isStream}
	aUnixStream = kind{name: "a unix stream socket", fits: isStream, family: sock.Unix}
	aDatagram   = kind{name: "a datagram socket", fits: func(t sock.Type) bool { return !isStream(t) }}
)

func isStream(t sock.Type) bool { return t == sock.Stream }

// takeOne is take for a call that can use sockets of a kind.
func (l *baseLoop) takeOne(op string, of kind, fd uintptr) (*given, error) {
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
	return nil, fmt.Errorf("asyncio: %s: %w: %s was expected, got descriptor %d: %w", op, ErrInvalidArgument, of.name, fd, err)
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

// socketOf returns the stream socket that was given to a call, or a duplicate of the
// connection's or listener's, for the caller to close.
func (l *baseLoop) socketOf(op, network string, g *given, c io.Closer) (uintptr, error) {
	of := aStream
	if network == netaddr.Unix {
		of = aUnixStream
	}
	fd, _, err := l.oneOf(op, of, g, c)
	return fd, err
}

// oneOf is socketOf for sockets of a kind, and says of which type it is.
func (l *baseLoop) oneOf(op string, of kind, g *given, c io.Closer) (uintptr, sock.Type, error) {
	if g == nil {
		var err error
		if g, err = l.duplicate(op, of, c); err != nil {
			return 0, 0, err
		}
	}
	if !g.pass() {
		return 0, 0, opError(op, ErrCancelled)
	}
	switch addr, err := g.sockets.LocalAddr(g.fd); {
	case !of.fits(g.typ):
		g.close()
		return 0, 0, invalid(op, "%s was expected, got a %v socket", of.name, g.typ)
	case of.family != 0 && (err != nil || addr.Family() != of.family):
		g.close()
		return 0, 0, invalid(op, "%s was expected, got one of family %v", of.name, addr.Family())
	}
	return g.fd, g.typ, nil
}

// duplicate makes a descriptor of our own of what is and stays the user's.
func (l *baseLoop) duplicate(op string, of kind, c io.Closer) (*given, error) {
	fd, err := sock.FromConn(c)
	if err != nil {
		return nil, opError(op, fmt.Errorf("%T: %w", c, err))
	}
	sockets := l.eng.Sockets()
	typ, err := sockets.Adopt(fd)
	if err != nil {
		err = fmt.Errorf("asyncio: %s: %w: %s was expected, got a %T: %w", op, ErrInvalidArgument, of.name, c, err)
		return nil, errors.Join(err, sock.Close(fd)) // it is the system's, whatever the loop's sockets are
	}
	return &given{sockets: sockets, fd: fd, typ: typ}, nil
}
