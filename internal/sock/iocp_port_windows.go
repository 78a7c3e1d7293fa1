package sock

import (
	"sync"

	"golang.org/x/sys/windows"
)

// This file is about the completion ports of IOCP, not about the ports of addresses.

// ports has the completion port of each socket that BindPort has bound: the
// system binds a socket once for all of its life, and does not tell to what.
var ports sync.Map // from uintptr to uintptr

// BindPort has a completion port told of the operations on a socket. Again is
// harmless. ERROR_INVALID_PARAMETER: it is bound to another port, or made for
// no port at all.
func BindPort(fd, port uintptr) error {
	_, err := windows.CreateIoCompletionPort(windows.Handle(fd), windows.Handle(port), 0, 0)
	if err == nil {
		ports.Store(fd, port)
		return nil
	}
	if bound, ok := ports.Load(fd); ok && bound == port && err == windows.ERROR_INVALID_PARAMETER {
		return nil
	}
	return err
}

// ForgetPort is to be called before a port is closed.
func ForgetPort(port uintptr) {
	ports.Range(func(fd, bound any) bool {
		if bound == port {
			ports.Delete(fd)
		}
		return true
	})
}
