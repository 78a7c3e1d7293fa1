// Package reuseport has several sockets listen on one port, where a system can do that:
// what package syscall does not name is here.
package reuseport

import (
	"errors"
	"syscall"
)

// Control is for a net.ListenConfig.
func Control(_, _ string, c syscall.RawConn) error {
	var err error
	return errors.Join(c.Control(func(fd uintptr) { err = set(fd) }), err)
}
