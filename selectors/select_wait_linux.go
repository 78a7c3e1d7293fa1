package selectors

import (
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// selectTimeout is what pselect6 takes: nanoseconds, where select(2) has
// microseconds.
type selectTimeout = unix.Timespec

const selectPrecision = time.Nanosecond

// ask makes the system call once. The kernel changes the timeout, so it is
// set each time.
func (s *SelectSelector) ask(d time.Duration) (int, syscall.Errno) {
	s.timeout = selectTimeout{}
	if d <= 0 {
		n, _, errno := unix.RawSyscall6(unix.SYS_PSELECT6, uintptr(s.top),
			uintptr(unsafe.Pointer(&s.readable)), uintptr(unsafe.Pointer(&s.writable)), 0,
			uintptr(unsafe.Pointer(&s.timeout)), 0)
		return int(n), errno
	}
	var limit *selectTimeout
	if d != Forever {
		s.timeout = timespec(d)
		limit = &s.timeout
	}
	n, _, errno := unix.Syscall6(unix.SYS_PSELECT6, uintptr(s.top),
		uintptr(unsafe.Pointer(&s.readable)), uintptr(unsafe.Pointer(&s.writable)), 0,
		uintptr(unsafe.Pointer(limit)), 0)
	return int(n), errno
}

// timespec is d for pselect6 and ppoll. Where the system's type has 32 bits,
// so has the number of seconds.
func timespec(d time.Duration) unix.Timespec {
	if unsafe.Sizeof(unix.Timespec{}.Sec) == 4 {
		d = min(d, (1<<31-1)*time.Second)
	}
	return unix.NsecToTimespec(int64(d))
}
