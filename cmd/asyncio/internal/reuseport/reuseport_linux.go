package reuseport

import "syscall"

// set switches SO_REUSEPORT on, which package syscall does not name everywhere.
func set(fd uintptr) error { return syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, 15, 1) }
