package completion

import (
	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/engine/system"
	"github.com/go-asyncio/asyncio/internal/sock"
	"github.com/go-asyncio/asyncio/proactors"
)

// piece is what is to be sent of a file: by the ordinary call, as over a selector, and the
// proactor is asked only when the socket is writable. So it is known at any time how
// much went, and who withdraws it loses nothing.
//
// It is an object of its own and not a part of the stream, whose operations are for what
// Send sends: one that was withdrawn may still be told of when another is under way.
type piece struct {
	s         *stream
	op        proactors.Operation
	f         engine.File
	offset, n int64
}

// Sendfile implements engine.Stream.
func (s *stream) Sendfile(f engine.File, offset, n int64) error {
	if s.closed || s.e.closed {
		return engine.ErrClosed
	}
	p := &piece{s: s, f: f, offset: offset, n: n}
	p.op.To = p
	s.sending, s.file = true, p
	s.e.later(p)
	return nil
}

// Complete tries to send once, after a pass or when the socket is writable.
func (p *piece) Complete(ev uint64) {
	s := p.s
	if s.file != p || s.unsent != nil { // it is withdrawn, or what was written before must go first
		return
	}
	err := proactors.FromEv(ev).Err() // the first time there was no operation, and 0 is none
	n := 0
	if err == nil {
		n, err = system.Sendfile(s.fd, p.f, p.offset, p.n)
	}
	if err != nil && sock.WouldBlock(err) {
		err = s.e.submit(&p.op, proactors.Request{Kind: proactors.Poll, FD: s.fd, Mask: proactors.Writable})
		if err == nil {
			return
		}
	}
	s.sending, s.file = false, nil
	s.h.Sent(n, err)
}

// withdraw forgets what is to be sent of a file.
func (s *stream) withdraw() {
	if p := s.file; p != nil {
		s.file = nil
		s.e.p.Cancel(&p.op)
	}
}
