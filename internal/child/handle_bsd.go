//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package child

import (
	"os"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// handle is a child as the BSDs and macOS know it: a kqueue that has nothing in it but this
// child's end, or its number alone.
type handle struct {
	pid  int
	kq   int         // -1: none
	told atomic.Bool // the kqueue has told of the end
}

// start starts a program. The kqueue is made before there is a child, so that a lack of
// descriptors is told in time.
func (h *handle) start(s Spec) (pid int, err error) {
	h.kq = -1
	if !s.Plain {
		if h.kq, err = unix.Kqueue(); err != nil {
			return 0, os.NewSyscallError("kqueue", err)
		}
		unix.CloseOnExec(h.kq)
	}
	if h.pid, err = s.fork(s.attributes()); err != nil {
		h.close()
		return 0, err
	}
	if h.kq >= 0 {
		var change [1]unix.Kevent_t
		unix.SetKevent(&change[0], h.pid, unix.EVFILT_PROC, unix.EV_ADD|unix.EV_ONESHOT)
		change[0].Fflags = unix.NOTE_EXIT
		if _, err := unix.Kevent(h.kq, change[:], nil, nil); err != nil {
			h.close() // a child that has ended already is refused: who waits finds it
		}
	}
	return h.pid, nil
}

// tells waits, for as long as d, for the kqueue to tell of the end.
func (h *handle) tells(d time.Duration) bool {
	var events [1]unix.Kevent_t
	timeout := unix.NsecToTimespec(int64(d))
	if n, err := unix.Kevent(h.kq, nil, events[:], &timeout); err == nil && n > 0 {
		h.told.Store(true)
	}
	return h.told.Load()
}

// reap reaps the child if it has ended.
func (h *handle) reap() (Status, bool) {
	if how, ended := wait4(h.pid, false); ended || h.kq < 0 || !h.tells(0) {
		return how, ended
	}
	// macOS tells of the end a moment before the child can be waited for.
	return wait4(h.pid, true)
}

// signal sends a signal to a child that is not reaped.
func (h *handle) signal(sig os.Signal) error {
	s, err := systemSignal(sig)
	if err != nil {
		return err
	}
	return gone(syscall.Kill(h.pid, s))
}

// descriptorName is what descriptor gives.
const descriptorName = "kqueue"

// descriptor is what becomes readable when the child has ended.
func (h *handle) descriptor() (uintptr, bool) { return uintptr(h.kq), h.kq >= 0 }

// await waits for the child's end, for as long as d.
func (h *handle) await(d time.Duration) {
	if h.kq >= 0 {
		h.tells(d)
	} else {
		awaitSignal(d)
	}
}

// close lets go of the kqueue.
func (h *handle) close() {
	if h.kq >= 0 {
		_ = unix.Close(h.kq) // nothing to be done about it
		h.kq = -1
	}
}
