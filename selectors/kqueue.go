package selectors

import (
	"os"
	"syscall"
	"time"
)

// kevent is struct kevent(2) in the form that is the same on every system
// that has it: the files kqueue_*.go translate.
type kevent struct {
	fd     uintptr
	filter kfilter
	flags  kflags
}

type kfilter uint8

const (
	filterOther kfilter = iota
	filterRead
	filterWrite
)

type kflags uint8

const (
	keventAdd kflags = 1 << iota
	keventDelete
	keventError
)

// kqueueSystem is what KqueueSelector asks of the system.
type kqueueSystem interface {
	// apply makes the changes, in order, and stops at the first that fails,
	// whose error it returns: those before it stay made.
	apply(changes []kevent) error
	// wait fills events and returns how many there are. A limit of Forever
	// is none, one of zero or less does not block. An interrupted wait is
	// syscall.EINTR.
	wait(events []kevent, limit time.Duration) (int, error)
	fd() uintptr
	close() error
}

// KqueueSelector watches files with kqueue(2): the best mechanism of macOS and
// the BSDs. Its cost does not grow with the number of files that are not
// ready. The kernel forgets a file that is closed while registered.
// asyncio: selectors.KqueueSelector.
type KqueueSelector struct {
	base
	system  kqueueSystem
	filters int // how many the kernel watches: the most that a wait can bring
	events  []kevent
	changes [2]kevent
}

// NewKqueueSelector makes a selector over kqueue(2), macOS and BSDs only:
// elsewhere the error is errors.ErrUnsupported.
func NewKqueueSelector() (*KqueueSelector, error) {
	system, err := newKqueue()
	if err != nil {
		return nil, err
	}
	return newKqueueSelector(system), nil
}

func newKqueueSelector(system kqueueSystem) *KqueueSelector {
	s := &KqueueSelector{system: system, events: make([]kevent, 64)}
	s.init("kqueue", Limits{Precision: time.Nanosecond}, s)
	return s
}

// FD returns the kqueue's own descriptor, NoFD once closed. asyncio: fileno.
func (s *KqueueSelector) FD() uintptr {
	if !s.open {
		return NoFD
	}
	return s.system.fd()
}

// Select returns the files that are ready: see [Selector].
func (s *KqueueSelector) Select(timeout time.Duration) ([]Ready, error) {
	if !s.open {
		return nil, s.fail("select", nil, NoFD, ErrClosed)
	}
	n, err := s.wait(timeout)
	for err == nil && n == len(s.events) && n < s.filters {
		// There may be more. All filters are level triggered: what was just
		// reported will be again, to a larger buffer.
		s.events = make([]kevent, min(2*n, s.filters))
		n, err = s.system.wait(s.events, 0)
	}
	if err != nil {
		return nil, s.fail("select", nil, NoFD, os.NewSyscallError("kevent", err))
	}
	ready := s.results(len(s.events))
	for i := range s.events[:n] {
		ready = s.collect(ready, &s.events[i])
	}
	return s.publish(ready), nil
}

func (s *KqueueSelector) wait(timeout time.Duration) (int, error) {
	for c := newCountdown(timeout); ; c.refresh() {
		if n, err := s.system.wait(s.events, c.left); err != syscall.EINTR {
			return n, err
		}
	}
}

// collect adds one event: a new entry, or a bit in the entry that the file
// has already, since reading and writing come as two events. The end of the
// stream comes with the filter that it concerns and needs no case of its
// own; an error is both.
func (s *KqueueSelector) collect(ready []Ready, ev *kevent) []Ready {
	r := s.slot(ev.fd)
	if r == nil || r.key == nil {
		return ready
	}
	var events EventMask
	switch {
	case ev.flags&keventError != 0:
		events = allEvents
	case ev.filter == filterRead:
		events = EventRead
	case ev.filter == filterWrite:
		events = EventWrite
	}
	events &= r.key.Events
	if events == 0 {
		return ready
	}
	if i := int(r.pos); i < len(ready) && ready[i].Key == r.key {
		ready[i].Events |= events
		return ready
	}
	r.pos = int32(len(ready))
	return append(ready, Ready{r.key, events})
}

// plan returns the changes that give a file the filters of to where it has
// those of from: deletions last, so that a failure costs no filter.
func (s *KqueueSelector) plan(fd uintptr, from, to EventMask) []kevent {
	changes := s.changes[:0]
	add := func(events EventMask, flags kflags) {
		if events&EventRead != 0 {
			changes = append(changes, kevent{fd: fd, filter: filterRead, flags: flags})
		}
		if events&EventWrite != 0 {
			changes = append(changes, kevent{fd: fd, filter: filterWrite, flags: flags})
		}
	}
	add(to&^from, keventAdd)
	add(from&^to, keventDelete)
	return changes
}

func (s *KqueueSelector) add(r *slot) error {
	if err := s.apply(s.plan(r.key.FD, 0, r.key.Events)); err != nil {
		s.forget(r.key.FD, r.key.Events)
		return err
	}
	s.filters += filterCount(r.key.Events)
	return nil
}

func (s *KqueueSelector) change(r *slot, events EventMask) error {
	if err := s.apply(s.plan(r.key.FD, r.key.Events, events)); err != nil {
		// The drop that follows knows of the old filters only.
		s.forget(r.key.FD, events&^r.key.Events)
		return err
	}
	s.filters += filterCount(events) - filterCount(r.key.Events)
	return nil
}

func (s *KqueueSelector) drop(r *slot) {
	s.forget(r.key.FD, r.key.Events)
	s.filters -= filterCount(r.key.Events)
}

func (s *KqueueSelector) apply(changes []kevent) error {
	err := s.system.apply(changes)
	if err == syscall.EINTR {
		// kevent(2): then all changes have been made.
		return nil
	}
	return os.NewSyscallError("kevent", err)
}

// forget deletes filters one by one: the kernel may have none of them, or
// some, and an error means only that.
func (s *KqueueSelector) forget(fd uintptr, events EventMask) {
	changes := s.plan(fd, events, 0)
	for i := range changes {
		_ = s.apply(changes[i : i+1])
	}
}

func filterCount(m EventMask) int {
	return int(m&EventRead/EventRead + m&EventWrite/EventWrite)
}

func (s *KqueueSelector) release() error {
	s.events = nil
	return os.NewSyscallError("close", s.system.close())
}
