// Package engine is the seam between transports and the system: what a
// transport, a server or a descriptor callback asks for, in one form that
// suits readiness (a Selector), completion (a Proactor: io_uring, IOCP) and a
// simulated network alike. Everything above it is written once.
//
// The package is the contract and nothing else: it knows no mechanism. The engines
// are packages of their own, readiness and completion; what both need of the
// operating system, its [Sockets] and the record of who has which descriptor, is
// package system. Another engine keeps what this comment and those of the interfaces
// below say, and nothing more is asked of it; package enginetest is the proof.
//
// # The form
//
// The form is that of completion: receive until told to stop, send what I
// have, accept until told to stop, connect, tell me when this descriptor is
// ready. Over a Selector an engine tries the system call and waits only when it
// would block; over a Proactor it submits an operation and hears of its end.
// A user of engines cannot tell them apart except by [Engine.Name].
//
// There is one object for each thing that lasts (a [Stream], a [Listener], a [Datagram]),
// made once and used for all of its life, so that an engine can embed its
// operations in it and nothing is allocated per message; and one call with a
// function for what happens once ([Engine.Connect]). What comes later takes one
// of these two shapes: a pipe is a Stream
// (whose CloseWrite may be unsupported), a unix socket is a Stream and a
// Listener, a raw socket call is a call with a function. TLS and
// subprocesses stand wholly above the seam.
//
// # One pass of the loop
//
//	        Poll(timeout)                  the loop's goroutine, nothing else
//	             │                         of the engine running
//	   []Event{ To, Ev } ...
//	             │                         at once, or later in the same pass,
//	   To.Complete(Ev)                     each event once, in order
//	             │
//	handler: Received, Sent, Accepted ...  which may call anything but Poll
//
// A Completer belongs to the engine (or, for [Engine.Watch], to its user), and
// Ev means something only to the engine that made it: a ready mask here, a
// result and flags of a completion there. The loop carries the pair and
// understands nothing of it. Rules for both sides:
//
//   - The loop completes every event exactly once, in order, unless it closes
//     the engine first. (An event may carry a buffer of the kernel's that only
//     Complete gives back.) As a rule it does so before the next Poll; a run
//     that an interrupt cuts short leaves the rest to the next run.
//   - Between Poll and Complete other callbacks run. What the event is about may
//     be stopped, closed or replaced by then; its descriptor may be closed, and its
//     number may be somebody else's. The engine sees to it that a handler never
//     hears of anything after its Close, nothing of receiving between
//     StopReading and StartReading, nothing of accepting between StopAccepting
//     and StartAccepting; data and connections that come meanwhile are kept and
//     told of later, not lost.
//   - Spurious events are allowed: a try that would block is nobody's business.
//   - A handler may panic, or leave by runtime.Goexit. The engine must be in
//     order before each call of a handler, and must need no code after it to
//     be so. It lets both pass; who calls Complete asks whose doing it was, see
//     [Telling].
//
// # Who calls what, and from where
//
// Everything is called on the loop's goroutine, and handlers are called there,
// out of Complete, never inside a call of the same object unless its comment
// says so. [Engine.Wake] alone may be called from any goroutine, also during
// and after Close.
//
// # Memory
//
//   - Received lends p for the length of the call. It is the engine's own
//     memory, or a part of what ReadBuffer has lent.
//     A [Keeper] leaves it where it is for longer.
//   - What ReadBuffer returns is the engine's from then until the Received,
//     ReadEOF or ReadFailed that follows at once, in the same Complete, or until
//     that Complete returns. An engine that receives into memory of its own
//     before it knows where to put it (provided buffers, IOCP) copies, in
//     as many rounds as the lent memory makes necessary.
//   - Write and WriteVec take what they can during the call and keep nothing.
//   - What Outgoing has returned is the engine's, unmoved and unchanged, until
//     Sent. After StopSending or Close instead of Sent, the kernel may still
//     read it: its owner forgets it and must not use it again.
//
// # Descriptors
//
// A Stream, Listener or Datagram owns its descriptor from a successful call of
// Engine.Stream, Engine.Listener or Engine.Datagram to its Close, which closes it. A watched
// descriptor, and that of Connect, stay their user's. Descriptors must be
// non-blocking (or overlapped) already. A simulated network gives out numbers
// of its own through its [Sockets]; nobody above the seam passes a
// descriptor to the system except through Sockets and the engine.
//
// # Errors
//
// What the system refuses is returned as the system's error, wrapped, so that
// errors.Is finds it. "Would block", "interrupted" and "in progress" are never
// reported, but for the one case of Engine.Connect. A descriptor that is owned by this engine already is a
// [*UsedError]. A closed engine answers [ErrClosed].
package engine

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/go-asyncio/asyncio/internal/buffers"
	"github.com/go-asyncio/asyncio/internal/sock"
)

