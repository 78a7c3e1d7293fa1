// Package datagrams is what engines over the operating system have in common for datagram
// sockets: receiving in batches and telling what was received, one by one, to a handler
// that may stop, close, panic or leave by Goexit in the middle of it.
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
	in    sock.Inbox
	now   telling
	later func(engine.Completer)
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
// the next pass. Every Poll begins with it.
func (r *Room) Over() {
	s := r.now.s
	if s == nil {
		return
	}
	t := r.now
	r.now = telling{}
	if s.closed {
		return
	}
	for i := t.next; i < t.n; i++ {
		s.keep(r.in.At(i))
	}
	if t.next < t.n {
		s.wakeUp()
	}
}

// Close lets go of the memory, when the engine is closed.
func (r *Room) Close() {
	r.now = telling{}
	r.in.Free()
}
