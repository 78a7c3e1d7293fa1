package main

import (
	"syscall"
	"unsafe"
)

// systemProactors makes an io_uring: io_uring_setup(2), which has the same number
// on every architecture that Go supports but MIPS.
func systemProactors() map[string]verdict {
	const (
		sysSetup = 425
		entries  = 1
	)
	var params [120]byte // struct io_uring_params
	fd, _, errno := syscall.Syscall(sysSetup, entries, uintptr(unsafe.Pointer(&params)), 0)
	var err error
	if errno != 0 {
		err = errno
	} else {
		err = syscall.Close(int(fd))
	}
	return map[string]verdict{"io_uring": verdictOf(err), "iocp": {Error: "Windows only"}}
}

// setReusePort: SO_REUSEPORT, which package syscall does not name everywhere.
func setReusePort(fd int) error { return syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, 15, 1) }
