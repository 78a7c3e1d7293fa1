package main

import (
	"syscall"
	"unsafe"
)

// examineProactors makes an io_uring: io_uring_setup(2), which has the same number
// on every architecture that Go supports but MIPS.
func examineProactors() []proactorReport {
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
	return []proactorReport{
		{"io_uring", verdict{Error: notInThisVersion}, verdictOf(err)},
		{"iocp", verdict{Error: notInThisVersion}, verdict{Error: "Windows only"}},
	}
}

// setReusePort: SO_REUSEPORT, which package syscall does not name everywhere.
func setReusePort(fd int) error { return syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, 15, 1) }
