package asyncio

import "golang.org/x/sys/windows"

// noDelay reports whether TCP_NODELAY is set.
func noDelay(fd uintptr) (bool, error) {
	v, err := windows.GetsockoptInt(windows.Handle(fd), windows.IPPROTO_TCP, windows.TCP_NODELAY)
	return v != 0, err
}
