//go:build unix

package selectors

import (
	"fmt"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// selectLimit is one more than the highest descriptor that select(2) can
// watch. It is the size of a C type, not a setting.
const selectLimit = unix.FD_SETSIZE

// SelectSelector watches files with select(2), which every system has. It
// can watch no descriptor from FD_SETSIZE on (1024 on most systems), however
// few are registered, and its cost grows with the highest registered
// descriptor. A file that was closed while registered is reported ready.
// asyncio: selectors.SelectSelector.
type SelectSelector struct {
	base
	top                int // one more than the highest registered descriptor
	readers, writers   unix.FdSet
	readable, writable unix.FdSet // what the system has found
	timeout            selectTimeout
}

// NewSelectSelector makes a selector over select(2).
func NewSelectSelector() (*SelectSelector, error) {
	s := &SelectSelector{}
	s.init("select", Limits{MaxDescriptor: selectLimit - 1, Precision: selectPrecision}, s)
	return s, nil
}

// Select returns the files that are ready, by rising descriptor: see
// [Selector].
func (s *SelectSelector) Select(timeout time.Duration) ([]Ready, error) {
	if !s.open {
		return nil, s.fail("select", nil, NoFD, ErrClosed)
	}
	n, errno := s.wait(timeout)
	if errno == unix.EBADF {
		n, errno = s.pollOpen()
	}
	if errno != 0 {
		return nil, s.fail("select", nil, NoFD, os.NewSyscallError("select", errno))
	}
	ready := s.results(min(n, s.count))
	for fd := 0; n > 0 && fd < s.top; fd++ {
		var events EventMask
		if s.readable.IsSet(fd) {
			events = EventRead
			n--
		}
		if s.writable.IsSet(fd) {
			events |= EventWrite
			n--
		}
		if events != 0 {
			ready = append(ready, Ready{s.key(uintptr(fd)), events})
		}
	}
	return s.publish(ready), nil
}

// wait fills readable and writable and returns how many bits they hold.
func (s *SelectSelector) wait(timeout time.Duration) (int, syscall.Errno) {
	for c := newCountdown(timeout); ; c.refresh() {
		s.readable, s.writable = s.readers, s.writers
		n, errno := s.ask(c.left)
		if errno != unix.EINTR {
			return n, errno
		}
	}
}

// pollOpen is what follows when select has failed since a registered file
// was closed: the closed ones are ready, as poll(2) has it, and the rest is
// asked again. Whoever tries to use one then learns what is wrong with it,
// and the others are not held up.
func (s *SelectSelector) pollOpen() (int, syscall.Errno) {
	s.readable, s.writable = s.readers, s.writers
	var closed []*SelectorKey
	for fd, key := range s.all() {
		if checkOpen(fd) != nil {
			closed = append(closed, key)
			s.readable.Clear(int(fd))
			s.writable.Clear(int(fd))
		}
	}
	n, errno := s.ask(0)
	if errno != 0 {
		return n, errno
	}
	for _, key := range closed {
		n += s.set(&s.readable, &s.writable, int(key.FD), key.Events)
	}
	return n, 0
}

// set sets the bits of one file and returns how many there are.
func (s *SelectSelector) set(r, w *unix.FdSet, fd int, events EventMask) (n int) {
	if events&EventRead != 0 {
		r.Set(fd)
		n++
	}
	if events&EventWrite != 0 {
		w.Set(fd)
		n++
	}
	return n
}

func (s *SelectSelector) add(r *slot) error {
	fd := int(r.key.FD)
	if fd >= selectLimit {
		return fmt.Errorf("%w: select watches descriptors below FD_SETSIZE (%d) only; use NewDefaultSelector or NewPollSelector instead",
			ErrTooManyDescriptors, selectLimit)
	}
	if err := checkOpen(r.key.FD); err != nil {
		return err
	}
	s.set(&s.readers, &s.writers, fd, r.key.Events)
	s.top = max(s.top, fd+1)
	return nil
}

func (s *SelectSelector) change(r *slot, events EventMask) error {
	if err := checkOpen(r.key.FD); err != nil {
		return err
	}
	fd := int(r.key.FD)
	s.readers.Clear(fd)
	s.writers.Clear(fd)
	s.set(&s.readers, &s.writers, fd, events)
	return nil
}

func (s *SelectSelector) drop(r *slot) {
	s.readers.Clear(int(r.key.FD))
	s.writers.Clear(int(r.key.FD))
	for s.top > 0 && !s.readers.IsSet(s.top-1) && !s.writers.IsSet(s.top-1) {
		s.top--
	}
}

func (s *SelectSelector) release() error { return nil }
