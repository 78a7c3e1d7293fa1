package engine

import (
	"errors"
	"slices"

	"github.com/go-asyncio/asyncio/internal/sock"
	"github.com/go-asyncio/asyncio/proactors"
)

// pstream is a connection over completion.
type pstream struct {
	e      *ProactorEngine
	fd     uintptr
	h      StreamHandler
	held   *held   // nil while nothing is held back
	unsent *unsent // nil, or what Write has taken and could not be sent
	recv   proactors.Operation
	sent   proactors.Operation

	wrote uint64 // the pass in which Write has taken something last,
	at    int    // and where in e.writes

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

// Stream implements Engine.
func (e *ProactorEngine) Stream(fd uintptr, h StreamHandler) (Stream, error) {
	s := &pstream{e: e, fd: fd, h: h}
	if err := e.claim(fd, s); err != nil {
		return nil, err
	}
	holders.hold(fd)
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
	if e.lent != 0 || e.now.s != nil {
		e.over()
	}
	if c.N > 0 && c.Flags&proactors.More != 0 && s.reading && s.held == nil && !s.lends { // nearly always
		e.lent = ev
		s.h.Received(e.p.Memory(c))
		if e.lent != 0 {
			e.lent = 0
			e.p.Release(c)
		}
	} else {
		s.received(c, ev)
	}
	e.single = false
}

// received is Complete in all cases.
func (s *pstream) received(c proactors.Completion, ev uint64) {
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
func (s *pstream) holdBack() {
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
	s.e.over()
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

// A receive that repeats brings all that has come, which for a fast peer is as much as
// the system's buffer holds, before the handler can say that it has enough. So a
// stream receives once at a time until calmAfter small pieces have come, and for good
// after a handler had to be spared something.
const (
	calmAfter  = 4
	smallPiece = 20 << 10
)

// judge notes how large a piece was.
func (s *pstream) judge(n int32) {
	if n >= smallPiece {
		s.calm = 0
	} else if s.calm < calmAfter {
		s.calm++
	}
}

// arm begins to receive.
func (s *pstream) arm() {
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

// StartReading implements Stream.
func (s *pstream) StartReading() error {
	if s.closed || s.e.closed {
		return ErrClosed
	}
	s.reading = true
	if s.held != nil {
		s.wakeUp()
	} else if !s.armed {
		s.arm()
	}
	return nil
}

// StopReading implements Stream. The receive goes on until something comes:
// whoever stops often goes on soon.
func (s *pstream) StopReading() { s.reading = false }

// UseReadBuffer implements Stream.
func (s *pstream) UseReadBuffer(on bool) { s.lends = on }

// unsent is what could not be sent of what Write has taken.
type unsent struct {
	rest []byte
	err  error
}

// directly is from how many bytes on a write is cheaper as a system call of its
// own than copied and sent with the others.
const directly = 4 << 10

// Write implements Stream: it takes what is small, to be sent with everything else
// that this pass writes. Where that is likely to be nothing, the first write goes at
// once: that costs as much, and the peer has it earlier.
func (s *pstream) Write(p []byte) (n, held int, err error) {
	e := s.e
	if e.single || s.closed || s.pending() || s.sent.InFlight() || len(p) >= directly || len(p) > len(e.arena)-int(e.used) || len(p) == 0 {
		return s.writeOther(p)
	}
	begin := e.used
	e.used += int32(len(p))
	s.wrote, s.at = e.polls, len(e.writes)
	e.writes = append(e.writes, written{s, begin, e.used})
	copy(e.arena[begin:], p)
	return len(p), len(p), nil
}

// writeOther is Write of what cannot simply be taken.
func (s *pstream) writeOther(p []byte) (n, held int, err error) {
	e := s.e
	single := e.single
	e.single = false
	switch {
	case s.closed:
		return 0, 0, ErrClosed
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
func (s *pstream) extend(p []byte) int {
	e := s.e
	if s.unsent != nil || s.at < e.posted || s.at != len(e.writes)-1 || len(p) >= directly || len(p) > len(e.arena)-int(e.used) {
		return 0
	}
	e.used += int32(copy(e.arena[e.used:], p))
	e.writes[s.at].end = e.used
	return len(p)
}

// pending reports whether it is not known yet if what Write has taken went.
func (s *pstream) pending() bool { return s.wrote == s.e.polls || s.unsent != nil }

// Pending implements Stream.
func (s *pstream) Pending() bool { return s.pending() }

// Held implements Stream.
func (s *pstream) Held() int {
	switch {
	case s.closed:
		return 0
	case s.unsent != nil:
		return len(s.unsent.rest)
	case s.wrote == s.e.polls && s.at < len(s.e.writes):
		w := &s.e.writes[s.at]
		return int(w.end - w.begin)
	}
	return 0
}

// WriteVec implements Stream.
func (s *pstream) WriteVec(bufs [][]byte) (n int, err error) {
	for _, p := range bufs {
		k, _, err := s.Write(p)
		n += k
		if err != nil || k < len(p) {
			return n, err
		}
	}
	return n, nil
}

// Send implements Stream.
func (s *pstream) Send() error {
	if s.closed || s.e.closed {
		return ErrClosed
	}
	s.sending = true
	if !s.listed {
		s.listed = true
		s.e.sends = append(s.e.sends, s)
	}
	return nil
}

// refused keeps what could not be posted.
func (s *pstream) refused(p []byte, err error) {
	e := s.e
	if errors.Is(err, errors.ErrUnsupported) {
		e.noPost, err = true, nil // this one is given back
	}
	s.unsent = &unsent{slices.Clone(p), err}
	e.again = append(e.again, Event{To: (*giveBack)(s)})
}

// salvage keeps what was not sent of a post.
func (w *sending) salvage(c proactors.Completion) {
	s := (*pstream)(w)
	e := s.e
	if s.wrote != e.polls {
		return // it was none
	}
	s.unsent = &unsent{err: c.Err()}
	if c.N >= 0 {
		w := &e.writes[s.at]
		s.unsent.rest = slices.Clone(e.arena[w.begin+c.N : w.end])
	}
}

// giveBack is the stream as what hears that a post has failed.
type giveBack pstream

func (g *giveBack) Complete(uint64) {
	s := (*pstream)(g)
	u := s.unsent
	if u == nil || s.closed {
		return
	}
	s.unsent, s.sending = nil, false
	s.h.Unsent(u.rest, u.err)
}

// submitSend sends what the handler has by now.
func (s *pstream) submitSend() {
	if !s.sending || s.closed {
		return
	}
	e := s.e
	vec := s.h.Outgoing(e.vec[:0])
	if len(vec) == 0 {
		e.again = append(e.again, Event{To: (*drained)(s)})
		return
	}
	err := e.submit(&s.sent, proactors.Request{Kind: proactors.Send, FD: s.fd, Bufs: vec})
	clear(vec)
	e.vec = vec
	if err != nil {
		e.again = append(e.again, Event{To: (*drained)(s), Ev: 1})
	}
}

// drained is the stream when a Send has nothing to send, or could not be submitted.
type drained pstream

func (d *drained) Complete(failed uint64) {
	s := (*pstream)(d)
	if !s.sending {
		return
	}
	s.sending = false
	var err error
	if failed != 0 {
		err = ErrClosed
	}
	s.h.Sent(0, err)
}

// Complete says how much went.
func (w *sending) Complete(ev uint64) {
	s := (*pstream)(w)
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

func (s *pstream) interest() (m Mask) {
	if s.reading {
		m |= Read
	}
	if s.sending {
		m |= Write
	}
	return m
}

func (s *pstream) abandon() { _ = s.Close() }
