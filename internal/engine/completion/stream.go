package completion

import (
	"slices"

	"github.com/go-asyncio/asyncio/internal/buffers"
	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/engine/system"
	"github.com/go-asyncio/asyncio/proactors"
)

// stream is a connection over completion.
type stream struct {
	e      *Engine
	fd     uintptr
	h      engine.StreamHandler
	held   *held   // nil while nothing is held back
	unsent *unsent // nil, or what Write has taken and could not be sent
	file   *piece  // nil, or what is being sent is of a file
	recv   proactors.Operation
	sent   proactors.Operation

	wrote   uint64 // the pass in which Write has taken something last,
	at      int32  // and where in e.writes
	reading bool
	armed   bool // the receive is under way, or its last completion not told yet
	sending bool
	listed  bool // in e.sends
	careful bool
	calm    uint8
	waking  bool // in e.again
	lends   bool // the handler has memory to read into
	closed  bool
}

// Stream implements engine.Engine.
func (e *Engine) Stream(fd uintptr, h engine.StreamHandler) (engine.Stream, error) {
	s := &stream{e: e, fd: fd, h: h}
	if err := e.claim(fd, s); err != nil {
		return nil, err
	}
	system.Hold(fd)
	s.recv.To, s.sent.To = (*receipt)(s), (*sending)(s)
	return s, nil
}

// receipt is the stream as what hears of receiving, sending of sending, and
// holding of what is held back for it.
type (
	receipt stream
	sending stream
	holding stream
)

// Complete passes on what was received.
func (r *receipt) Complete(ev uint64) {
	s, c := (*stream)(r), proactors.FromEv(ev)
	e := s.e
	if e.lent != 0 || e.now.s != nil {
		e.over()
	}
	if c.N > 0 && c.Flags&proactors.More != 0 && s.reading && s.held == nil && !s.lends && e.quick.there() { // nearly always
		e.lent = ev
		s.h.Received(e.quick.memory(e, c))
		if e.lent != 0 {
			e.lent = 0
			e.quick.release(e, c)
		}
	} else {
		s.received(c, ev)
	}
	e.single = false
}

// Handler implements engine.Telling.
func (r *receipt) Handler() any { return r.h }

// received is Complete in all cases.
func (s *stream) received(c proactors.Completion, ev uint64) {
	e := s.e
	if c.Flags&proactors.More == 0 {
		s.armed = false
		s.judge(c.N)
		if s.reading && s.held == nil && (c.N > 0 || c.Cancelled()) {
			s.arm()
		}
	}
	switch {
	case s.closed:
		if c.Flags&proactors.Lent != 0 {
			e.p.Release(c)
		}
	case c.N > 0:
		e.lent, e.now = ev, delivery{s, e.p.Memory(c)}
		if s.reading && s.held == nil {
			s.tell()
			return
		}
		s.holdBack()
	case c.Cancelled():
	default:
		s.end(c.Err())
	}
}

// holdBack keeps what came at the wrong time.
func (s *stream) holdBack() {
	e := s.e
	h := s.hold()
	h.data = append(h.data, e.now.rest...)
	e.now.rest = nil
	e.over()
	if s.reading {
		s.wakeUp()
		return
	}
	s.careful = true
	if s.armed {
		e.p.Cancel(&s.recv)
	}
}

// tell gives the handler what e.now has.
func (s *stream) tell() {
	d := &s.e.now
	for len(d.rest) > 0 {
		p := d.rest
		if s.lends {
			buf, ok := s.h.ReadBuffer()
			if !ok || !s.reading {
				break
			}
			p = buf[:copy(buf, p)]
		}
		d.rest = d.rest[len(p):]
		s.h.Received(p)
		if !s.reading || d.s != s {
			break
		}
	}
	s.e.over()
}

// Keep implements engine.Keeper. What is told is the proactor's if it is the memory of the
// completion that is lent now.
func (s *stream) Keep(p []byte) (k buffers.Kept) {
	e := s.e
	if e.lent == 0 || e.keeper == nil || e.closed || len(p) == 0 {
		return k
	}
	c := proactors.FromEv(e.lent)
	if m := e.p.Memory(c); len(m) == len(p) && &m[0] == &p[0] {
		k = e.keeper.Keep(c)
	}
	return k
}

