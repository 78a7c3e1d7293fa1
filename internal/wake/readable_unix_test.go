//go:build unix

package wake_test

import (
	"testing"

	"golang.org/x/sys/unix"
)

// poll waits until the descriptor is readable, for at most timeout milliseconds, for
// ever if that is negative; false if it is not readable then.
func poll(t testing.TB, fd uintptr, timeout int) bool {
	t.Helper()
	fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	for {
		n, err := unix.Poll(fds, timeout)
		switch {
		case err == unix.EINTR:
		case err != nil:
			t.Errorf("poll: %v", err)
			return false
		case n > 0 && fds[0].Revents != unix.POLLIN:
			t.Errorf("poll reports %#x", fds[0].Revents)
			return false
		default:
			return n > 0
		}
	}
}

// inherited says whether child processes get the descriptor.
func inherited(t testing.TB, fd uintptr) bool {
	t.Helper()
	flags, err := unix.FcntlInt(fd, unix.F_GETFD, 0)
	must(t, err)
	return flags&unix.FD_CLOEXEC == 0
}

func TestAllocatesNothing(t *testing.T) {
	// Not on Windows, where errors that say "would block" are allocated.
	// Not parallel: AllocsPerRun counts what other tests allocate.
	w := open(t)
	if allocs := testing.AllocsPerRun(100, func() {
		must(t, w.Wake())
		must(t, w.Drain())
	}); allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
}
