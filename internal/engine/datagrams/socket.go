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
	kept    []sock.Arrived // was received when nobody wanted it, or before the handler went
	reports []report       // to be told by Failed
	unsent  []letter       // to be given back by Unsent
	reading bool
	waking  bool // will be called after the next Poll
	closed  bool
	queue   bool // the system may have queued errors
	errs    bool // it has had some
	inet    bool
	peered  bool // it is connected
	gathers bool // what is sent may go with others
	posted  bool // something of it is posted
}

// report is an error of something sent earlier.
type report struct {
	err error
	to  sock.Addr
}

// reportsMost is how many reports wait to be told at most.
const reportsMost = 16

// Init makes the socket.
func (s *Socket) Init(room *Room, fd uintptr, h engine.DatagramHandler, o engine.DatagramOptions) error {
	*s = Socket{room: room, h: h, o: o, fd: fd}
	s.o.MaxSize = max(o.MaxSize, 1)
	own, err := sock.Named(fd)
	if err != nil {
		return err
	}
	s.inet = own.Family() != sock.Unix
	_, err = sock.PeerName(fd)
	s.peered = err == nil
	// The call that sends several loses what the system has to say of one sent earlier. It
	// says that of a connected socket, or if it is to queue it, where it is not lost.
	s.gathers = s.inet && sock.Gathers && (o.ErrorQueue || !s.peered)
	return nil
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

// Inet reports whether the socket is one of IP.
func (s *Socket) Inet() bool { return s.inet }

// FD implements engine.Datagram.
func (s *Socket) FD() uintptr { return s.fd }

// Shut sends what is gathered and forgets everything: nobody is told any more.
func (s *Socket) Shut() {
	s.room.flush()
	s.closed, s.reading = true, false
	s.kept, s.reports, s.unsent, s.h = nil, nil, nil, nil
}

// keep copies a datagram.
func (s *Socket) keep(a *sock.Arrived) {
	k := *a
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
	s.TellHeld()
}

// TellHeld tells of what is held back, as far as it may be told.
func (s *Socket) TellHeld() {
	for !s.closed {
		switch {
		case len(s.unsent) > 0:
			l := s.unsent[0]
			s.unsent = s.unsent[1:]
			s.again(len(s.unsent))
			s.h.Unsent(l.p, l.to)
		case len(s.reports) > 0:
			r := s.reports[0]
			s.reports = s.reports[1:]
			s.again(len(s.reports))
			s.h.Failed(r.err, r.to)
		case s.queue:
			s.tellQueue()
		case s.reading && len(s.kept) > 0:
			s.tellKept()
		default:
			return
		}
	}
}

// suspect notes that the system has had something to say of a datagram sent earlier, and
// reports whether it has queued what that is.
func (s *Socket) suspect() bool {
	if !s.o.ErrorQueue {
		return false
	}
	s.queue, s.errs = true, true
	s.wakeUp()
	return true
}

// Suspected reports whether the system has ever had such a thing to say.
func (s *Socket) Suspected() bool { return s.errs }

// again is called before a handler that may not return, when so much is left to be told
// besides.
func (s *Socket) again(left int) {
	if left > 0 {
		s.wakeUp()
	}
}

// tellKept tells of the first of those kept.
func (s *Socket) tellKept() {
	k := &s.kept[0]
	from, size, truncated := k.From, k.Size, k.Truncated
	p, more := k.Next()
	if !more {
		s.kept = s.kept[1:]
	}
	s.again(len(s.kept))
	s.hand(p, from, truncated, size)
}

// hand tells of a datagram.
func (s *Socket) hand(p []byte, from sock.Addr, truncated bool, size int) {
	switch {
	case truncated:
		s.h.Truncated(size, from)
	case len(p) > s.o.MaxSize:
		s.h.Truncated(len(p), from)
	default:
		s.h.Received(p, from)
	}
}

// queueMost is how many queued errors are told in a pass.
const queueMost = 16

// tellQueue tells of what the system has queued about datagrams sent earlier.
func (s *Socket) tellQueue() {
	s.queue = false
	for n := range queueMost {
		to, ok, err := sock.QueuedError(s.fd)
		if !ok {
			return
		}
		s.queue = n == queueMost-1 // perhaps there are more
		s.again(1)
		s.h.Failed(err, to)
		if s.closed {
			return
		}
	}
}
