//go:build unix

package completion

import "golang.org/x/sys/unix"

// checkDescriptor reports an error for a number that is no open descriptor.
func checkDescriptor(fd uintptr) error {
	_, err := unix.FcntlInt(fd, unix.F_GETFL, 0)
	return err
}
