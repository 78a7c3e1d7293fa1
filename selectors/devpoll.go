package selectors

import (
	"io"
	"os"
	"syscall"
	"time"
)

// devpollEntry is struct pollfd, as /dev/poll reads and writes it. Its layout
// is the system's: see poll(7D).
type devpollEntry struct {
	fd      int32
	events  int16
	revents int16
}

// devpollRemove as events ends the watch of a descriptor (POLLREMOVE).
const devpollRemove = 0x800

// devpollSystem is what DevpollSelector asks of the system.
type devpollSystem interface {
	// check returns an error if a descriptor is not open: write does not
	// notice.
	check(fd uintptr) error
	// write hands over changes and returns how many were taken, with an
	// error if not all were.
	write(changes []devpollEntry) (int, error)
	// wait fills events and returns how many there are. A limit of -1
	// milliseconds is none. An interrupted wait is syscall.EINTR.
	wait(events []devpollEntry, milliseconds int) (int, error)
	fd() uintptr
	close() error
}

// DevpollSelector watches files with /dev/poll: the best mechanism of Solaris
// and illumos. Its cost does not grow with the number of files that are not
// ready. Its waits are precise to the millisecond. asyncio:
// selectors.DevpollSelector.
type DevpollSelector struct {
	base
	system  devpollSystem
	events  []devpollEntry
	changes [2]devpollEntry
}

// NewDevpollSelector makes a selector over /dev/poll, Solaris and illumos
// only: elsewhere the error is errors.ErrUnsupported.
func NewDevpollSelector() (*DevpollSelector, error) {
	system, err := newDevpoll()
	if err != nil {
		return nil, err
	}
	return newDevpollSelector(system), nil
}

func newDevpollSelector(system devpollSystem) *DevpollSelector {
	s := &DevpollSelector{system: system, events: make([]devpollEntry, 64)}
	s.init("devpoll", Limits{Precision: time.Millisecond}, s)
	return s
}

// FD returns the descriptor of /dev/poll, NoFD once closed. asyncio: fileno.
func (s *DevpollSelector) FD() uintptr {
	if !s.open {
		return NoFD
	}
	return s.system.fd()
}

// Select returns the files that are ready: see [Selector].
func (s *DevpollSelector) Select(timeout time.Duration) ([]Ready, error) {
	if !s.open {
		return nil, s.fail("select", nil, NoFD, ErrClosed)
	}
	n, err := s.wait(timeout)
	for err == nil && n == len(s.events) && n < s.count {
		// There may be more: what was just reported will be again, to a
		// larger buffer.
		s.events = make([]devpollEntry, min(2*n, s.count))
		n, err = s.system.wait(s.events, 0)
	}
	if err != nil {
		return nil, s.fail("select", nil, NoFD, os.NewSyscallError("ioctl DP_POLL", err))
	}
	ready := s.results(len(s.events))
	for i := range s.events[:n] {
		ev := &s.events[i]
		key := s.key(uintptr(ev.fd))
		if key == nil {
			// Nobody asks for this one, and it would come again and again.
			_ = s.apply(devpollEntry{fd: ev.fd, events: devpollRemove})
			continue
		}
		if events := fromPoll(ev.revents) & key.Events; events != 0 {
			ready = append(ready, Ready{key, events})
		}
	}
	return s.publish(ready), nil
}

func (s *DevpollSelector) wait(timeout time.Duration) (int, error) {
	for c := newCountdown(timeout); ; c.refresh() {
		if n, err := s.system.wait(s.events, milliseconds(c.left)); err != syscall.EINTR {
			return n, err
		}
	}
}

// apply writes changes, all of them: a signal or a short write is continued.
func (s *DevpollSelector) apply(changes ...devpollEntry) error {
	left := s.changes[:copy(s.changes[:], changes)]
	for len(left) > 0 {
		n, err := s.system.write(left)
		left = left[n:]
		switch {
		case err == syscall.EINTR || n > 0 && err == nil:
		case err == nil:
			return os.NewSyscallError("write /dev/poll", io.ErrShortWrite)
		default:
			return os.NewSyscallError("write /dev/poll", err)
		}
	}
	return nil
}

func (s *DevpollSelector) add(r *slot) error {
	if err := s.system.check(r.key.FD); err != nil {
		return err
	}
	return s.apply(devpollEntry{fd: int32(r.key.FD), events: toPoll(r.key.Events)})
}

// change removes first: /dev/poll adds new events to those that it has.
func (s *DevpollSelector) change(r *slot, events EventMask) error {
	if err := s.system.check(r.key.FD); err != nil {
		return err
	}
	fd := int32(r.key.FD)
	return s.apply(devpollEntry{fd: fd, events: devpollRemove}, devpollEntry{fd: fd, events: toPoll(events)})
}

func (s *DevpollSelector) drop(r *slot) {
	// An error means that the file was closed.
	_ = s.apply(devpollEntry{fd: int32(r.key.FD), events: devpollRemove})
}

func (s *DevpollSelector) release() error {
	s.events = nil
	return os.NewSyscallError("close", s.system.close())
}
