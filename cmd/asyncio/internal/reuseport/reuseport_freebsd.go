package reuseport

import "syscall"

// set switches SO_REUSEPORT_LB on, with which the connections are spread.
func set(fd uintptr) error {
	return syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, 0x00010000, 1)
}
