package datagrams

import (
	"slices"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/sock"
)

// Socket is the part of a datagram socket that is the same over readiness and over
// completion. An engine has it in its own object.
type Socket struct {
	room    *Room
	h       engine.DatagramHandler
	o       engine.DatagramOptions
	fd      uintptr
	kept    []kept   // was received when nobody wanted it, or before the handler went
	reports []report // to be told by Failed
	reading bool
	waking  bool // will be called after the next Poll
	closed  bool
}

// kept is a datagram in memory of its own.
type kept sock.Arrived

// report is an error of something sent earlier.
type report struct {
	err error
	to  sock.Addr
}

// reportsMost is how many reports wait to be told at most.
const reportsMost = 16

// Init makes the socket.
func (s *Socket) Init(room *Room, fd uintptr, h engine.DatagramHandler, o engine.DatagramOptions) {
	*s = Socket{room: room, h: h, o: o, fd: fd}
	s.o.MaxSize = max(o.MaxSize, 1)
}

// Reading reports whether the handler wants to be told what is received.
func (s *Socket) Reading() bool { return s.reading }

// Start has the handler told, of what is kept first.
func (s *Socket) Start() {
	s.reading = true
	if len(s.kept) > 0 {
		s.wakeUp()
	}
}

// StopReading implements engine.Datagram.
func (s *Socket) StopReading() { s.reading = false }

// Closed reports whether the socket is closed.
func (s *Socket) Closed() bool { return s.closed }

// Handler is whom the socket tells.
func (s *Socket) Handler() engine.DatagramHandler { return s.h }

// FD implements engine.Datagram.
func (s *Socket) FD() uintptr { return s.fd }

// Shut forgets everything: nobody is told any more.
func (s *Socket) Shut() {
	s.closed, s.reading = true, false
	s.kept, s.reports, s.h = nil, nil, nil
}

// batches is how many batches of one socket are received in a pass.
const batches = 2

// Receive receives what is there, as much as may be in one pass, and tells of it.
func (s *Socket) Receive() {
	r := s.room
	r.Over()
	s.tellHeld()
	for range batches {
		if !s.reading {
			return
		}
		n, err := r.in.Receive(s.fd, s.o.MaxSize)
		if n == 0 {
			s.receiveFailed(err)
			return
		}
		r.now = telling{s, 0, n}
		s.tell()
	}
}

// receiveFailed tells why nothing was received, unless there was nothing.
func (s *Socket) receiveFailed(err error) {
	switch {
	case err == nil || sock.WouldBlock(err):
	case sock.Unusable(err):
		s.Break(err)
	default:
		s.h.Failed(err, sock.Addr{})
	}
}

// Break tells that the socket can be used no longer.
func (s *Socket) Break(err error) {
	s.reading = false
	s.h.Broken(err)
}

// tell tells of the datagrams in the inbox.
func (s *Socket) tell() {
	r := s.room
	for r.now.s == s && s.reading && r.now.next < r.now.n {
		a := r.in.At(r.now.next)
		r.now.next++
		if a.Truncated {
			s.h.Truncated(a.Size, a.From)
		} else {
			s.h.Received(a.Data, a.From)
		}
	}
	r.Over()
}

// keep copies a datagram.
func (s *Socket) keep(a *sock.Arrived) {
	k := kept(*a)
	k.Data = slices.Clone(a.Data)
	s.kept = append(s.kept, k)
}

// Report has the handler told of an error of something sent earlier, after the next Poll.
// The same error of the same peer waits once.
func (s *Socket) Report(err error, to sock.Addr) {
	r := report{err, to}
	if len(s.reports) < reportsMost && !slices.Contains(s.reports, r) {
		s.reports = append(s.reports, r)
	}
	s.wakeUp()
}

// wakeUp has Complete called after the next Poll.
func (s *Socket) wakeUp() {
	if !s.waking {
		s.waking = true
		s.room.later(s)
	}
}

// Complete tells what waits to be told.
func (s *Socket) Complete(uint64) {
	s.waking = false
	s.room.Over()
	s.tellHeld()
}

// tellHeld tells of what is held back, as far as it may be told.
func (s *Socket) tellHeld() {
	for !s.closed {
		switch {
		case len(s.reports) > 0:
			r := s.reports[0]
			if s.reports = s.reports[1:]; len(s.reports) > 0 {
				s.wakeUp() // should the handler not return
			}
			s.h.Failed(r.err, r.to)
		case s.reading && len(s.kept) > 0:
			k := s.kept[0]
			if s.kept = s.kept[1:]; len(s.kept) > 0 {
				s.wakeUp()
			}
			if k.Truncated {
				s.h.Truncated(k.Size, k.From)
			} else {
				s.h.Received(k.Data, k.From)
			}
		default:
			return
		}
	}
}

// Send sends a datagram.
func (s *Socket) Send(p []byte, to sock.Addr) (taken bool, err error) {
	_, err = sock.SendTo(s.fd, p, to)
	if err != nil && sock.Delayed(err) {
		// The system may have told of an earlier datagram and not sent this one.
		early := err
		if _, err = sock.SendTo(s.fd, p, to); err == nil {
			s.Report(early, sock.Addr{})
		}
	}
	switch {
	case err == nil:
		return true, nil
	case sock.WouldBlock(err):
		return false, nil
	}
	return true, err
}
