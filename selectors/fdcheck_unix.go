//go:build unix

package selectors

import (
	"os"

	"golang.org/x/sys/unix"
)

// checkOpen returns the system's error (EBADF) if fd is not open. The
// mechanisms that tell the system of a file only when they wait need it:
// without it, a wrong descriptor would be noticed too late and by nobody.
func checkOpen(fd uintptr) error {
	_, err := unix.FcntlInt(fd, unix.F_GETFD, 0)
	return os.NewSyscallError("fcntl", err)
}
