package selectors

import (
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// pollCall is ppoll. The timeout is here and not on the stack, since its
// address goes to the kernel.
type pollCall struct{ timeout unix.Timespec }

// pollPrecision is the unit of the timeout.
const pollPrecision = time.Nanosecond

// ask makes the system call once, as ppoll, which has nanoseconds. The
// kernel changes the timeout, so it is set each time.
func (c *pollCall) ask(fds []unix.PollFd, d time.Duration) (int, syscall.Errno) {
	c.timeout = unix.Timespec{}
	if d <= 0 {
		n, _, errno := unix.RawSyscall6(unix.SYS_PPOLL, uintptr(unsafe.Pointer(unsafe.SliceData(fds))),
			uintptr(len(fds)), uintptr(unsafe.Pointer(&c.timeout)), 0, 0, 0)
		return int(n), errno
	}
	var limit *unix.Timespec
	if d != Forever {
		c.timeout = timespec(d)
		limit = &c.timeout
	}
	n, _, errno := unix.Syscall6(unix.SYS_PPOLL, uintptr(unsafe.Pointer(unsafe.SliceData(fds))),
		uintptr(len(fds)), uintptr(unsafe.Pointer(limit)), 0, 0, 0)
	return int(n), errno
}
