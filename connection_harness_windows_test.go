package asyncio_test

import "golang.org/x/sys/windows"

// What the system says of a connection that the peer has
// reset or the system given up, and when it cannot make one more socket.
const (
	errConnAborted = windows.WSAECONNABORTED
	errConnReset   = windows.WSAECONNRESET
)

var outOfResources = []error{windows.WSAEMFILE, windows.WSAENOBUFS, windows.ERROR_NOT_ENOUGH_MEMORY}

// noDelay reports whether TCP_NODELAY is set.
func noDelay(fd uintptr) (bool, error) {
	v, err := windows.GetsockoptInt(windows.Handle(fd), windows.IPPROTO_TCP, windows.TCP_NODELAY)
	return v != 0, err
}

// setSendBuffer bounds what the system takes of what nobody reads, for good.
func setSendBuffer(fd uintptr, size int) error {
	return windows.SetsockoptInt(windows.Handle(fd), windows.SOL_SOCKET, windows.SO_SNDBUF, size)
}
