package engine

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-asyncio/asyncio/internal/sock"
	"github.com/go-asyncio/asyncio/proactors"
)

// ProactorEngine is the engine over completion: it submits operations and hears of
// their ends.
//
// # The path of a message
//
// A stream has one receive in flight for all of its life, which lends the
// proactor's memory to the handler. What the handler writes it keeps itself,
// until Poll asks for it: so all that was written in one pass goes as one
// operation for each stream, and all operations as one system call, the one
// that also waits.
//
// # What comes though it is not wanted
//
// Completions cannot be held back as readiness can. Data for a stream that has
// stopped reading are copied, so that the proactor's memory is free for others, and
// the receive is cancelled; with StartReading they are told first.
type ProactorEngine struct {
	p      proactors.Proactor
	nodes  map[uintptr]pnode // who has a descriptor; for opening and closing only
	events []Event
	again  []Event // events of the engine's own, for the next Poll

	// What Write has taken since the last Poll lies in arena up to used; the
	// first of writes have been posted already, by Flush.
	arena  []byte
	used   int32
	writes []written
	posted int
	post   proactors.Request // scratch

	sends []*pstream // who wants to be asked for what to send
	vec   [][]byte   // scratch of one gathered send
	spare []*watchOp // of watches, not in flight

	lent   uint64   // the Ev of the completion whose memory a handler is reading, or 0
	now    delivery // what is to be told besides
	polls  uint64   // counts passes
	req    proactors.Request
	single bool // the last Poll brought one thing, received, which is being told; nothing was written since
	noPost bool // the proactor cannot post after all
	closed bool
}

// pnode is what has a descriptor.
type pnode interface {
	owner() any     // for UsedError
	abandon()       // ends it when the engine closes, without a word
	interest() Mask // what it does now
}

// NewProactorEngine returns an engine over p, which is the engine's from now on.
func NewProactorEngine(p proactors.Proactor) *ProactorEngine {
	e := &ProactorEngine{p: p, nodes: make(map[uintptr]pnode), polls: 1}
	e.post = proactors.Request{Kind: proactors.Send, Post: true, Bufs: make([][]byte, 1)}
	return e
}

// Proactor returns the proactor underneath.
func (e *ProactorEngine) Proactor() proactors.Proactor { return e.p }

// Descriptors returns the descriptors that the engine has for itself.
func (e *ProactorEngine) Descriptors() []uintptr { return e.p.Descriptors() }

// Poll implements Engine.
func (e *ProactorEngine) Poll(timeout time.Duration) ([]Event, error) {
	if e.closed {
		return nil, ErrClosed
	}
	e.over()
	e.gather()
	if len(e.again) > 0 || len(e.sends) > 0 {
		timeout = 0
	}
	done, err := e.p.Wait(timeout)
	events := e.collect(done)
	e.single = len(done) == 1 && done[0].Flags&proactors.Lent != 0
	if len(e.writes) > 0 {
		clear(e.writes)
		e.writes, e.posted, e.used = e.writes[:0], 0, 0
		if e.noPost {
			e.arena = nil
		}
	}
	e.polls++ // nothing is posted any more
	return events, err
}

// collect makes events of completions.
func (e *ProactorEngine) collect(done []proactors.Completion) []Event {
	before := len(e.events)
	events := append(e.events[:0], e.again...)
	if len(e.again) > 0 {
		clear(e.again)
		e.again = e.again[:0]
	}
	events = slices.Grow(events, len(done))
	more := events[len(events):][:len(done)]
	failed := false
	for i := range done {
		c := &done[i]
		failed = failed || c.N < 0 || c.Flags&proactors.Short != 0
		more[i] = Event{c.Op.To, c.Ev()}
	}
	if failed {
		e.salvage(done)
	}
	events = events[:len(events)+len(done)]
	if len(events) < before {
		clear(e.events[len(events):before]) // keep nothing alive that is closed
	}
	e.events = events
	return events
}

// salvage keeps what was not sent of posts, for the memory in which it lies is used
// again.
func (e *ProactorEngine) salvage(done []proactors.Completion) {
	for _, c := range done {
		if c.N < 0 || c.Flags&proactors.Short != 0 {
			if w, ok := c.Op.To.(*sending); ok {
				w.salvage(c)
			}
		}
	}
}

// Flush implements Engine.
func (e *ProactorEngine) Flush() error {
	if e.closed {
		return ErrClosed
	}
	e.over()
	e.gather()
	return e.p.Flush()
}

// written is what Write has taken, by its place in the arena.
type written struct {
	s          *pstream
	begin, end int32
}

// arenaSize is how much Write takes in one pass, from all streams together.
const arenaSize = 256 << 10

