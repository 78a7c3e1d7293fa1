package selectors

import (
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// pollTimeout is what ppoll takes, pollPrecision its unit.
type pollTimeout = unix.Timespec

const pollPrecision = time.Nanosecond

// ask makes the system call once, as ppoll, which has nanoseconds. The
// kernel changes the timeout, so it is set each time.
func (s *PollSelector) ask(d time.Duration) (int, syscall.Errno) {
	s.timeout = unix.Timespec{}
	if d <= 0 {
		n, _, errno := unix.RawSyscall6(unix.SYS_PPOLL, uintptr(unsafe.Pointer(unsafe.SliceData(s.fds))),
			uintptr(len(s.fds)), uintptr(unsafe.Pointer(&s.timeout)), 0, 0, 0)
		return int(n), errno
	}
	var limit *unix.Timespec
	if d != Forever {
		s.timeout = timespec(d)
		limit = &s.timeout
	}
	n, _, errno := unix.Syscall6(unix.SYS_PPOLL, uintptr(unsafe.Pointer(unsafe.SliceData(s.fds))),
		uintptr(len(s.fds)), uintptr(unsafe.Pointer(limit)), 0, 0, 0)
	return int(n), errno
}
