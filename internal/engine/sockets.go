package engine

import (
	"errors"

	"github.com/go-asyncio/asyncio/internal/sock"
)

// Option is an option of a socket's. Its value is an int; that of a switch is 1 or 0.
type Option uint8

// The options that servers and connections set. All are switches.
const (
	ReuseAddr Option = iota // SO_REUSEADDR
	ReusePort               // SO_REUSEPORT
	IPv6Only                // IPV6_V6ONLY
	NoDelay                 // TCP_NODELAY
	KeepAlive               // SO_KEEPALIVE
	Broadcast               // SO_BROADCAST
)

// Sockets makes sockets, and knows about them. The calls answer at once, with
// the errors of package sock. A simulated network has its own; so has a test
// that needs a call to fail.
type Sockets interface {
	// Open makes a socket as the engine needs it (non-blocking), not
	// inherited by child processes.
	Open(family sock.Family, typ sock.Type) (uintptr, error)

	// Adopt makes a descriptor that was made elsewhere fit for the engine
	// and tells what it is. A descriptor that is no socket is an error.
	Adopt(fd uintptr) (sock.Type, error)

	Bind(fd uintptr, addr sock.Addr) error
	Listen(fd uintptr, backlog int) error

	// SetOption sets an option. One that these sockets do not have is
	// errors.ErrUnsupported.
	SetOption(fd uintptr, opt Option, value int) error

	LocalAddr(fd uintptr) (sock.Addr, error)
	RemoteAddr(fd uintptr) (sock.Addr, error)

	// Take is Adopt for a descriptor that a user gives away: from now on it is the
	// caller's, who makes a Stream or a Listener of it or closes it. If a
	// Stream, a Listener or a watch of any engine has it, or it is taken already, it
	// is left alone, which a [*UsedError] says; with any other error it is no socket,
	// and not taken either. Any goroutine may call it.
	Take(fd uintptr) (sock.Type, error)

	// Close closes a descriptor that no Stream or Listener owns. Any goroutine may
	// call it.
	Close(fd uintptr) error
}

// SystemSockets are the sockets of the operating system.
type SystemSockets struct{}

// Open implements Sockets.
func (SystemSockets) Open(family sock.Family, typ sock.Type) (uintptr, error) {
	return sock.Open(family, typ)
}

// Adopt implements Sockets.
func (SystemSockets) Adopt(fd uintptr) (sock.Type, error) {
	typ, err := sock.TypeOf(fd)
	if err != nil {
		return 0, err
	}
	return typ, sock.SetNonblock(fd, true)
}

// Bind implements Sockets.
func (SystemSockets) Bind(fd uintptr, addr sock.Addr) error { return sock.Bind(fd, addr) }

// Listen implements Sockets.
func (SystemSockets) Listen(fd uintptr, backlog int) error { return sock.Listen(fd, backlog) }

// SetOption implements Sockets.
func (SystemSockets) SetOption(fd uintptr, opt Option, value int) error {
	on := value != 0
	switch opt {
	case ReuseAddr:
		return sock.SetReuseAddr(fd, on)
	case ReusePort:
		return sock.SetReusePort(fd, on)
	case IPv6Only:
		return sock.SetIPv6Only(fd, on)
	case NoDelay:
		return sock.SetNoDelay(fd, on)
	case KeepAlive:
		return sock.SetKeepAlive(fd, on)
	case Broadcast:
		return sock.SetBroadcast(fd, on)
	}
	return errors.ErrUnsupported
}

// LocalAddr implements Sockets.
func (SystemSockets) LocalAddr(fd uintptr) (sock.Addr, error) { return sock.SockName(fd) }

// RemoteAddr implements Sockets.
func (SystemSockets) RemoteAddr(fd uintptr) (sock.Addr, error) { return sock.PeerName(fd) }

// Take implements Sockets.
func (s SystemSockets) Take(fd uintptr) (sock.Type, error) {
	if _, err := sock.TypeOf(fd); err != nil {
		return 0, err // what is no descriptor has no place in the record
	}
	if err := holders.take(fd); err != nil {
		return 0, err
	}
	typ, err := s.Adopt(fd)
	if err != nil {
		holders.drop(fd)
	}
	return typ, err
}

// Close implements Sockets.
func (SystemSockets) Close(fd uintptr) error {
	holders.drop(fd)
	return sock.Close(fd)
}
