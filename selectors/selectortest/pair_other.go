//go:build !unix

package selectortest

import (
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio/selectors"
)

// immediate: it takes a moment until one end of a pair knows what the other
// has done.
const immediate = false

// errNotOpen is Winsock's for a handle that is no open socket: WSAENOTSOCK.
const errNotOpen = syscall.Errno(10038)

// socket is one end of a connection over the loopback device.
type socket struct{ *net.TCPConn }

func newSockets() (a, b socket, err error) {
	l, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return a, b, err
	}
	defer l.Close()
	a.TCPConn, err = net.DialTCP("tcp", nil, l.Addr().(*net.TCPAddr))
	if err != nil {
		return a, b, err
	}
	b.TCPConn, err = l.AcceptTCP()
	return a, b, err
}

func (s socket) fd() uintptr {
	fd := selectors.NoFD
	if raw, err := s.SyscallConn(); err == nil {
		_ = raw.Control(func(d uintptr) { fd = d })
	}
	return fd
}

func (s socket) close() { s.TCPConn.Close() }

func (s socket) closeWrite() error { return s.CloseWrite() }

func (s socket) write(p []byte) (int, error) { return s.TCPConn.Write(p) }

func (s socket) read(p []byte) (int, error) {
	s.SetReadDeadline(time.Now().Add(5 * time.Second))
	return s.TCPConn.Read(p)
}

// fill writes until the system takes no more.
func (s socket) fill(t testing.TB) {
	t.Helper()
	var chunk [16 << 10]byte
	for {
		s.SetWriteDeadline(time.Now().Add(200 * time.Millisecond))
		if _, err := s.write(chunk[:]); err != nil {
			return
		}
	}
}

// lonelyPair is Pair: handles are not reused at once.
func lonelyPair(t testing.TB) (a, b *End) { return Pair(t) }
