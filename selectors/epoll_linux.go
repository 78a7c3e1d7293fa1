package selectors

import (
	"fmt"
	"os"
	"sync"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// firstEvents is how many events an EpollSelector makes room for at first.
const firstEvents = 64

// EpollSelector watches files with epoll(7): the best mechanism of Linux. Its
// cost does not grow with the number of files that are not ready. It refuses
// regular files and directories (syscall.EPERM), which are always ready.
//
// If a file was closed before it was unregistered, while a duplicate of its
// descriptor lives on (in a child process, for example), the kernel goes on
// to report it and offers no call that stops this. Such an event is never
// taken for one of another file: each registration has a number of its own
// in the kernel's event. The selector then replaces its epoll instance by a
// new one of the same descriptor, so that the loop does not spin.
//
// asyncio: selectors.EpollSelector.
type EpollSelector struct {
	base
	epfd    int
	precise bool // the kernel has epoll_pwait2
	events  []unix.EpollEvent
	timeout kernelTimespec // here and not on the stack: its address goes to the kernel
}

// kernelTimespec is the kernel's struct __kernel_timespec, 64 bits wide also
// where unix.Timespec is not.
type kernelTimespec struct {
	sec  int64
	nsec int64
}

// NewEpollSelector makes a selector over epoll(7), Linux only: elsewhere the
// error is errors.ErrUnsupported.
func NewEpollSelector() (*EpollSelector, error) {
	epfd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("selectors: NewEpollSelector: %w", os.NewSyscallError("epoll_create1", err))
	}
	s := &EpollSelector{epfd: epfd, precise: hasEpollPwait2(epfd), events: make([]unix.EpollEvent, firstEvents)}
	limits := Limits{Precision: time.Millisecond}
	if s.precise {
		limits.Precision = time.Nanosecond
	}
	s.init("epoll", limits, s)
	return s, nil
}

// FD returns the epoll instance's own descriptor, NoFD once closed. It becomes
// readable when a registered file is ready. asyncio: fileno.
func (s *EpollSelector) FD() uintptr {
	if !s.open {
		return NoFD
	}
	return uintptr(s.epfd)
}

// Select returns the files that are ready: see [Selector].
func (s *EpollSelector) Select(timeout time.Duration) ([]Ready, error) {
	if !s.open {
		return nil, s.fail("select", nil, NoFD, ErrClosed)
	}
	n, errno := s.wait(timeout)
	for errno == 0 && n == len(s.events) && n < s.count {
		// There may be more. All registrations are level triggered: what was
		// just reported will be again, to a larger buffer.
		s.events = make([]unix.EpollEvent, min(2*n, s.count))
		n, errno = s.poll()
	}
	if errno != 0 {
		return nil, s.fail("select", nil, NoFD, os.NewSyscallError("epoll_wait", errno))
	}
	return s.publish(s.found(n)), nil
}

// found makes n of the kernel's events into what is ready.
func (s *EpollSelector) found(n int) []Ready {
	events := s.events[:n]
	ready, k := s.results(len(s.events))[:n], 0
	dense, stale := s.dense, false
	for i := range events {
		ev := &events[i]
		// Nearly always it is readable, which it is only for who has asked for that.
		if fd := uint(uint32(ev.Fd)); fd < uint(len(dense)) && ev.Events == unix.EPOLLIN {
			if r := &dense[fd]; r.gen == uint32(ev.Pad) && uint(k) < uint(len(ready)) {
				ready[k] = Ready{r.key, EventRead}
				k++
				continue
			}
		}
		switch key, mask, known := s.look(ev); {
		case !known:
			stale = true
		case mask != 0:
			ready[k] = Ready{key, mask}
			k++
		}
	}
	if stale {
		s.rebuild()
	}
	return ready[:k]
}

// look finds out what an event of the kernel's says of a file, unless that is not
// registered any more.
func (s *EpollSelector) look(ev *unix.EpollEvent) (key *SelectorKey, mask EventMask, known bool) {
	r := s.slot(uintptr(uint32(ev.Fd)))
	if r == nil || r.gen != uint32(ev.Pad) { // or it is free: no registration has generation 0
		return nil, 0, false
	}
	return r.key, fromEpoll(ev.Events) & r.key.Events, true
}

// fromEpoll turns the kernel's events into ours. An error or a hang-up is
// both: whoever waits for either learns of it by trying.
func fromEpoll(events uint32) EventMask {
	var m EventMask
	if events&^unix.EPOLLOUT != 0 {
		m = EventRead
	}
	if events&^unix.EPOLLIN != 0 {
		m |= EventWrite
	}
	return m
}

func toEpoll(m EventMask) uint32 {
	var events uint32
	if m&EventRead != 0 {
		events = unix.EPOLLIN
	}
	if m&EventWrite != 0 {
		events |= unix.EPOLLOUT
	}
	return events
}

