package sock

import (
	"maps"
	"sync"

	"golang.org/x/sys/windows"
)

// This file is about the completion ports of IOCP, not about the ports of addresses.

// ports has the completion port of each socket that BindPort has bound: the
// system binds a socket once for all of its life, and does not tell to what.
var ports = struct {
	sync.Mutex
	of map[uintptr]uintptr
}{of: map[uintptr]uintptr{}}

// BindPort has a completion port told of the operations on a socket. Again is
// harmless. ERROR_INVALID_PARAMETER: it is bound to another port, or made for
// no port at all.
func BindPort(fd, port uintptr) error {
	ports.Lock()
	defer ports.Unlock()
	_, err := windows.CreateIoCompletionPort(windows.Handle(fd), windows.Handle(port), 0, 0)
	if err == nil {
		ports.of[fd] = port
		return nil
	}
	if bound, ok := ports.of[fd]; ok && bound == port && err == windows.ERROR_INVALID_PARAMETER {
		return nil
	}
	return err
}

// ForgetPort is to be called before a port is closed.
func ForgetPort(port uintptr) {
	ports.Lock()
	defer ports.Unlock()
	maps.DeleteFunc(ports.of, func(_, bound uintptr) bool { return bound == port })
}

// forgetBound is to be called before a socket is closed.
func forgetBound(fd uintptr) {
	ports.Lock()
	defer ports.Unlock()
	delete(ports.of, fd)
}