// end tells of the end of receiving, or keeps it.
func (s *stream) end(err error) {
	if !s.reading || s.held != nil {
		h := s.hold()
		h.ended, h.err = true, err
		return
	}
	s.reading = false
	if err == nil {
		s.h.ReadEOF()
	} else {
		s.h.ReadFailed(err)
	}
}

func (s *stream) hold() *held {
	if s.held == nil {
		s.held = new(held)
	}
	return s.held
}

// held is what was received and cannot be told yet.
type held struct {
	data  []byte
	ended bool  // and then this end:
	err   error // a failure, or nil for the end of the stream
}

// delivery is what a handler is being told piece by piece. It lies in the engine and
// not on the stack, so that nothing is lost if the handler does not return.
type delivery struct {
	s    *stream
	rest []byte // what comes after what the handler has
}

// over ends what a handler is being told: what was not told is kept, and what was lent
// given back.
func (e *Engine) over() {
	if s := e.now.s; s != nil {
		rest := e.now.rest
		e.now = delivery{}
		if len(rest) > 0 && !s.closed {
			s.hold().data = slices.Concat(rest, s.hold().data)
			s.wakeUp()
		}
	}
	if e.lent != 0 {
		c := proactors.FromEv(e.lent)
		e.lent = 0
		e.p.Release(c)
	}
}

// wakeUp sees to it that what is held is told after the next Poll.
func (s *stream) wakeUp() {
	if !s.waking {
		s.waking = true
		s.e.later((*holding)(s))
	}
}

// Complete tells what is held.
func (w *holding) Complete(uint64) {
	s := (*stream)(w)
	e := s.e
	e.over()
	s.waking = false
	if !s.reading {
		return
	}
	h := s.held
	if h == nil {
		if !s.armed {
			s.arm()
		}
		return
	}
	s.held = nil
	s.wakeUp() // for what is left, or to receive more
	if h.ended {
		s.held = &held{ended: true, err: h.err}
	}
	if len(h.data) > 0 {
		e.now = delivery{s, h.data}
		s.tell()
		return
	}
	s.held = nil
	s.end(h.err)
}

// Handler implements engine.Telling.
func (w *holding) Handler() any { return w.h }

// A receive that repeats brings all that has come, which for a fast peer is as much as
// the system's buffer holds, before the handler can say that it has enough. So a
// stream receives once at a time until calmAfter small pieces have come, and for good
// after a handler had to be spared something.
const (
	calmAfter  = 4
	smallPiece = 20 << 10
)

// judge notes how large a piece was.
func (s *stream) judge(n int32) {
	if n >= smallPiece {
		s.calm = 0
	} else if s.calm < calmAfter {
		s.calm++
	}
}

// arm begins to receive.
func (s *stream) arm() {
	repeat := s.calm == calmAfter && !s.careful
	err := s.e.submit(&s.recv, proactors.Request{Kind: proactors.Receive, FD: s.fd, Repeat: repeat})
	if err != nil {
		h := s.hold()
		h.ended, h.err = true, err
		s.wakeUp()
		return
	}
	s.armed = true
}

// StartReading implements engine.Stream.
func (s *stream) StartReading() error {
	if s.closed || s.e.closed {
		return engine.ErrClosed
	}
	s.reading = true
	if s.held != nil {
		s.wakeUp()
	} else if !s.armed {
		s.arm()
	}
	return nil
}

// StopReading implements engine.Stream. The receive goes on until something comes:
// whoever stops often goes on soon.
func (s *stream) StopReading() { s.reading = false }

// UseReadBuffer implements engine.Stream.
func (s *stream) UseReadBuffer(on bool) { s.lends = on }

// Close implements engine.Stream.
func (s *stream) Close() error {
	if s.closed {
		return nil
	}
	s.closed, s.reading, s.sending = true, false, false
	s.held = nil
	if !s.e.closed {
		s.e.p.Cancel(&s.recv)
		s.e.p.Cancel(&s.sent)
		s.withdraw()
		s.takeBack()
		s.e.forget(s.fd)
	}
	s.h, s.file = nil, nil
	return s.e.closeNow(s.fd)
}

// FD implements engine.Stream.
func (s *stream) FD() uintptr { return s.fd }

func (s *stream) owner() any { return s.h }

func (s *stream) interest() (m engine.Mask) {
	if s.reading {
		m |= engine.Read
	}
	if s.sending {
		m |= engine.Write
	}
	return m
}

func (s *stream) abandon() { _ = s.Close() }
