// Package readiness is the engine over a Selector: epoll, kqueue, /dev/poll, poll,
// select.
package readiness

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/engine/datagrams"
	"github.com/go-asyncio/asyncio/internal/engine/system"
	"github.com/go-asyncio/asyncio/internal/sock"
	"github.com/go-asyncio/asyncio/internal/wake"
	"github.com/go-asyncio/asyncio/selectors"
)

// readSize is how much one read takes at most, as in asyncio. Measured over the
// loopback interface, a bulk receiver's processor time with 256 KiB is that with
// 128 KiB, 10 to 15 % less than with 64 KiB and 20 to 30 % less than with
// 16 KiB, whether or not the data are looked at. Pages that no read reaches are
// never touched.
const readSize = 256 << 10

// Engine is the engine over readiness: it tries a call at once and asks
// the selector only when the call would block.
//
// # The path of a message
//
// Poll turns each ready key into an event with one type switch; Complete of a
// stream reads into the engine's one buffer and hands it to the handler, whose
// Write goes straight to the system. Nothing is looked up, allocated, or
// registered anew on the way.
//
// # Registrations
//
// A descriptor is registered for what is wanted of it, and not at all when
// nothing is. To stop reading changes no registration: whoever stops often goes
// on soon. Only when the descriptor is reported ready though nobody wants it
// is the registration corrected, once.
type Engine struct {
	sel    selectors.Selector
	limits selectors.Limits // of the selector, if it has any
	waker  waker
	nodes  system.Table[node] // who has a descriptor; for opening and closing only
	events []engine.Event
	again  []engine.Event  // events of the engine's own, for the next Poll
	mail   *datagrams.Room // nil until there is a datagram socket
	buf    []byte          // what is read, for streams whose handler lends no memory
	vec    [][]byte        // scratch of one gathered write
	iov    sock.Vec
	files  map[*stream]piece // what is being sent of files
	pipes  pipeRoom
	polls  uint64 // how often Poll was called: tells stale events of watches
	closed bool

	wake     func() error // of the waker, once and not with every Wake
	insister wake.Insister
}

// The contract and the selectors say the same by the same numbers, so that nothing is
// translated on the way. Where two differ the index is none, and this does not compile.
var (
	_ = [1]struct{}{}[engine.Forever-selectors.Forever]
	_ = [1]struct{}{}[engine.Read-engine.Mask(selectors.EventRead)]
	_ = [1]struct{}{}[engine.Write-engine.Mask(selectors.EventWrite)]
)

// waker is wake.Waker, or a test's.
type waker interface {
	FD() uintptr
	Wake() error
	Drain() error
	Close() error
	Descriptors() []uintptr
}

// node is what has a descriptor. The selector's key carries it.
type node interface {
	engine.Completer
	owner() any // for UsedError
	abandon()   // ends it when the engine closes, without a word
}

// wakeup is the node of the waker.
type wakeup struct{}

func (*wakeup) Complete(uint64) {}
func (*wakeup) owner() any      { return nil }
func (*wakeup) abandon()        {}

// New returns an engine over s, which is the engine's from now
// on. If it fails, s is closed.
func New(s selectors.Selector) (*Engine, error) {
	w, err := wake.New()
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return newEngine(s, w)
}

func newEngine(s selectors.Selector, w waker) (*Engine, error) {
	e := &Engine{sel: s, waker: w, wake: w.Wake}
	if l, ok := s.(interface{ Limits() selectors.Limits }); ok {
		e.limits = l.Limits()
	}
	n := &wakeup{}
	if _, err := s.Register(w.FD(), selectors.EventRead, n); err != nil {
		return nil, errors.Join(fmt.Errorf("engine: register the waker: %w", err), w.Close(), s.Close())
	}
	e.nodes.Set(w.FD(), n)
	return e, nil
}

// Selector returns the selector underneath.
func (e *Engine) Selector() selectors.Selector { return e.sel }

// Descriptors returns the descriptors that the engine uses to wake itself,
// none once it is closed.
func (e *Engine) Descriptors() []uintptr { return e.waker.Descriptors() }

// Occupied implements engine.Occupied.
func (e *Engine) Occupied() bool { return e.nodes.Len() > 1 } // one is the waker's

// Poll implements engine.Engine.
func (e *Engine) Poll(timeout time.Duration) ([]engine.Event, error) {
	if e.closed {
		return nil, engine.ErrClosed
	}
	if e.mail != nil {
		e.mail.Over()
	}
	if timeout == engine.BriefWait || len(e.again) > 0 {
		timeout = 0
	}
	ready, err := e.sel.Select(timeout)
	e.polls++
	if e.collect(ready) {
		err = errors.Join(err, e.waker.Drain())
	}
	return e.events, err
}

