package sock

import (
	"errors"
	"strconv"

	"golang.org/x/sys/unix"
)

// Reopen opens what a descriptor denotes once more, for reading or for writing, and
// returns a non-blocking descriptor that shares nothing with the first: whether that
// blocks stays its own affair, which it does not with Dup. It is for pipes and for
// terminals; with an error nothing has changed. (See proc_pid_fd(5). To open the side of
// a terminal's user would make another terminal, and a socket cannot be opened.)
func Reopen(fd uintptr, kind FileKind, writes bool) (uintptr, error) {
	switch kind {
	case Pipe:
	case CharDevice:
		if _, err := unix.IoctlGetTermios(int(fd), unix.TCGETS); err != nil {
			return Invalid, err
		}
		if _, err := unix.IoctlGetInt(int(fd), unix.TIOCGPTN); err == nil {
			return Invalid, errors.ErrUnsupported
		}
	default:
		return Invalid, errors.ErrUnsupported
	}
	mode := unix.O_RDONLY
	if writes {
		mode = unix.O_WRONLY
	}
	var n int
	err := retry(func() (err error) {
		n, err = unix.Open("/proc/self/fd/"+strconv.Itoa(int(fd)), mode|unix.O_NONBLOCK|unix.O_CLOEXEC|unix.O_NOCTTY, 0)
		return err
	})
	if err != nil {
		return Invalid, err
	}
	if n > 2 {
		return uintptr(n), nil
	}
	higher, err := DupPlain(uintptr(n))
	return higher, errors.Join(err, Close(uintptr(n)))
}
