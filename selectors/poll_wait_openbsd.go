package selectors

import (
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// pollTimeout is what ppoll takes, pollPrecision its unit.
type pollTimeout = unix.Timespec

const pollPrecision = time.Nanosecond

// ask makes the system call once, as ppoll, which has nanoseconds.
func (s *PollSelector) ask(d time.Duration) (int, syscall.Errno) {
	var limit *unix.Timespec
	if d != Forever {
		s.timeout = unix.NsecToTimespec(int64(max(d, 0)))
		limit = &s.timeout
	}
	n, err := unix.Ppoll(s.fds, limit, nil)
	return n, errnoOf(err)
}
