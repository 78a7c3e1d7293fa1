package sock

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// Sendfile sends up to n bytes of a regular file, from offset on, as far as the socket
// takes them now, without a copy of them in the program. It returns how many, fewer also at the
// end of the file: 0 and no error beyond it. The file's position stays as it is. It may
// sleep until the disk has read, so it is an ordinary system call. A system that has no
// such call answers errors.ErrUnsupported; an error may also say that it cannot do so
// with this file or this socket. See sendfile(2).
func Sendfile(fd, file uintptr, offset int64, n int) (int, error) {
	for {
		sent, err := unix.Sendfile(int(fd), int(file), &offset, n)
		if err != syscall.EINTR {
			return max(sent, 0), err
		}
	}
}
