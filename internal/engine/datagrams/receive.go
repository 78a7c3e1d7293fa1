package datagrams

import (
	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/sock"
)

// Receive receives what is there, as much as may be in one pass, and tells of it. One batch
// is: what is left is ready in the next pass, and others of this pass come first. If there
// is nothing, the system may mean by ready that it has queued an error.
func (s *Socket) Receive() {
	r := s.room
	r.Over()
	if len(s.kept)+len(s.reports)+len(s.unsent) > 0 || s.queue {
		s.TellHeld()
	}
	if !s.reading {
		return
	}
	n, err := r.in.Receive(s.fd, s.o.MaxSize, s.o.Coalesced)
	if n == 0 {
		if sock.WouldBlock(err) && s.o.ErrorQueue {
			s.tellQueue()
		} else {
			s.ReceiveFailed(err)
		}
		return
	}
	r.now = telling{s, 0, n}
	s.tell()
}

// tell tells of the datagrams in the inbox.
func (s *Socket) tell() {
	r := s.room
	for r.now.s == s && s.reading && r.now.next < r.now.n {
		a := r.in.At(r.now.next)
		p, more := a.Next()
		if !more {
			r.now.next++
		}
		if a.Truncated || len(p) > s.o.MaxSize {
			s.hand(p, a.From, a.Truncated, a.Size)
		} else {
			s.h.Received(p, a.From)
		}
	}
	r.flush()
	r.Rest()
}

// Deliver tells of a datagram that somebody else has received, or keeps it.
func (s *Socket) Deliver(p []byte, from sock.Addr, truncated bool, size int) {
	if s.reading && len(s.kept) == 0 {
		s.hand(p, from, truncated, size)
		return
	}
	s.keep(&sock.Arrived{Data: p, From: from, Truncated: truncated, Size: size})
	if s.reading {
		s.wakeUp()
	}
}

// ReceiveFailed tells why nothing was received, unless there was nothing. It reports
// whether receiving goes on.
func (s *Socket) ReceiveFailed(err error) (goesOn bool) {
	switch {
	case err == nil || sock.WouldBlock(err):
	case sock.Unusable(err):
		s.Break(err)
		return false
	case sock.Delayed(err) && s.suspect(): // which tells more of it
	default:
		s.Report(err, sock.Addr{})
	}
	return true
}

// Break tells that the socket can be used no longer.
func (s *Socket) Break(err error) {
	s.reading = false
	s.h.Broken(err)
}

var _ engine.Completer = (*Socket)(nil)
