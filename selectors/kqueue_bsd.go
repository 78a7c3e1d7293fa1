//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package selectors

import (
	"fmt"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// kqueue is the kqueueSystem of the systems that have one.
type kqueue struct {
	kq      int
	changes [2]unix.Kevent_t
	events  []unix.Kevent_t
	timeout unix.Timespec
}

func newKqueue() (kqueueSystem, error) {
	// No other goroutine may fork between the two calls: its child would
	// keep the descriptor.
	syscall.ForkLock.RLock()
	kq, err := unix.Kqueue()
	if err == nil {
		unix.CloseOnExec(kq)
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return nil, fmt.Errorf("selectors: NewKqueueSelector: %w", os.NewSyscallError("kqueue", err))
	}
	return &kqueue{kq: kq}, nil
}

func (k *kqueue) fd() uintptr { return uintptr(k.kq) }

func (k *kqueue) close() error { return unix.Close(k.kq) }

func (k *kqueue) apply(changes []kevent) error {
	raw := k.changes[:len(changes)]
	for i, c := range changes {
		filter := unix.EVFILT_READ
		if c.filter == filterWrite {
			filter = unix.EVFILT_WRITE
		}
		flags := unix.EV_ADD
		if c.flags&keventDelete != 0 {
			flags = unix.EV_DELETE
		}
		raw[i] = unix.Kevent_t{}
		// The fields differ in width between systems; SetKevent knows.
		unix.SetKevent(&raw[i], int(c.fd), filter, flags)
	}
	_, err := unix.Kevent(k.kq, raw, nil, nil)
	return err
}

func (k *kqueue) wait(events []kevent, limit time.Duration) (int, error) {
	if len(k.events) != len(events) {
		k.events = make([]unix.Kevent_t, len(events))
	}
	var timeout *unix.Timespec
	if limit != Forever {
		// Systems refuse (EINVAL) what they find too long: 100 million
		// seconds is the least that a manual names.
		k.timeout = unix.NsecToTimespec(int64(min(max(limit, 0), 1e8*time.Second)))
		timeout = &k.timeout
	}
	n, err := unix.Kevent(k.kq, nil, k.events, timeout)
	if err != nil {
		return 0, err
	}
	for i := range k.events[:n] {
		events[i] = fromKevent(&k.events[i])
	}
	return n, nil
}

func fromKevent(raw *unix.Kevent_t) kevent {
	ev := kevent{fd: uintptr(raw.Ident)}
	switch int64(raw.Filter) {
	case unix.EVFILT_READ:
		ev.filter = filterRead
	case unix.EVFILT_WRITE:
		ev.filter = filterWrite
	}
	if raw.Flags&unix.EV_ERROR != 0 {
		ev.flags |= keventError
	}
	return ev
}
