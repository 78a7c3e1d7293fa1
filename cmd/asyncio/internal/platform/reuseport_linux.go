package platform

import "syscall"

// setReusePort: SO_REUSEPORT, which package syscall does not name everywhere.
func setReusePort(fd int) error { return syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, 15, 1) }