// collect makes e.events of what is ready, and reports whether the waker is.
func (e *Engine) collect(ready []selectors.Ready) (woken bool) {
	events, before := append(e.events[:0], e.again...), len(e.events)
	if len(e.again) > 0 {
		clear(e.again)
		e.again = e.again[:0]
	}
	k := len(events)
	events = slices.Grow(events, len(ready))[:k+len(ready)]
	for i := range ready {
		r := &ready[i]
		if s, ok := r.Key.Data.(*stream); ok && uint(k) < uint(len(events)) { // nearly always
			events[k] = engine.Event{To: s, Ev: uint64(r.Events)}
			k++
			continue
		}
		if event, ok := e.event(r); ok {
			events[k] = event
			k++
		} else {
			woken = true
		}
	}
	if k < before {
		clear(e.events[k:before]) // keep nothing alive that is closed
	}
	e.events = events[:k]
	return woken
}

// event makes an event of what is ready, unless it is the waker.
func (e *Engine) event(r *selectors.Ready) (event engine.Event, ok bool) {
	ev := uint64(r.Events)
	switch n := r.Key.Data.(type) {
	case *watch:
		return engine.Event{To: n, Ev: ev | e.polls<<maskBits}, true
	case *wakeup:
		return engine.Event{}, false
	default:
		return engine.Event{To: n.(node), Ev: ev}, true
	}
}

// later has to called after the next Poll.
func (e *Engine) later(to engine.Completer) { e.again = append(e.again, engine.Event{To: to}) }

// Flush implements engine.Engine: nothing is ever queued.
func (e *Engine) Flush() error {
	if e.closed {
		return engine.ErrClosed
	}
	return nil
}

// Wake implements engine.Engine.
func (e *Engine) Wake() {
	// On a closed engine nobody sleeps.
	e.insister.Insist(e.wake)
}

// Sockets implements engine.Engine.
func (e *Engine) Sockets() engine.Sockets { return system.Sockets{} }

// Close implements engine.Engine.
func (e *Engine) Close() error {
	if e.closed {
		return nil
	}
	e.closed = true
	for n := range e.nodes.All() { // in no order: nobody hears of it
		n.abandon()
	}
	e.nodes.Clear()
	clear(e.events)
	e.events, e.again, e.buf = nil, nil, nil
	if e.mail != nil {
		e.mail.Close()
	}
	return errors.Join(e.sel.Close(), e.waker.Close())
}

// Name implements engine.Engine: the selector's own name if it has one, else its type.
func (e *Engine) Name() string {
	if n, ok := e.sel.(interface{ Name() string }); ok {
		return n.Name()
	}
	return fmt.Sprintf("%T", e.sel)
}

// claim enters n as what has fd. Whatever was watched there is watched no
// more: the number belongs to n now.
func (e *Engine) claim(fd uintptr, n node) error {
	if e.closed {
		return engine.ErrClosed
	}
	switch old := e.nodes.Get(fd).(type) {
	case nil:
	case *watch:
		old.remove()
	default:
		return &engine.UsedError{FD: fd, By: old.owner()}
	}
	if err := errors.Join(e.room(0), e.fits(fd)); err != nil {
		return err
	}
	e.nodes.Set(fd, n)
	return nil
}

// room returns an error if the selector cannot watch one descriptor more than those
// that are claimed and others besides. Whoever asks before there is a registration
// is told in time to leave a connection where it is.
func (e *Engine) room(others int) error {
	if most := e.limits.MaxFiles; most > 0 && e.nodes.Len()+others >= most {
		return fmt.Errorf("engine: %w: %s watches %d; use a proactor event loop instead",
			selectors.ErrTooManyDescriptors, e.Name(), most)
	}
	return nil
}

// fits returns an error if the selector cannot watch this descriptor.
func (e *Engine) fits(fd uintptr) error {
	if most := e.limits.MaxDescriptor; most > 0 && fd > uintptr(most) {
		return fmt.Errorf("engine: %w: %s watches descriptors up to %d, not %d; use another selector instead",
			selectors.ErrTooManyDescriptors, e.Name(), most, fd)
	}
	return nil
}

// source is a descriptor and its registration. It is a part of every node that
// has one.
type source struct {
	e      *Engine
	fd     uintptr
	reg    engine.Mask // what the selector has been told to look for
	closed bool
}

// want makes the registration what it should be.
func (s *source) want(mask engine.Mask, n node) error {
	if s.reg == mask || s.closed {
		return nil
	}
	var err error
	switch {
	case mask == 0:
		_, err = s.e.sel.Unregister(s.fd)
	case s.reg == 0:
		_, err = s.e.sel.Register(s.fd, selectors.EventMask(mask), n)
	default:
		_, err = s.e.sel.Modify(s.fd, selectors.EventMask(mask), n)
	}
	if err == nil {
		s.reg = mask
	} else {
		s.reg = 0 // what the selector refuses to change it has dropped
	}
	return err
}

// release ends the registration and gives the number up.
func (s *source) release() {
	if s.closed {
		return
	}
	if s.reg != 0 && !s.e.closed {
		// The descriptor is about to be closed, or was: nothing to be done about an error.
		_, _ = s.e.sel.Unregister(s.fd)
	}
	s.reg = 0
	s.closed = true
	if !s.e.closed {
		s.e.nodes.Delete(s.fd)
	}
}

// FD implements engine.Stream and engine.Listener.
func (s *source) FD() uintptr { return s.fd }
