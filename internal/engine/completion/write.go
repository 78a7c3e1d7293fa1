package completion

import (
	"errors"
	"slices"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/sock"
	"github.com/go-asyncio/asyncio/proactors"
)

// arenaSize is how much Write takes in one pass, from all streams together.
const arenaSize = 256 << 10

// gather hands the proactor what streams have to send.
func (e *Engine) gather() {
	for e.posted < len(e.writes) {
		n, err := e.poster.PostAll(e.arena, e.writes, e.posted)
		e.posted += n
		if err != nil {
			w := &e.writes[e.posted]
			e.posted++
			(*stream)(w.Op.To.(*sending)).refused(e.arena[w.Begin:w.End], err)
		}
	}
	if len(e.sends) > 0 {
		e.gatherSends()
	}
}

// submitPosts is the proactors.Poster of an engine whose proactor is none.
type submitPosts Engine

// PostAll implements proactors.Poster.
func (e *submitPosts) PostAll(mem []byte, posts []proactors.Post, from int) (int, error) {
	for i := range posts[from:] {
		w := &posts[from+i]
		if w.Begin == w.End {
			continue
		}
		e.post.FD, e.post.Bufs[0] = uintptr(w.FD), mem[w.Begin:w.End]
		if err := e.p.Submit(w.Op, &e.post); err != nil {
			return i, err
		}
	}
	return len(posts) - from, nil
}

// takeBack forgets what Write has taken and nobody was given yet.
func (s *stream) takeBack() {
	if e := s.e; s.wrote == e.polls && int(s.at) >= e.posted && int(s.at) < len(e.writes) {
		w := &e.writes[s.at]
		w.End = w.Begin
	}
}

// gatherSends submits sends, but for those of streams that have posted something: it
// is not known yet whether that went.
func (e *Engine) gatherSends() {
	kept := e.sends[:0]
	for _, s := range e.sends {
		if s.pending() && !s.closed {
			kept = append(kept, s)
			continue
		}
		s.listed = false
		s.submitSend()
	}
	clear(e.sends[len(kept):])
	e.sends = kept
}

// unsent is what could not be sent of what Write has taken.
type unsent struct {
	rest []byte
	err  error
}

// directly is from how many bytes on a write is cheaper as a system call of its
// own than copied and sent with the others.
const directly = 4 << 10

// Write implements engine.Stream: it takes what is small, to be sent with everything else
// that this pass writes. Where that is likely to be nothing, the first write goes at
// once: that costs as much, and the peer has it earlier.
func (s *stream) Write(p []byte) (n, held int, err error) {
	e := s.e
	if e.single || s.closed || s.pending() || s.sent.InFlight() || uint(len(p)-1) >= directly-1 || len(p) > len(e.arena)-int(e.used) {
		return s.writeOther(p)
	}
	begin := e.used
	end := begin + int32(len(p))
	e.used = end
	s.wrote, s.at = e.polls, int32(len(e.writes))
	e.writes = append(e.writes, proactors.Post{Op: &s.sent, FD: int32(s.fd), Begin: begin, End: end})
	copy(e.arena[begin:], p)
	return len(p), len(p), nil
}

// writeOther is Write of what cannot simply be taken.
func (s *stream) writeOther(p []byte) (n, held int, err error) {
	e := s.e
	single := e.single
	e.single = false
	switch {
	case s.closed:
		return 0, 0, engine.ErrClosed
	case s.pending():
		n = s.extend(p)
		return n, s.Held(), nil
	case s.sent.InFlight() || len(p) == 0:
		return 0, 0, nil
	case single:
	case e.arena == nil && !e.noPost:
		e.arena = make([]byte, arenaSize)
		return s.Write(p)
	}
	n, err = sock.Write(s.fd, p)
	if err != nil && sock.WouldBlock(err) {
		return 0, 0, nil
	}
	return n, 0, err
}

// extend takes more after what Write has taken in this pass, if it lies at the end.
func (s *stream) extend(p []byte) int {
	e := s.e
	if s.unsent != nil || int(s.at) < e.posted || int(s.at) != len(e.writes)-1 || len(p) >= directly || len(p) > len(e.arena)-int(e.used) {
		return 0
	}
	e.used += int32(copy(e.arena[e.used:], p))
	e.writes[s.at].End = e.used
	return len(p)
}