// gather hands the proactor what streams have to send.
func (e *ProactorEngine) gather() {
	writes := e.writes[e.posted:]
	e.posted = len(e.writes)
	for i := range writes {
		w := &writes[i]
		s := w.s
		if s.closed {
			continue
		}
		p := e.arena[w.begin:w.end]
		e.post.FD, e.post.Bufs[0] = s.fd, p
		if err := e.p.Submit(&s.sent, &e.post); err != nil {
			s.refused(p, err)
		}
	}
	if len(e.sends) > 0 {
		e.gatherSends()
	}
}

// gatherSends submits sends, but for those of streams that have posted something: it
// is not known yet whether that went.
func (e *ProactorEngine) gatherSends() {
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

// submit submits an operation; what it is about is in e.req.
func (e *ProactorEngine) submit(op *proactors.Operation, r proactors.Request) error {
	e.req = r
	err := e.p.Submit(op, &e.req)
	e.req = proactors.Request{}
	return err
}

// later has to called after the next Poll.
func (e *ProactorEngine) later(to Completer) { e.again = append(e.again, Event{To: to}) }

// Wake implements Engine.
func (e *ProactorEngine) Wake() { e.p.Wake() }

// Sockets implements Engine.
func (e *ProactorEngine) Sockets() Sockets { return SystemSockets{} }

// Close implements Engine.
func (e *ProactorEngine) Close() error {
	if e.closed {
		return nil
	}
	e.over()
	for _, n := range e.nodes { // in no order: nobody hears of it
		n.abandon()
	}
	e.closed = true
	clear(e.nodes)
	e.events, e.again, e.writes, e.sends, e.spare, e.vec, e.arena = nil, nil, nil, nil, nil, nil, nil
	return e.p.Close()
}

// Name implements Engine.
func (e *ProactorEngine) Name() string { return e.p.Name() }

// Interest says what the engine does on a descriptor: Read if it receives, accepts
// or watches for reading, Write if it sends, connects or watches for writing. It is
// for reports and tests.
func (e *ProactorEngine) Interest(fd uintptr) Mask {
	if n := e.nodes[fd]; n != nil {
		return n.interest()
	}
	return 0
}

// closeNow closes a descriptor whose operations are cancelled. Until the system
// knows that they are, it would keep open what is behind the descriptor.
func (e *ProactorEngine) closeNow(fd uintptr) error {
	err := SystemSockets{}.Close(fd)
	if e.closed || e.polls == 1 {
		return err
	}
	return errors.Join(err, e.p.Flush())
}

// Detail says what of the proactor is in use, for reports.
func (e *ProactorEngine) Detail() string { return e.p.String() }

// claim enters n as what has fd. Whatever was watched there is watched no
// more: the number belongs to n now.
func (e *ProactorEngine) claim(fd uintptr, n pnode) error {
	if e.closed {
		return ErrClosed
	}
	switch old := e.nodes[fd].(type) {
	case nil:
	case *pwatch:
		old.remove()
	default:
		return &UsedError{FD: fd, By: old.owner()}
	}
	if err := e.p.Attach(fd); err != nil {
		return fmt.Errorf("engine: descriptor %d: %w", fd, err)
	}
	e.nodes[fd] = n
	return nil
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
	s    *pstream
	rest []byte // what comes after what the handler has
}

// over ends what a handler is being told: what was not told is kept, and what was lent
// given back.
func (e *ProactorEngine) over() {
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

// pconnecting is a connection being made.
type pconnecting struct {
	e    *ProactorEngine
	fd   uintptr
	op   proactors.Operation
	done func(error)
}

// Connect implements Engine.
func (e *ProactorEngine) Connect(fd uintptr, addr sock.Addr, done func(error)) (func(), error) {
	c := &pconnecting{e: e, fd: fd, done: done}
	c.op.To = c
	if err := e.claim(fd, c); err != nil {
		return nil, err
	}
	raw := new(sock.RawAddr)
	n := addr.Encode(raw)
	if err := e.submit(&c.op, proactors.Request{Kind: proactors.Connect, FD: fd, Addr: raw.B[:n]}); err != nil {
		c.abandon()
		return nil, err
	}
	return c.abandon, nil
}

// Complete says how it went.
func (c *pconnecting) Complete(ev uint64) {
	if c.done == nil {
		return
	}
	done := c.done
	c.abandon()
	done(proactors.FromEv(ev).Err())
}

func (c *pconnecting) owner() any { return "being connected" }

func (c *pconnecting) interest() Mask { return Write }

// abandon forgets the attempt and leaves the descriptor to its user.
func (c *pconnecting) abandon() {
	if c.done == nil {
		return
	}
	c.done = nil
	delete(c.e.nodes, c.fd)
	if c.op.InFlight() {
		c.e.p.Cancel(&c.op)
		_ = c.e.p.Flush() // the next Wait would tell
	}
}
