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
	again  []Event    // events of the engine's own, for the next Poll
	send   []outgoing // who wants to send
	posts  []outgoing // what was posted and is not known to be sent
	arena  []byte     // what Write has taken lies there
	vec    [][]byte   // scratch of one gathered send
	spare  []*watchOp // of watches, not in flight
	now    delivery   // what a handler is being told
	polls  uint64     // counts passes
	req    proactors.Request
	noPost bool // the proactor has no posted sends
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
	return &ProactorEngine{p: p, nodes: make(map[uintptr]pnode)}
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
	e.now.over(e)
	e.gather()
	if len(e.again) > 0 {
		timeout = 0
	}
	done, err := e.p.Wait(timeout)
	e.polls++
	before := len(e.events)
	events := append(e.events[:0], e.again...)
	clear(e.again)
	e.again = e.again[:0]
	for i := range done {
		c := &done[i]
		if c.N < 0 || c.Flags&proactors.Short != 0 {
			if w, ok := c.Op.To.(*sending); ok && w.posted {
				w.salvage(c)
			}
		}
		events = append(events, Event{c.Op.To, c.Ev()})
	}
	if len(events) < before {
		clear(e.events[len(events):before]) // keep nothing alive that is closed
	}
	if len(e.posts) > 0 {
		e.settle()
	}
	e.events = events
	return events, err
}

// Flush implements Engine.
func (e *ProactorEngine) Flush() error {
	if e.closed {
		return ErrClosed
	}
	e.now.over(e)
	e.gather()
	return e.p.Flush()
}

// outgoing is what a stream sends: what Write has taken, or what its handler
// gives.
type outgoing struct {
	s     *pstream
	taken []byte // nil: the handler is asked
}

// arenaSize is how much Write takes in one pass, from all streams together.
const arenaSize = 256 << 10

// gather submits what streams have to send.
func (e *ProactorEngine) gather() {
	for i := range e.send {
		o := &e.send[i]
		o.s.listed = false
		if o.taken == nil {
			o.s.submitSend()
		} else if o.s.post(o.taken) {
			o.s.at = int32(len(e.posts))
			e.posts = append(e.posts, *o)
		}
	}
	clear(e.send)
	e.send = e.send[:0]
}

// settle sees which posted sends are over. Those that have sent everything tell
// nobody.
func (e *ProactorEngine) settle() {
	kept := 0
	for i := range e.posts {
		o := e.posts[i]
		s := o.s
		if s.sent.InFlight() {
			s.at = int32(kept)
			e.posts[kept] = o
			kept++
			continue
		}
		if s.unsent == nil {
			s.posted = false
			if s.sending {
				s.enlist(nil)
			}
		}
	}
	clear(e.posts[kept:])
	e.posts = e.posts[:kept]
	if kept == 0 {
		e.arena = e.arena[:0]
	} else if len(e.arena) > arenaSize/2 {
		e.arena = nil // what is under way keeps it
	}
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
	e.now.over(e)
	for _, n := range e.nodes { // in no order: nobody hears of it
		n.abandon()
	}
	e.closed = true
	clear(e.nodes)
	e.events, e.again, e.send, e.posts, e.spare, e.vec, e.arena = nil, nil, nil, nil, nil, nil, nil
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
	err := sock.Close(fd)
	if e.closed || e.polls == 0 {
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

// delivery is what a handler is being told. It lies in the engine and not on the
// stack, so that nothing is lost if the handler does not return.
type delivery struct {
	s    *pstream
	rest []byte // what comes after what the handler has
	lent proactors.Completion
}

// over ends the delivery: what was not told is kept, and what was lent given back.
func (d *delivery) over(e *ProactorEngine) {
	if d.s == nil {
		return
	}
	if s := d.s; len(d.rest) > 0 && !s.closed {
		s.hold().data = slices.Concat(d.rest, s.hold().data)
		s.wakeUp()
	}
	d.s, d.rest = nil, nil
	if d.lent.Flags&proactors.Lent != 0 {
		e.p.Release(d.lent)
		d.lent = proactors.Completion{}
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
