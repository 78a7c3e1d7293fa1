//go:build unix

package asyncio

import "golang.org/x/sys/unix"

// noDelay reports whether TCP_NODELAY is set.
func noDelay(fd uintptr) (bool, error) {
	v, err := unix.GetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_NODELAY)
	return v != 0, err
}
