// Package sock is non-blocking sockets by descriptor: what an event loop asks
// of the operating system's sockets, in one small form for every system.
//
// A descriptor is a uintptr, as everywhere in this module; on Windows it is a
// SOCKET. The package keeps no state about a descriptor and owns none: who
// opens one closes it. Every descriptor that the package makes is non-blocking
// and is not inherited by child processes.
//
// # Calls that never sleep
//
// On Linux the calls that cannot block on a non-blocking descriptor (Read,
// Write, Writev, RecvFrom, SendTo, Accept, Connect and the name look-ups) go
// to the kernel past the runtime's bookkeeping of system calls. Used on a
// blocking descriptor they would hold a processor of the Go scheduler for as
// long as they sleep: make a descriptor of unknown origin non-blocking first
// (SetNonblock), and do not use them on regular files, which O_NONBLOCK does
// not change.
//
// # Errors
//
// Errors are bare syscall.Errno values, so that errors.Is works against both
// the constants of package syscall and the sentinels of package os. What they
// mean differs by system; WouldBlock, InProgress, OutOfDescriptors and
// Disconnected tell. A call that a signal interrupted is repeated inside. What
// a system cannot do at all is errors.ErrUnsupported.
//
// # SIGPIPE
//
// A write to a connection that the peer has closed is EPIPE (or its like) and
// never a signal that ends the process: by MSG_NOSIGNAL on Linux, the BSDs and
// illumos, by SO_NOSIGPIPE on the sockets opened and accepted here on macOS.
// Windows has no such signal. For what is not a socket (a pipe) there is no
// such flag; there the Go runtime's own handler takes the signal and drops it.
package sock

import (
	"errors"
	"io"
	"net"
	"syscall"
)

// Family is an address family.
type Family uint8

// The address families. The zero Family is none of them.
const (
	Inet4 Family = 1 + iota // IPv4
	Inet6                   // IPv6
	Unix                    // unix domain sockets
)

// String returns "ip4", "ip6", "unix" or "unknown family".
func (f Family) String() string {
	switch f {
	case Inet4:
		return "ip4"
	case Inet6:
		return "ip6"
	case Unix:
		return "unix"
	}
	return "unknown family"
}

// Type is a kind of socket.
type Type uint8

// The kinds of sockets. The zero Type is none of them.
const (
	Stream    Type = 1 + iota // a stream of bytes: TCP, unix
	Datagram                  // messages: UDP, unixgram
	SeqPacket                 // messages over a connection: unixpacket
)

// String returns "stream", "datagram", "seqpacket" or "unknown type".
func (t Type) String() string {
	switch t {
	case Stream:
		return "stream"
	case Datagram:
		return "datagram"
	case SeqPacket:
		return "seqpacket"
	}
	return "unknown type"
}

// maxVec is how many slices one Writev passes on at most: fewer than any
// system's IOV_MAX, and enough to fill a socket's send buffer.
const maxVec = 64

// Accept takes one connection from a listening socket. What it returns is
// non-blocking and not inherited by child processes. Besides errors for which
// WouldBlock holds (nothing is waiting) a server meets ones for which
// Disconnected holds (the peer gave up first: go on with the next) and ones
// for which OutOfDescriptors holds (wait before the next).
func Accept(fd uintptr) (uintptr, error) { return AcceptFrom(fd, nil) }

// LocalAddr returns a socket's own address as a *net.TCPAddr, *net.UDPAddr or
// *net.UnixAddr, whichever fits its family and type.
func LocalAddr(fd uintptr) (net.Addr, error) { return netAddr(fd, SockName) }

// RemoteAddr returns the address of a connected socket's peer, in the same
// form as LocalAddr.
func RemoteAddr(fd uintptr) (net.Addr, error) { return netAddr(fd, PeerName) }

func netAddr(fd uintptr, name func(uintptr) (Addr, error)) (net.Addr, error) {
	a, err := name(fd)
	if err != nil {
		return nil, err
	}
	t, err := TypeOf(fd)
	if err != nil {
		return nil, err
	}
	return a.NetAddr(t), nil
}

// FromConn returns a descriptor of one's own for what a net.Conn, a
// net.Listener, an *os.File or anything else with a SyscallConn method holds
// open. It is a duplicate: the original stays open, and the caller closes it
// once it has no more use for it. Both denote one open socket, so the two must
// not be used by turns; the socket is non-blocking from here on for both. What
// has no descriptor (a net.Pipe, a *tls.Conn) is errors.ErrUnsupported.
func FromConn(c io.Closer) (uintptr, error) {
	sc, ok := c.(syscall.Conn)
	if !ok {
		return Invalid, errors.ErrUnsupported
	}
	rc, err := sc.SyscallConn()
	if err != nil {
		return Invalid, err
	}
	fd := Invalid
	var dupErr error
	if err := rc.Control(func(orig uintptr) { fd, dupErr = adopt(orig) }); err != nil {
		return Invalid, err
	}
	return fd, dupErr
}

// Invalid is no descriptor; what returns an error returns it beside the error.
const Invalid = ^uintptr(0)
