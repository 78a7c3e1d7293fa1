//go:build unix

package selectortest

import (
	"sync/atomic"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// immediate: what one end of a pair does, the other end knows when the call
// returns.
const immediate = true

// errNotOpen is the system's for a descriptor that is not open.
const errNotOpen = syscall.EBADF

// socket is one end of a socket pair.
type socket int

func newSockets() (a, b socket, err error) {
	// No other goroutine may fork before the ends are closed on exec.
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		return -1, -1, err
	}
	for _, fd := range fds {
		unix.CloseOnExec(fd)
		if err := unix.SetNonblock(fd, true); err != nil {
			return -1, -1, err
		}
	}
	return socket(fds[0]), socket(fds[1]), nil
}

func (s socket) fd() uintptr { return uintptr(s) }

func (s socket) close() { unix.Close(int(s)) }

func (s socket) closeWrite() error { return unix.Shutdown(int(s), unix.SHUT_WR) }

func (s socket) write(p []byte) (int, error) { return unix.Write(int(s), p) }

func (s socket) read(p []byte) (int, error) { return unix.Read(int(s), p) }

// fill writes until the system takes no more.
func (s socket) fill(t testing.TB) {
	t.Helper()
	var chunk [16 << 10]byte
	for {
		switch _, err := s.write(chunk[:]); err {
		case nil, unix.EINTR:
		case unix.EAGAIN:
			return
		default:
			t.Fatalf("write: %v", err)
		}
	}
}

// lonely counts the descriptors that lonelyPair has given out.
var lonely atomic.Int32

// lonelyPair is Pair with the first end at a high descriptor, which no other
// test gets after that end is closed: the system hands out the lowest.
func lonelyPair(t testing.TB) (a, b *End) {
	t.Helper()
	a, b = Pair(t)
	high, err := unix.FcntlInt(a.fd(), unix.F_DUPFD_CLOEXEC, 700+int(lonely.Add(1))%300)
	if err != nil {
		t.Fatalf("fcntl: %v", err)
	}
	a.Close()
	a = &End{socket(high), true}
	t.Cleanup(a.Close)
	return a, b
}
