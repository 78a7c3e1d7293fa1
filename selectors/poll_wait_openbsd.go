package selectors

import (
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// pollCall is ppoll. The timeout is here and not on the stack, since its
// address goes to the kernel.
type pollCall struct{ timeout unix.Timespec }

// pollPrecision is the unit of the timeout.
const pollPrecision = time.Nanosecond

// ask makes the system call once, as ppoll, which has nanoseconds.
func (c *pollCall) ask(fds []unix.PollFd, d time.Duration) (int, syscall.Errno) {
	var limit *unix.Timespec
	if d != Forever {
		c.timeout = unix.NsecToTimespec(int64(max(d, 0)))
		limit = &c.timeout
	}
	n, err := unix.Ppoll(fds, limit, nil)
	return n, errnoOf(err)
}
