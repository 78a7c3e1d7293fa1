// Package datagrams is what engines over the operating system have in common for datagram
// sockets: receiving in batches and telling what was received, one by one, to a handler
// that may stop, close, panic or leave by Goexit in the middle of it; and gathering what
// is sent meanwhile.
//
// How a socket is told that it is ready is its engine's; see packages readiness and
// completion.
package datagrams

import (
	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/sock"
)

// Room is what the datagram sockets of one engine share. Nothing of it grows with their
// number.
type Room struct {
	// Gathers says that what any socket sends is gathered until the next Over or Post, and
	// not only what one sends while it is told of a batch.
	Gathers bool

	in     sock.Inbox
	now    telling
	out    sock.Outbox
	owners [sock.OutboxMost]*Socket // of what is in out
	later  func(engine.Completer)
}

// telling is what a handler is being told one by one. It lies here and not on the stack,
// so that nothing is lost if the handler does not return.
type telling struct {
	s    *Socket
	next int // of the inbox's datagrams, the one to be told next
	n    int
}

// NewRoom returns the room of an engine; later has to call what it is given after the
// next Poll.
func NewRoom(later func(engine.Completer)) *Room { return &Room{later: later} }

// Over ends what a handler is being told, if it has not returned: the rest is kept for
// the next pass. What is gathered is sent.
func (r *Room) Over() {
	r.flush()
	r.Rest()
}

// Rest keeps what was not told.
func (r *Room) Rest() {
	t := r.now
	if t.s == nil {
		return
	}
	r.now = telling{}
	if t.s.closed {
		return
	}
	for i := t.next; i < t.n; i++ {
		t.s.keep(r.in.At(i))
	}
	if t.next < t.n {
		t.s.wakeUp()
	}
}

// Close lets go of the memory, when the engine is closed.
func (r *Room) Close() {
	r.now = telling{}
	r.out.Reset()
	clear(r.owners[:])
	r.in.Free()
}
