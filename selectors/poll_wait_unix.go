//go:build unix && !aix && !linux && !openbsd

package selectors

import (
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// pollTimeout: poll(2) takes a number of pollPrecision.
type pollTimeout struct{}

const pollPrecision = time.Millisecond

// ask makes the system call once. golang.org/x/sys/unix has ppoll for Linux
// and OpenBSD only, so here the limit is rounded up to milliseconds.
func (s *PollSelector) ask(d time.Duration) (int, syscall.Errno) {
	n, err := unix.Poll(s.fds, milliseconds(d))
	return n, errnoOf(err)
}
