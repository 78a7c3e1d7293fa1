//go:build unix && !aix && !linux && !openbsd

package selectors

import (
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// pollCall is poll(2).
type pollCall struct{}

// pollPrecision is the unit of the timeout.
const pollPrecision = time.Millisecond

// ask makes the system call once. golang.org/x/sys/unix has ppoll for Linux
// and OpenBSD only, so here the limit is rounded up to milliseconds.
func (pollCall) ask(fds []unix.PollFd, d time.Duration) (int, syscall.Errno) {
	n, err := unix.Poll(fds, milliseconds(d))
	return n, errnoOf(err)
}
