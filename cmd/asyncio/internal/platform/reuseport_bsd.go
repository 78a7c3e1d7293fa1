//go:build darwin || freebsd || openbsd || netbsd || dragonfly

package platform

import "syscall"

func setReusePort(fd int) error {
	return syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_REUSEPORT, 1)
}
