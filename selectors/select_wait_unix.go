//go:build unix && !linux

package selectors

import (
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// selectTimeout is what select(2) takes. golang.org/x/sys/unix has pselect
// for Linux only.
type selectTimeout = unix.Timeval

const selectPrecision = time.Microsecond

// ask makes the system call once. A limit is rounded up to microseconds, and
// cut where systems begin to refuse it (their manuals: 100 million seconds).
func (s *SelectSelector) ask(d time.Duration) (int, syscall.Errno) {
	var limit *selectTimeout
	if d != Forever {
		d = min(max(d, 0), 1e8*time.Second)
		s.timeout = unix.NsecToTimeval(int64((d + time.Microsecond - 1) / time.Microsecond * time.Microsecond))
		limit = &s.timeout
	}
	n, err := unix.Select(s.top, &s.readable, &s.writable, nil, limit)
	return n, errnoOf(err)
}
