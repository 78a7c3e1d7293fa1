//go:build unix

package sock

import (
	"golang.org/x/sys/unix"
)

// KindOf returns what a descriptor denotes.
func KindOf(fd uintptr) (FileKind, error) {
	var st unix.Stat_t
	if err := retry(func() error { return unix.Fstat(int(fd), &st) }); err != nil {
		return 0, err
	}
	switch uint32(st.Mode) & unix.S_IFMT {
	case unix.S_IFIFO:
		return Pipe, nil
	case unix.S_IFSOCK:
		return AnySocket, nil
	case unix.S_IFCHR:
		return CharDevice, nil
	}
	return 0, nil
}

// Access reports in which ways a descriptor was opened.
func Access(fd uintptr) (reads, writes bool, err error) {
	flags, err := unix.FcntlInt(fd, unix.F_GETFL, 0)
	if err != nil {
		return false, false, err
	}
	mode := flags & unix.O_ACCMODE
	return mode == unix.O_RDONLY || mode == unix.O_RDWR, mode == unix.O_WRONLY || mode == unix.O_RDWR, nil
}

// DupPlain is Dup whose result is none of the standard descriptors 0, 1 and 2.
func DupPlain(fd uintptr) (uintptr, error) {
	n, err := unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return Invalid, err
	}
	return uintptr(n), nil
}

// ReaderOf asks whether the reader of a pipe or a socket has gone, for a descriptor
// that has become readable though it is there to be written: so systems tell of it. A
// socket is looked into without taking anything out of it.
func ReaderOf(fd uintptr, kind FileKind) Reader {
	if kind == AnySocket {
		var p [1]byte
		var n int
		err := retry(func() (err error) {
			n, _, err = unix.Recvfrom(int(fd), p[:], unix.MSG_PEEK|unix.MSG_DONTWAIT)
			return err
		})
		switch {
		case err != nil && WouldBlock(err):
			return ReaderThere
		case err != nil || n == 0:
			return ReaderGone
		}
		return ReaderUnknown
	}
	fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	if err := retry(func() (err error) { _, err = unix.Poll(fds, 0); return err }); err != nil {
		return ReaderUnknown
	}
	switch got := fds[0].Revents; {
	case got&(unix.POLLERR|unix.POLLHUP|unix.POLLNVAL) != 0:
		return ReaderGone
	case got&unix.POLLIN != 0:
		return ReaderUnknown // a FIFO that was opened both ways is its own reader
	}
	return ReaderThere
}

// HungUp reports whether err, of a read of this kind, says that the other end of a
// terminal was closed or its line has hung up.
func HungUp(kind FileKind, err error) bool { return kind == CharDevice && errnoOf(err) == unix.EIO }