// Completer gets an event that Poll returned, either at once after Poll or
// later in the same pass. It is an alias, and so the same as proactors.Completer: an
// interface of another type would cost every completion a look-up.
type Completer = interface {
	// Complete acts on the event. ev is the Ev that came with it.
	Complete(ev uint64)
}

// Event is one thing that happened, for the one who waits for it.
type Event struct {
	To Completer
	Ev uint64
}

// Telling is what a Completer has beside the contract if its handler may be Unguarded.
type Telling interface {
	// Handler is whom Complete tells, nil if it is nobody any more.
	Handler() any
}

// Unguarded is a handler that calls others in turn, and does not see to it itself that they
// return: it would take a deferred function in every call. Whoever calls Complete has one for
// all, in which it asks the handler of a Completer that has not returned.
type Unguarded interface {
	// Calling reports whether the handler has called somebody who has not returned.
	Calling() bool

	// DidNotReturn is called if Calling, in the deferred function: who was called has panicked
	// with the value, which was recovered, or leaves by Goexit, if it is nil.
	DidNotReturn(panicked any)
}

// Mask says which way a descriptor is, or is to be, ready.
type Mask uint8

// The two directions of readiness.
const (
	Read  Mask = 1 << iota // readable, or at its end, or failed
	Write                  // writable, or failed
)

// Timeouts of Poll's that are no lengths of time.
const (
	// Forever has no limit.
	Forever time.Duration = math.MaxInt64

	// BriefWait is for a loop that has nothing to do: as 0, but where it pays the
	// engine may wait some tens of microseconds for more to happen, and may not be
	// woken meanwhile. An engine that has no use for it takes it for 0.
	BriefWait time.Duration = 1
)

// ErrClosed is what an engine answers after its Close.
var ErrClosed = errors.New("engine is closed")

// UsedError says that a descriptor belongs to something of the engine's and
// can be neither watched nor made into something else.
type UsedError struct {
	FD uintptr
	By any // what has it: the handler of a stream or a listener, an Elsewhere, or nil
}

// Elsewhere describes who has a descriptor where that may be another engine's.
type Elsewhere string

// Who may have a descriptor that is to be taken.
const (
	HeldElsewhere    Elsewhere = "a transport or a server, or is being made one, or by a Socket: detach it first"
	WatchedElsewhere Elsewhere = "AddReader or AddWriter: remove the callback first"
)

// Error follows asyncio's text.
func (e *UsedError) Error() string {
	switch by := e.By.(type) {
	case nil:
		return fmt.Sprintf("file descriptor %d is used by the event loop itself", e.FD)
	case Elsewhere:
		return fmt.Sprintf("file descriptor %d is used by %s", e.FD, string(by))
	}
	return fmt.Sprintf("file descriptor %d is used by transport %v", e.FD, e.By)
}

