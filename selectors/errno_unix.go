//go:build unix && !linux

package selectors

import (
	"errors"
	"syscall"

	"golang.org/x/sys/unix"
)

// errnoOf returns the error number in what a wrapper of package unix returns.
func errnoOf(err error) syscall.Errno {
	var errno syscall.Errno
	if err != nil && !errors.As(err, &errno) {
		return unix.EINVAL
	}
	return errno
}
