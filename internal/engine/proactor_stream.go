package engine

import (
	"github.com/go-asyncio/asyncio/internal/sock"
	"github.com/go-asyncio/asyncio/proactors"
)

// pstream is a connection over completion.
type pstream struct {
	e    *ProactorEngine
	fd   uintptr
	h    StreamHandler
	held *held // nil while nothing is held back
	recv proactors.Operation
	sent proactors.Operation

	reading bool
	armed   bool // the receive is under way, or its last completion not told yet
	sending bool
	listed  bool // in e.send
	waking  bool // in e.again
	lends   bool // the handler has memory to read into
	closed  bool
}

// Stream implements Engine.
func (e *ProactorEngine) Stream(fd uintptr, h StreamHandler) (Stream, error) {
	s := &pstream{e: e, fd: fd, h: h}
	if err := e.claim(fd, s); err != nil {
		return nil, err
	}
	s.recv.To, s.sent.To = (*receipt)(s), (*sending)(s)
	return s, nil
}

// receipt is the stream as what hears of receiving, sending of sending, and
// holding of what is held back for it.
type (
	receipt pstream
	sending pstream
	holding pstream
)

// Complete passes on what was received.
func (r *receipt) Complete(ev uint64) {
	s, c := (*pstream)(r), proactors.FromEv(ev)
	e := s.e
	e.now.over(e)
	if c.Flags&proactors.More == 0 {
		s.armed = false
		if s.reading && (c.N > 0 || c.Cancelled()) {
			s.arm()
		}
	}
	switch {
	case s.closed:
		if c.Flags&proactors.Lent != 0 {
			e.p.Release(c)
		}
	case c.N > 0:
		e.now = delivery{s: s, rest: e.p.Memory(c), lent: c}
		if s.reading && s.held == nil {
			s.tell()
			return
		}
		s.holdBack(c)
	case c.Cancelled():
	default:
		s.end(c.Err())
	}
}

// holdBack keeps what came at the wrong time.
func (s *pstream) holdBack(c proactors.Completion) {
	e := s.e
	h := s.hold()
	h.data = append(h.data, e.now.rest...)
	e.now.rest = nil
	e.now.over(e)
	if !s.reading && s.armed {
		e.p.Cancel(&s.recv)
	}
}

// tell gives the handler what e.now has.
func (s *pstream) tell() {
	d := &s.e.now
	for len(d.rest) > 0 {
		p := d.rest
		if s.lends {
			buf := s.h.ReadBuffer()
			if !s.reading || len(buf) == 0 {
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
	d.over(s.e)
}

// end tells of the end of receiving, or keeps it.
func (s *pstream) end(err error) {
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

func (s *pstream) hold() *held {
	if s.held == nil {
		s.held = new(held)
	}
	return s.held
}

// wakeUp sees to it that what is held is told after the next Poll.
func (s *pstream) wakeUp() {
	if !s.waking {
		s.waking = true
		s.e.later((*holding)(s))
	}
}

// Complete tells what is held.
func (w *holding) Complete(uint64) {
	s := (*pstream)(w)
	e := s.e
	e.now.over(e)
	s.waking = false
	if !s.reading || s.held == nil {
		return
	}
	h := s.held
	s.held = nil
	if h.ended {
		s.held = &held{ended: true, err: h.err}
		s.wakeUp()
	}
	if len(h.data) > 0 {
		e.now = delivery{s: s, rest: h.data}
		s.tell()
		return
	}
	s.held = nil
	s.end(h.err)
}

// arm begins to receive.
func (s *pstream) arm() {
	err := s.e.submit(&s.recv, proactors.Request{Kind: proactors.Receive, FD: s.fd, Repeat: true})
	if err != nil {
		h := s.hold()
		h.ended, h.err = true, err
		s.wakeUp()
		return
	}
	s.armed = true
}

// StartReading implements Stream.
func (s *pstream) StartReading() error {
	if s.closed || s.e.closed {
		return ErrClosed
	}
	s.reading = true
	switch {
	case s.held != nil:
		s.wakeUp()
		if s.held.ended {
			return nil
		}
		fallthrough
	case !s.armed:
		if !s.armed {
			s.arm()
		}
	}
	return nil
}

// StopReading implements Stream. The receive goes on until something comes:
// whoever stops often goes on soon.
func (s *pstream) StopReading() { s.reading = false }

// UseReadBuffer implements Stream.
func (s *pstream) UseReadBuffer(on bool) { s.lends = on }

// Write implements Stream: this engine sends through Send only.
func (s *pstream) Write([]byte) (int, error) {
	if s.closed {
		return 0, ErrClosed
	}
	return 0, nil
}

// WriteVec implements Stream.
func (s *pstream) WriteVec([][]byte) (int, error) { return s.Write(nil) }

// Send implements Stream.
func (s *pstream) Send() error {
	if s.closed || s.e.closed {
		return ErrClosed
	}
	s.sending = true
	if !s.listed {
		s.listed = true
		s.e.send = append(s.e.send, s)
	}
	return nil
}

// submitSend sends what there is by now.
func (s *pstream) submitSend() {
	s.listed = false
	if !s.sending || s.closed {
		return
	}
	e := s.e
	vec := s.h.Outgoing(e.vec[:0])
	err := e.submit(&s.sent, proactors.Request{Kind: proactors.Send, FD: s.fd, Bufs: vec})
	clear(vec)
	e.vec = vec
	if err != nil {
		e.again = append(e.again, Event{(*sendFailed)(s), 0})
	}
}

// sendFailed is the stream when a send could not even be submitted.
type sendFailed pstream

func (f *sendFailed) Complete(uint64) {
	if s := (*pstream)(f); s.sending {
		s.sending = false
		s.h.Sent(0, ErrClosed)
	}
}

// Complete says how much went.
func (w *sending) Complete(ev uint64) {
	s := (*pstream)(w)
	if !s.sending {
		return
	}
	s.sending = false
	c := proactors.FromEv(ev)
	s.h.Sent(int(max(c.N, 0)), c.Err())
}

// StopSending implements Stream.
func (s *pstream) StopSending() {
	if s.sending {
		s.sending = false
		s.e.p.Cancel(&s.sent)
	}
}

// CloseWrite implements Stream.
func (s *pstream) CloseWrite() error {
	if s.closed {
		return ErrClosed
	}
	return sock.ShutdownWrite(s.fd)
}

// Close implements Stream.
func (s *pstream) Close() error {
	if s.closed {
		return nil
	}
	s.closed, s.reading, s.sending = true, false, false
	s.held = nil
	if !s.e.closed {
		s.e.p.Cancel(&s.recv)
		s.e.p.Cancel(&s.sent)
		delete(s.e.nodes, s.fd)
	}
	s.h = nil
	return s.e.closeNow(s.fd)
}

// FD implements Stream.
func (s *pstream) FD() uintptr { return s.fd }

func (s *pstream) owner() any { return s.h }

func (s *pstream) abandon() { _ = s.Close() }