// Engine does the input and output of one loop.
type Engine interface {
	// Poll collects what has happened. A timeout of 0 or less does not
	// block, BriefWait hardly does, Forever has no limit. It returns early, possibly
	// with nothing, when Wake is called; a Wake since the last Poll counts. The
	// result is valid until the next Poll. An error means that the engine
	// itself is broken, never that one descriptor is.
	Poll(timeout time.Duration) ([]Event, error)

	// Wake ends a blocked Poll at once, or the next one if none is
	// blocked. Any goroutine may call it, at any time; after Close it does
	// nothing.
	Wake()

	// Watch tells to whenever the descriptor is ready in one of the ways of
	// mask, again and again for as long as it is. to gets the ready part of
	// mask as Ev. It replaces the descriptor's watch; a mask of 0 removes
	// it, and is no error if there is none.
	//
	// What Poll found for the watch as it was is not delivered to the
	// watch as it has become: a direction that the call adds, or
	// any direction if it changes to, starts with the next Poll. A
	// direction that stays with the same to keeps its event.
	//
	// A descriptor closed by its user while it is watched is not an error
	// here: removing its watch succeeds.
	Watch(fd uintptr, mask Mask, to Completer) error

	// Stream takes over a connected stream socket. Nothing is received
	// before StartReading. A watch on fd ends.
	Stream(fd uintptr, h StreamHandler) (Stream, error)

	// Pipe takes over one direction, Read or Write, of a pipe, or both, a terminal or a socket; see
	// pipe.go. Nothing is received before StartReading. A watch on fd ends. What is no such
	// thing is a [*KindError], what the mechanism cannot wait for the system's error.
	Pipe(fd uintptr, dir Mask, h StreamHandler) (Stream, error)

	// Listener takes over a listening socket. Nothing is accepted before
	// StartAccepting. A watch on fd ends.
	Listener(fd uintptr, h ListenHandler) (Listener, error)

	// Datagram takes over a socket that keeps messages apart, connected or not. Nothing
	// is received before StartReading. A watch on fd ends.
	Datagram(fd uintptr, h DatagramHandler, o DatagramOptions) (Datagram, error)

	// Connect connects the socket and calls done once, with nil or the
	// reason; done may be called before Connect returns. cancel withdraws
	// the attempt: done is not called any more, and fd may be closed. It is
	// harmless when all is over. With an error that Connect itself returns,
	// cancel is nil and done is never called. A reason for which sock.WouldBlock holds
	// says that a unix socket's listener has no room for one more, which no system tells
	// the end of: it may be tried again, with the same socket, after a while.
	Connect(fd uintptr, addr sock.Addr, done func(error)) (cancel func(), err error)

	// Flush hands the system what is queued, for a loop that will not Poll
	// for a while: its run is over.
	Flush() error

	// Sockets makes and asks the sockets that this engine can use.
	Sockets() Sockets

	// Close releases what the engine holds of its own. Streams and
	// listeners that are still open are closed, without a word to their
	// handlers. A second Close does nothing.
	Close() error

	// Name says what is underneath, for reports: "epoll", "select",
	// "io_uring" ...
	Name() string
}

// Occupied is what an engine can be asked beside the contract.
type Occupied interface {
	// Occupied reports whether the engine has anything that the system may tell of.
	Occupied() bool
}

// Stream is a connection. Its handler hears of it until Close.
type Stream interface {
	// StartReading begins to receive, or goes on. It is harmless while
	// receiving. After ReadEOF or ReadFailed it begins anew.
	StartReading() error

	// StopReading holds back what is received from the handler. It is
	// harmless while stopped.
	StopReading()

	// UseReadBuffer says whether data go where the handler's ReadBuffer says,
	// or into the engine's own memory, as at first. It takes effect with the
	// next data.
	UseReadBuffer(on bool)

	// Write sends what can be sent at once, or takes a copy that it sends
	// without delay; see Pending. n < len(p) without an error means that
	// the rest would have to wait; n may be 0. held is what Held would say now.
	// It must not be called between Send and its Sent.
	Write(p []byte) (n, held int, err error)

	// Pending says whether Write has taken data of which the engine does not
	// know yet that the system has them. If the system does not take them,
	// the handler hears of it by Unsent. Whoever has to know that
	// they went, before CloseWrite or an orderly Close, calls Send, whose
	// Outgoing may then give nothing: Sent(0, nil) says so.
	Pending() bool

	// Held is how many bytes Write has taken of which that is not known.
	Held() int

	// WriteVec is Write for several pieces, in one operation, but for held.
	WriteVec(bufs [][]byte) (n int, err error)

	// Send asks the engine to send, as soon as it can, what the handler's
	// Outgoing then gives it. One at a time: Sent ends it. Sent is never
	// called before Send returns. With an error nothing is being sent.
	Send() error

	// StopSending withdraws a Send: the handler is neither asked nor told any
	// more. How much of it went is not known; what follows can only be
	// Close. It is harmless when nothing is being sent.
	StopSending()

	// CloseWrite ends the sending side: the peer reads its end. It must not
	// be called between Send and its Sent.
	CloseWrite() error

	// Close withdraws what is under way and closes the descriptor. The
	// handler is not called any more.
	Close() error

	// FD is the descriptor, for information. It stays what it was after
	// Close.
	FD() uintptr

	FileSender
}

