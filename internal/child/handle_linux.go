package child

import (
	"errors"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// handle is a child as Linux knows it: a pidfd, which means this child and no other as
// long as it is open, or its number alone.
type handle struct {
	pid   int
	pidfd int // -1: none
}

// start starts a program.
func (h *handle) start(s Spec) (pid int, err error) {
	h.pidfd = -1
	sys := s.attributes()
	asked := sys.PidFD
	sys.PidFD = nil
	watched := !s.Plain && pidfdWorks()
	if watched && !cloneRefuses.Load() {
		sys.PidFD = &h.pidfd
	}
	h.pid, err = s.fork(sys)
	if sys.PidFD != nil && errors.Is(err, syscall.EINVAL) {
		// It may be the program's fault: the second try says.
		sys.PidFD, h.pidfd = nil, -1
		h.pid, err = s.fork(sys)
		cloneRefuses.Store(err == nil)
	}
	if err != nil {
		return 0, err
	}
	if watched && h.pidfd < 0 {
		// Nobody but this package reaps it, so that the number is still the child's.
		if fd, err := unix.PidfdOpen(h.pid, 0); err == nil {
			h.pidfd = fd
		}
	}
	if asked != nil {
		*asked = h.another()
	}
	return h.pid, nil
}

// cloneRefuses is set where clone(2) does not give a pidfd, CLONE_PIDFD, while the other
// calls are there: under qemu's emulation of single programs.
var cloneRefuses atomic.Bool

// another is a pidfd for whoever has asked for one of his own, -1 if there is none.
func (h *handle) another() int {
	if h.pidfd < 0 {
		return -1
	}
	fd, err := unix.FcntlInt(uintptr(h.pidfd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return -1
	}
	return fd
}

// pidfdWorks reports whether what is needed of pidfds is there and allowed: Linux has had
// it since 5.4, but a sandbox may forbid a part.
var pidfdWorks = sync.OnceValue(func() bool {
	fd, err := unix.PidfdOpen(os.Getpid(), 0)
	if err != nil {
		return false
	}
	defer unix.Close(fd)
	// This process is no child of its own, which is for waitid to say.
	return waitid(fd, &unix.Siginfo{}) == unix.ECHILD && unix.PidfdSendSignal(fd, 0, nil, 0) == nil
})

// waitid asks whether the child of a pidfd has ended, and leaves it as it is: info.Signo is
// 0 if not.
func waitid(pidfd int, info *unix.Siginfo) error {
	for {
		*info = unix.Siginfo{}
		if err := unix.Waitid(unix.P_PIDFD, pidfd, info, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil); err != unix.EINTR {
			return err
		}
	}
}

// reap reaps the child if it has ended. As long as the pidfd tells of a zombie its number
// is nobody else's.
func (h *handle) reap() (Status, bool) {
	if h.pidfd >= 0 {
		var info unix.Siginfo
		if err := waitid(h.pidfd, &info); err == nil && info.Signo == 0 {
			return Status{}, false
		} else if err != nil {
			return Status{Code: stolenCode, Stolen: true}, true
		}
	}
	return wait4(h.pid, false)
}

// signal sends a signal to a child that is not reaped.
func (h *handle) signal(sig os.Signal) error {
	s, err := systemSignal(sig)
	switch {
	case err != nil:
		return err
	case h.pidfd >= 0:
		return gone(unix.PidfdSendSignal(h.pidfd, s, nil, 0))
	}
	return gone(syscall.Kill(h.pid, s))
}

// descriptorName is what descriptor gives.
const descriptorName = "pidfd"

// descriptor is what becomes readable when the child has ended.
func (h *handle) descriptor() (uintptr, bool) { return uintptr(h.pidfd), h.pidfd >= 0 }

// await waits for the child's end, for as long as d.
func (h *handle) await(d time.Duration) {
	if h.pidfd >= 0 {
		fds := []unix.PollFd{{Fd: int32(h.pidfd), Events: unix.POLLIN}}
		_, _ = unix.Poll(fds, int(d/time.Millisecond)+1) // who waits looks for himself then
	} else {
		awaitSignal(d)
	}
}

// close lets go of the pidfd.
func (h *handle) close() {
	if h.pidfd >= 0 {
		_ = unix.Close(h.pidfd) // nothing to be done about it
		h.pidfd = -1
	}
}
