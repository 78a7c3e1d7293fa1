package selectors

import (
	"fmt"
)

// mechanism is what differs between selectors when registrations change.
// base calls it, and keeps everything that does not differ.
type mechanism interface {
	// add makes the system watch s.key. The slot is not in the table yet:
	// an impossible descriptor must not make the table large.
	add(s *slot) error
	// change makes the system watch s.key.FD for events, which differ from
	// those of s.key. If it fails, drop follows.
	change(s *slot, events EventMask) error
	// drop makes the system forget s.key, as far as it still knows it: the
	// file may have been closed, and another may have its descriptor.
	drop(s *slot)
	// release closes what the selector holds at the system.
	release() error
}

// base is the part that all selectors of this package share: the rules of
// registering, looking up and closing.
type base struct {
	table
	name       string
	limits     Limits
	open       bool
	mechanism  mechanism
	generation uint32
	ready      []Ready
	shown      int // entries of ready that the last Select returned
}

func (b *base) init(name string, limits Limits, m mechanism) {
	b.name, b.limits, b.mechanism, b.open = name, limits, m, true
}

// Name returns the mechanism's name: "select", "poll", "epoll", "kqueue" or
// "devpoll".
func (b *base) Name() string { return b.name }

// Limits returns what this selector can do at most.
func (b *base) Limits() Limits { return b.limits }

// Register starts to watch a file: see [Selector].
func (b *base) Register(fileobj any, events EventMask, data any) (*SelectorKey, error) {
	const op = "register"
	if !b.open {
		return nil, b.fail(op, fileobj, NoFD, ErrClosed)
	}
	if err := checkEvents(events); err != nil {
		return nil, b.fail(op, fileobj, NoFD, err)
	}
	fd, err := descriptor(fileobj)
	if err != nil {
		return nil, b.fail(op, fileobj, NoFD, err)
	}
	if b.key(fd) != nil {
		return nil, b.fail(op, fileobj, fd, ErrAlreadyRegistered)
	}
	if k, ok := fileobj.(*SelectorKey); ok {
		fileobj = k.FileObj
	}
	if b.generation++; b.generation == 0 { // that of a free slot
		b.generation = 1
	}
	s := slot{key: &SelectorKey{FileObj: fileobj, FD: fd, Events: events, Data: data}, gen: b.generation}
	if err := b.mechanism.add(&s); err != nil {
		return nil, b.fail(op, fileobj, fd, err)
	}
	b.store(fd, s)
	return s.key, nil
}

// Unregister ends the watch of a file: see [Selector].
func (b *base) Unregister(fileobj any) (*SelectorKey, error) {
	s, err := b.find("unregister", fileobj)
	if err != nil {
		return nil, err
	}
	key := s.key
	b.mechanism.drop(s)
	b.remove(key.FD)
	return key, nil
}

// Modify replaces events and data of a registered file: see [Selector].
func (b *base) Modify(fileobj any, events EventMask, data any) (*SelectorKey, error) {
	const op = "modify"
	s, err := b.find(op, fileobj)
	if err != nil {
		return nil, err
	}
	old := s.key
	if err := checkEvents(events); err != nil {
		return nil, b.fail(op, fileobj, old.FD, err)
	}
	if events != old.Events {
		if err := b.mechanism.change(s, events); err != nil {
			b.mechanism.drop(s)
			b.remove(old.FD)
			return nil, b.fail(op, fileobj, old.FD, err)
		}
	}
	s.key = &SelectorKey{FileObj: old.FileObj, FD: old.FD, Events: events, Data: data}
	return s.key, nil
}

// GetKey returns the key of a registered file: see [Selector].
func (b *base) GetKey(fileobj any) (*SelectorKey, error) {
	s, err := b.find("get_key", fileobj)
	if err != nil {
		return nil, err
	}
	return s.key, nil
}

// GetMap returns a live view of the registrations: see [Selector].
func (b *base) GetMap() Map { return &view{b} }

// Close lets go of everything: see [Selector].
func (b *base) Close() error {
	if !b.open {
		return nil
	}
	b.open = false
	b.table = table{}
	b.ready, b.shown = nil, 0
	if err := b.mechanism.release(); err != nil {
		return b.fail("close", nil, NoFD, err)
	}
	return nil
}

// find returns the slot of a registered file. A file that no longer has a
// descriptor, since it was closed, is found by being the same object.
func (b *base) find(op string, fileobj any) (*slot, error) {
	if !b.open {
		return nil, b.fail(op, fileobj, NoFD, ErrClosed)
	}
	fd, err := descriptor(fileobj)
	if err != nil {
		for fd, key := range b.all() {
			if same(key.FileObj, fileobj) {
				return b.slot(fd), nil
			}
		}
		return nil, b.fail(op, fileobj, NoFD, fmt.Errorf("%w (%w)", ErrNotRegistered, err))
	}
	if s := b.slot(fd); s != nil && s.key != nil {
		return s, nil
	}
	return nil, b.fail(op, fileobj, fd, ErrNotRegistered)
}

func (b *base) fail(op string, fileobj any, fd uintptr, err error) error {
	return &OpError{Selector: b.name, Op: op, FileObj: fileobj, FD: fd, Err: err}
}

// results returns the empty slice that a Select fills, with room for n.
func (b *base) results(n int) []Ready {
	if cap(b.ready) < n {
		b.ready = make([]Ready, 0, max(n, 2*cap(b.ready)))
		b.shown = 0
	}
	return b.ready[:0]
}

// publish makes ready the result of a Select. Entries left over from the
// one before are cleared: they would keep unregistered files alive.
func (b *base) publish(ready []Ready) []Ready {
	if len(ready) < b.shown {
		clear(ready[len(ready):b.shown])
	}
	b.ready, b.shown = ready, len(ready)
	return ready
}

func checkEvents(events EventMask) error {
	switch {
	case events == 0:
		return fmt.Errorf("%w: the mask is empty", ErrInvalidEvents)
	case events&^allEvents != 0:
		return fmt.Errorf("%w: %#x", ErrInvalidEvents, uint32(events))
	}
	return nil
}
