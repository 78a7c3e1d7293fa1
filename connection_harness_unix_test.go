//go:build unix

package asyncio_test

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// What the system says of a connection that the peer has
// reset or the system given up, and when it cannot make one more socket.
const (
	errConnAborted = syscall.ECONNABORTED
	errConnReset   = syscall.ECONNRESET
)

var outOfResources = []error{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM}

// noDelay reports whether TCP_NODELAY is set.
func noDelay(fd uintptr) (bool, error) {
	v, err := unix.GetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_NODELAY)
	return v != 0, err
}

// setSendBuffer bounds what the system takes of what nobody reads, for good.
func setSendBuffer(fd uintptr, size int) error {
	return unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_SNDBUF, size)
}