// Direct is what a Stream may have beside the contract: it need not have received before
// it knows where to.
type Direct interface {
	// UseMemory is UseReadBuffer for a handler that may have nothing to lend: with nil
	// from ReadBuffer the engine uses its own memory.
	UseMemory(on bool)
}

// Keeper is what a Stream may have beside the contract: what has come need not be copied by
// who keeps it.
type Keeper interface {
	// Keep has p, which is all that a Received that has not returned is telling of, stay as it is until the Kept is
	// released, by any goroutine. The Kept is not Held if it is to be copied, as what is the handler's own memory, or small.
	Keep(p []byte) buffers.Kept
}

// StreamHandler is told what happens on a Stream.
type StreamHandler interface {
	// ReadBuffer is asked for memory right before data are put there, if
	// UseReadBuffer is on. With ok false nothing is put anywhere now: the handler has
	// nothing to lend, and has called StopReading or Close, or was asked in vain. With
	// Direct's UseMemory it may lend nil.
	ReadBuffer() (p []byte, ok bool)

	// Received brings what has come, at least one byte, to be used before it
	// returns.
	Received(p []byte)

	// ReadEOF says that the peer sends no more. Receiving has stopped.
	ReadEOF()

	// ReadFailed says that receiving failed and has stopped.
	ReadFailed(err error)

	// Outgoing appends to vec what there is to send, in pieces of at least
	// one byte, and returns the result. The engine asks during Send or right
	// before it sends; it may take a part only.
	Outgoing(vec [][]byte) [][]byte

	// Unsent gives back the end of what Write has taken, or says that it
	// failed: nothing of the stream's that came later has been sent. A Send
	// that was asked for meanwhile is over without a Sent. rest is the
	// handler's to keep.
	Unsent(rest []byte, err error)

	// Sent ends a Send: n bytes from the start of what Outgoing gave are on
	// their way. If there is more to send the handler calls Send again, here
	// or later.
	Sent(n int, err error)
}

// Listener is a listening socket.
type Listener interface {
	// StartAccepting begins to accept, or goes on. One more than backlog is how
	// many connections are accepted in one pass at most.
	StartAccepting(backlog int) error

	// StopAccepting holds connections back, in the system's queue where
	// possible.
	StopAccepting()

	// Close stops and closes the descriptor. Connections that the engine has
	// accepted and not yet told of are closed.
	Close() error

	// FD is the descriptor, for information. It stays what it was after
	// Close.
	FD() uintptr
}

// ListenHandler is told what happens on a Listener.
type ListenHandler interface {
	// Accepted hands over a connected, non-blocking descriptor: the
	// handler's from now on. peer is what the system said when it accepted, also
	// if the peer has gone since; on a system that says nothing it is the zero Addr.
	Accepted(fd uintptr, peer sock.Addr)

	// AcceptFailed says that accepting failed and has stopped, until
	// StartAccepting. Connections that were reset while they waited are no
	// failure and not told of.
	AcceptFailed(err error)
}