// pending reports whether it is not known yet if what Write has taken went.
func (s *stream) pending() bool { return s.wrote == s.e.polls || s.unsent != nil }

// Pending implements engine.Stream.
func (s *stream) Pending() bool { return s.pending() }

// Held implements engine.Stream.
func (s *stream) Held() int {
	switch {
	case s.closed:
		return 0
	case s.unsent != nil:
		return len(s.unsent.rest)
	case s.wrote == s.e.polls && int(s.at) < len(s.e.writes):
		w := &s.e.writes[s.at]
		return int(w.End - w.Begin)
	}
	return 0
}

// WriteVec implements engine.Stream.
func (s *stream) WriteVec(bufs [][]byte) (n int, err error) {
	for _, p := range bufs {
		k, _, err := s.Write(p)
		n += k
		if err != nil || k < len(p) {
			return n, err
		}
	}
	return n, nil
}

// Send implements engine.Stream.
func (s *stream) Send() error {
	if s.closed || s.e.closed {
		return engine.ErrClosed
	}
	s.sending = true
	if !s.listed {
		s.listed = true
		s.e.sends = append(s.e.sends, s)
	}
	return nil
}

// refused keeps what could not be posted.
func (s *stream) refused(p []byte, err error) {
	e := s.e
	if errors.Is(err, errors.ErrUnsupported) {
		e.noPost, err = true, nil // this one is given back
	}
	s.unsent = &unsent{slices.Clone(p), err}
	e.again = append(e.again, engine.Event{To: (*giveBack)(s)})
}

// salvage keeps what was not sent of a post.
func (w *sending) salvage(c proactors.Completion) {
	s := (*stream)(w)
	e := s.e
	if s.wrote != e.polls {
		return // it was none
	}
	s.unsent = &unsent{err: c.Err()}
	if c.N >= 0 {
		w := &e.writes[s.at]
		s.unsent.rest = slices.Clone(e.arena[w.Begin+c.N : w.End])
	}
}

// giveBack is the stream as what hears that a post has failed.
type giveBack stream

func (g *giveBack) Complete(uint64) {
	s := (*stream)(g)
	u := s.unsent
	if u == nil || s.closed {
		return
	}
	s.unsent, s.sending = nil, false
	s.withdraw()
	s.h.Unsent(u.rest, u.err)
}

// submitSend sends what the handler has by now.
func (s *stream) submitSend() {
	if !s.sending || s.closed {
		return
	}
	e := s.e
	vec := s.h.Outgoing(e.vec[:0])
	if len(vec) == 0 {
		e.again = append(e.again, engine.Event{To: (*drained)(s)})
		return
	}
	err := e.submit(&s.sent, proactors.Request{Kind: proactors.Send, FD: s.fd, Bufs: vec})
	clear(vec)
	e.vec = vec
	if err != nil {
		e.again = append(e.again, engine.Event{To: (*drained)(s), Ev: 1})
	}
}

// drained is the stream when a Send has nothing to send, or could not be submitted.
type drained stream

func (d *drained) Complete(failed uint64) {
	s := (*stream)(d)
	if !s.sending {
		return
	}
	s.sending = false
	var err error
	if failed != 0 {
		err = engine.ErrClosed
	}
	s.h.Sent(0, err)
}

// Complete says how much went.
func (w *sending) Complete(ev uint64) {
	s := (*stream)(w)
	c := proactors.FromEv(ev)
	if s.unsent != nil {
		(*giveBack)(s).Complete(0)
		return
	}
	if !s.sending {
		return
	}
	s.sending = false
	s.h.Sent(int(max(c.N, 0)), c.Err())
}

// StopSending implements engine.Stream.
func (s *stream) StopSending() {
	if s.sending {
		s.sending = false
		s.e.p.Cancel(&s.sent)
		s.withdraw()
	}
}

// CloseWrite implements engine.Stream.
func (s *stream) CloseWrite() error {
	if s.closed {
		return engine.ErrClosed
	}
	return sock.ShutdownWrite(s.fd)
}

// salvage keeps what was not sent of posts, for the memory in which it lies is used
// again.
func (e *Engine) salvage(done []proactors.Completion) {
	for _, c := range done {
		if c.N < 0 || c.Flags&proactors.Short != 0 {
			switch w := c.Op.To.(type) {
			case *sending:
				w.salvage(c)
			case *posted:
				e.mail.salvage(w, c)
			}
		}
	}
}
