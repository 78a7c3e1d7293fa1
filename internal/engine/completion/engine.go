// Package completion is the engine over a Proactor: io_uring, IOCP.
package completion

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/engine/system"
	"github.com/go-asyncio/asyncio/proactors"
	"github.com/go-asyncio/asyncio/selectors"
)

// Engine is the engine over completion: it submits operations and hears of
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
type Engine struct {
	p      proactors.Proactor
	quick  quick
	nodes  system.Table[node] // who has a descriptor; for opening and closing only
	events []engine.Event
	again  []engine.Event // events of the engine's own, for the next Poll

	// What Write has taken since the last Poll lies in arena up to used; the
	// first of writes have been posted already, by Flush.
	arena  []byte
	used   int32
	writes []proactors.Post
	posted int
	poster proactors.Poster
	keeper proactors.Keeper  // nil: nothing can be kept
	post   proactors.Request // scratch

	sends []*stream  // who wants to be asked for what to send
	vec   [][]byte   // scratch of one gathered send
	spare []*watchOp // of watches, not in flight
	mail  *mail      // nil until there is a datagram socket
	pipes pipeRoom

	lent   uint64   // the Ev of the completion whose memory a handler is reading, or 0
	now    delivery // what is to be told besides
	polls  uint64   // counts passes
	req    proactors.Request
	single bool // the last Poll brought one thing, received, which is being told; nothing was written since
	noPost bool // the proactor cannot post after all
	closed bool
}

// The contract and the mechanisms say the same by the same numbers, so that nothing is
// translated on the way. Where two differ the index is none, and this does not compile.
var (
	_ = [1]struct{}{}[engine.Forever-selectors.Forever]
	_ = [1]struct{}{}[engine.BriefWait-proactors.BriefWait]
	_ = [1]struct{}{}[engine.Read-engine.Mask(proactors.Readable)]
	_ = [1]struct{}{}[engine.Write-engine.Mask(proactors.Writable)]
)

// node is what has a descriptor.
type node interface {
	owner() any            // for UsedError
	abandon()              // ends it when the engine closes, without a word
	interest() engine.Mask // what it does now
}

// New returns an engine over p, which is the engine's from now on.
func New(p proactors.Proactor) *Engine {
	e := &Engine{p: p, quick: quickOf(p), polls: 1}
	e.post = proactors.Request{Kind: proactors.Send, Post: true, Bufs: make([][]byte, 1)}
	if poster, ok := p.(proactors.Poster); ok {
		e.poster = poster
	} else {
		e.poster = (*submitPosts)(e)
	}
	e.keeper, _ = p.(proactors.Keeper)
	return e
}

// Proactor returns the proactor underneath.
func (e *Engine) Proactor() proactors.Proactor { return e.p }

// Descriptors returns the descriptors that the engine has for itself.
func (e *Engine) Descriptors() []uintptr { return e.p.Descriptors() }

// Occupied implements engine.Occupied.
func (e *Engine) Occupied() bool { return e.nodes.Len() > 0 }

// Poll implements engine.Engine.
func (e *Engine) Poll(timeout time.Duration) ([]engine.Event, error) {
	if e.closed {
		return nil, engine.ErrClosed
	}
	e.over()
	e.gather()
	if e.mail != nil {
		e.mail.gather()
	}
	if len(e.again) > 0 || len(e.sends) > 0 {
		timeout = 0
	}
	done, err := e.p.Wait(timeout)
	events := e.collect(done)
	if e.mail != nil {
		e.mail.waited(len(done))
	}
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
func (e *Engine) collect(done []proactors.Completion) []engine.Event {
	before := len(e.events)
	events := append(e.events[:0], e.again...)
	if len(e.again) > 0 {
		clear(e.again)
		e.again = e.again[:0]
	}
	events = slices.Grow(events, len(done))
	more := events[len(events):][:len(done)]
	if translate(more, done) {
		e.salvage(done)
	}
	events = events[:len(events)+len(done)]
	if len(events) < before {
		clear(e.events[len(events):before]) // keep nothing alive that is closed
	}
	e.events = events
	return events
}

// translate makes events of completions, of which there are as many, and reports whether one
// has failed or is not whole. It is a function of its own, so that the loop has the registers.
//
//go:noinline
func translate(events []engine.Event, done []proactors.Completion) (odd bool) {
	var signs int32
	for i := range events {
		if i >= len(done) { // never: it spares the compiler a test
			break
		}
		c := &done[i]
		signs |= c.N>>31 | int32(c.Flags&proactors.Short)
		events[i] = engine.Event{To: c.Op.To, Ev: c.Ev()}
	}
	return signs != 0
}

// Flush implements engine.Engine.
func (e *Engine) Flush() error {
	if e.closed {
		return engine.ErrClosed
	}
	e.over()
	e.gather()
	if e.mail != nil {
		e.mail.Over()
	}
	return e.p.Flush()
}

// submit submits an operation; what it is about is in e.req.
func (e *Engine) submit(op *proactors.Operation, r proactors.Request) error {
	e.req = r
	err := e.p.Submit(op, &e.req)
	e.req = proactors.Request{}
	return err
}

// later has to called after the next Poll.
func (e *Engine) later(to engine.Completer) { e.again = append(e.again, engine.Event{To: to}) }

// Wake implements engine.Engine.
func (e *Engine) Wake() { e.p.Wake() }

// Sockets implements engine.Engine.
func (e *Engine) Sockets() engine.Sockets { return system.Sockets{} }

// Close implements engine.Engine.
func (e *Engine) Close() error {
	if e.closed {
		return nil
	}
	e.over()
	for n := range e.nodes.All() { // in no order: nobody hears of it
		n.abandon()
	}
	e.closed = true
	e.nodes.Clear()
	e.events, e.again, e.writes, e.sends, e.spare, e.vec, e.arena = nil, nil, nil, nil, nil, nil, nil
	if e.mail != nil {
		e.mail.Close()
	}
	return e.p.Close()
}

// Name implements engine.Engine.
func (e *Engine) Name() string { return e.p.Name() }

// Interest says what the engine does on a descriptor: Read if it receives, accepts
// or watches for reading, Write if it sends, connects or watches for writing. It is
// for reports and tests.
func (e *Engine) Interest(fd uintptr) engine.Mask {
	if n := e.nodes.Get(fd); n != nil {
		return n.interest()
	}
	return 0
}

// closeNow closes a descriptor whose operations are cancelled. Until the system
// knows that they are, it would keep open what is behind the descriptor.
func (e *Engine) closeNow(fd uintptr) error {
	err := system.Sockets{}.Close(fd)
	if e.closed || e.polls == 1 {
		return err
	}
	return errors.Join(err, e.p.Flush())
}

// Detail says what of the proactor is in use, for reports.
func (e *Engine) Detail() string { return e.p.String() }

// claim enters n as what has fd. Whatever was watched there is watched no
// more: the number belongs to n now.
func (e *Engine) claim(fd uintptr, n node) error {
	if e.closed {
		return engine.ErrClosed
	}
	switch old := e.nodes.Get(fd).(type) {
	case nil:
	case *watch:
		old.remove()
	default:
		return &engine.UsedError{FD: fd, By: old.owner()}
	}
	if err := e.p.Attach(fd); err != nil {
		return fmt.Errorf("engine: descriptor %d: %w", fd, err)
	}
	e.nodes.Set(fd, n)
	return nil
}

// forget takes out what has fd.
func (e *Engine) forget(fd uintptr) {
	e.nodes.Delete(fd)
}