// wait fills s.events and returns how many there are.
func (s *EpollSelector) wait(timeout time.Duration) (int, syscall.Errno) {
	for c := newCountdown(timeout); c.left > 0; c.refresh() {
		if n, errno := s.sleep(c.left); errno != unix.EINTR {
			return n, errno
		}
	}
	return s.poll()
}

// poll does not block, so it goes past the runtime's bookkeeping for system
// calls: cheaper, and a busy loop does not keep the runtime's monitor awake.
// epoll_pwait and not epoll_wait: newer architectures have only that.
func (s *EpollSelector) poll() (int, syscall.Errno) {
	for {
		n, _, errno := syscall.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(s.epfd),
			uintptr(unsafe.Pointer(unsafe.SliceData(s.events))), uintptr(len(s.events)), 0, 0, 0)
		if errno != unix.EINTR {
			return int(n), errno
		}
	}
}

// sleep waits for d, which is positive.
func (s *EpollSelector) sleep(d time.Duration) (int, syscall.Errno) {
	if d == Forever || !s.precise {
		n, _, errno := unix.Syscall6(unix.SYS_EPOLL_PWAIT, uintptr(s.epfd),
			uintptr(unsafe.Pointer(unsafe.SliceData(s.events))), uintptr(len(s.events)),
			uintptr(milliseconds(d)), 0, 0)
		return int(n), errno
	}
	s.timeout = kernelTimespec{sec: int64(d / time.Second), nsec: int64(d % time.Second)}
	n, _, errno := unix.Syscall6(unix.SYS_EPOLL_PWAIT2, uintptr(s.epfd),
		uintptr(unsafe.Pointer(unsafe.SliceData(s.events))), uintptr(len(s.events)),
		uintptr(unsafe.Pointer(&s.timeout)), 0, 0)
	return int(n), errno
}

// epollPwait2 is what hasEpollPwait2 has found.
var epollPwait2 struct {
	once  sync.Once
	works bool
}

// hasEpollPwait2 tries once, on any epoll instance, whether the kernel has
// epoll_pwait2(2) (Linux 5.11) and whether a sandbox lets it through: with it
// a wait is precise to the nanosecond, without it to the millisecond.
func hasEpollPwait2(epfd int) bool {
	epollPwait2.once.Do(func() {
		var event unix.EpollEvent
		var zero kernelTimespec
		_, _, errno := unix.Syscall6(unix.SYS_EPOLL_PWAIT2, uintptr(epfd),
			uintptr(unsafe.Pointer(&event)), 1, uintptr(unsafe.Pointer(&zero)), 0, 0)
		epollPwait2.works = errno == 0
	})
	return epollPwait2.works
}

// epollEvent is what the kernel is told of a registration and hands back with
// each event: the descriptor, and the generation.
func epollEvent(events EventMask, s *slot) *unix.EpollEvent {
	return &unix.EpollEvent{Events: toEpoll(events), Fd: int32(s.key.FD), Pad: int32(s.gen)}
}

func (s *EpollSelector) add(r *slot) error {
	ev := epollEvent(r.key.Events, r)
	err := unix.EpollCtl(s.epfd, unix.EPOLL_CTL_ADD, int(r.key.FD), ev)
	if err == unix.EEXIST {
		// The kernel has kept a registration that Unregister let go of while
		// the descriptor was another file's, and is now this file's again.
		err = unix.EpollCtl(s.epfd, unix.EPOLL_CTL_MOD, int(r.key.FD), ev)
	}
	switch err {
	case nil:
		return nil
	case unix.EPERM:
		return fmt.Errorf("%w (a regular file or directory is always ready and cannot be watched)",
			os.NewSyscallError("epoll_ctl", err))
	}
	return os.NewSyscallError("epoll_ctl", err)
}

func (s *EpollSelector) change(r *slot, events EventMask) error {
	return os.NewSyscallError("epoll_ctl",
		unix.EpollCtl(s.epfd, unix.EPOLL_CTL_MOD, int(r.key.FD), epollEvent(events, r)))
}

func (s *EpollSelector) drop(r *slot) {
	// An error means that the kernel does not know it any more: it was closed.
	_ = unix.EpollCtl(s.epfd, unix.EPOLL_CTL_DEL, int(r.key.FD), nil)
}

func (s *EpollSelector) release() error {
	s.events = nil
	return os.NewSyscallError("close", unix.Close(s.epfd))
}

// rebuild puts a new epoll instance, with what is registered now, in the
// place of the old one, under the same descriptor. If it cannot (no
// descriptor is free), the next stale event tries again.
func (s *EpollSelector) rebuild() {
	epfd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return
	}
	defer unix.Close(epfd)
	for fd, key := range s.all() {
		// What fails was closed while registered; the old instance would
		// not have reported it either.
		_ = unix.EpollCtl(epfd, unix.EPOLL_CTL_ADD, int(fd), epollEvent(key.Events, s.slot(fd)))
	}
	_ = unix.Dup3(epfd, s.epfd, unix.O_CLOEXEC)
}
