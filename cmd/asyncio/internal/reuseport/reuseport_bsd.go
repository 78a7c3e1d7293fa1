//go:build darwin || openbsd || netbsd || dragonfly

package reuseport

import "syscall"

// set switches SO_REUSEPORT on.
func set(fd uintptr) error {
	return syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_REUSEPORT, 1)
}
