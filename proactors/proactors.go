// Package proactors is for completion: mechanisms of the system that are given
// an operation and tell when it is done, where those of package selectors tell
// when one may be tried. They are io_uring on Linux and IOCP on Windows; [Available]
// finds out which of them work on the very machine.
//
// Programs need not know this package: asyncio.NewProactorEventLoop(nil) makes a loop over the
// system's proactor. It is for those who choose one, and for those who write one.
//
// This comment is the contract: what a user of a [Proactor] may rely on, and all
// that an implementation must keep. Package proactortest checks one against it.
//
// # The life of an operation
//
//	idle ──Submit──> in flight ──last Completion (More not set)──> idle
//	                  │     ▲
//	                  └─────┘ Completions with More (Repeat only)
//
// An [Operation] belongs to its user, who embeds it in the object that the
// operation is for and uses it again and again: nothing is allocated per
// operation in steady state. A [Request] says what is to be done, and is copied.
// While the operation is in flight its Tag is the proactor's and not 0;
// the Operation must not be copied, changed or submitted again.
//
// Submit only queues. The system learns of it in the next Wait or Flush (or
// earlier), of everything that was queued by one call where the system has such
// a call. An error of Submit means that nothing was queued and no completion will
// come; what the system has to say about the operation itself comes as a
// completion.
//
// Every operation that was submitted ends with exactly one completion without
// [More], in a later Wait, cancelled or not, unless the proactor is closed first.
// Completions of one operation come in order; those of different operations in
// the order in which the system tells them. An operation that can go on at once is
// done at once if the system can; nothing else orders two operations, not even on
// one descriptor: a user who wants two sends in order submits the second when the
// first is done.
//
// # Repeat
//
// With Request.Repeat a Receive may complete any number of times before the last, each
// but the last with More; a ReceiveFrom may always. It is permission, not duty: a
// proactor that has no such operation completes once without More, and the user
// submits again. The last completion of a repeated operation may be a success.
//
// # Cancel
//
// Cancel asks for an early end. The last completion still comes, with
// [ErrCancelled]'s number (see [Completion.Err]) or, if the operation was quicker,
// with its success: then an accepted descriptor is the user's, who closes it if
// it has no use for it, and received memory must be released. A cancelled receive or
// accept has taken nothing; of a cancelled Send nobody knows how much went, and of a
// cancelled SendTo whether it did. After Cancel
// has returned the user may close the descriptor at once, even if the system never
// heard of the operation: the proactor sees to it that the operation does not
// act on another descriptor that gets the same number. (A descriptor must not be
// closed while an operation on it is in flight that has not been cancelled.) To
// have the peer see the end of the connection the user waits for nothing; the next
// Wait or Flush is enough. (The system may take a moment: an operation that another
// thread has begun keeps what is behind the descriptor until that thread looks.)
//
// # Memory
//
// The system reads and writes the memory of an operation from Submit to its last
// completion, also after Cancel. The proactor itself keeps everything reachable
// that the system may touch: the Operation, what Request.Bufs and Request.Addr
// point to. The owner of the memory leaves it where it is (the heap: not a stack,
// which moves) and unchanged meanwhile. Submit alone reads the slice of slices
// Request.Bufs, which may be scratch memory.
//
// A Receive without Bufs, and a ReceiveFrom, is into memory of the proactor's, which need
// not be bound to the operation while nothing comes. A completion that lends it says so by
// [Lent]: that is one of a Receive that has N > 0, and every one of a ReceiveFrom that is no
// error. [Proactor.Memory] is what was received, and [Proactor.Envelope] who sent a
// datagram, until [Proactor.Release], which must be called exactly once. Memory that runs
// out is not an error: receives wait until some is released, and nothing is lost that the
// system has kept. (Of datagrams it keeps as many as the socket's buffer holds.)
// Users therefore release before the next Wait, and copy what they keep longer, or have it
// kept by a [Keeper].
//
// # Descriptors
//
// They are the user's, sockets as package sock makes them: non-blocking on Unix,
// overlapped on Windows. Each must be given to Attach once before the first
// operation on it (again is harmless). There is no way back; closing is enough.
//
// # Pipes
//
// Pipes can be waited for by Poll alone where the system polls them as it does sockets,
// which is on Unix. On Windows it polls none; there a proactor takes overlapped pipes
// (sock.OpenPipe makes them), for Receive, for Send, which may take no more than the first
// piece and is never a Post, for a Poll of Readable, which is done when there is
// something to receive or the other end is closed, and for an Accept on an instance of a
// pipe with a name, which becomes the connection itself when somebody has opened its other
// end. The end of a stream is that other end's Close.
//
// # Who calls what, and from where
//
// One goroutine makes all calls, one at a time; Wake alone may be called from any
// goroutine, also during and after Close. If [Proactor.Pinned] is true that
// goroutine must be locked to its thread from its first Wait or Flush on; other calls may
// come earlier and from elsewhere, any number of them.
//
// Wait returns a slice that is good until the next Wait. Completions themselves
// are values and may be kept longer.
//
// # Errors
//
// The system's own errors, syscall.Errno, for errors.Is. "Would block",
// "interrupted" and "in progress" are never reported. What an implementation does
// not have (a Kind it does not know) is errors.ErrUnsupported from Submit. After
// Close everything answers [ErrClosed], except Wake, Release and Close, which do
// nothing.
package proactors

import (
	"errors"
	"syscall"
	"time"

	"github.com/go-asyncio/asyncio/internal/buffers"
)

// ErrClosed is what a proactor answers after its Close.
var ErrClosed = errors.New("proactors: the proactor is closed")

// Kind says what an operation does.
type Kind uint8

// The kinds of operations.
const (
	// Accept takes one connection from a listening socket. N says no more than
	// that it is no error; Proactor.Accepted is the descriptor: non-blocking
	// (overlapped) and not inherited by child processes. The system knows its
	// addresses as long as the connection stands; the peer's is put into Request.Addr
	// for good. Connections that were reset while they waited are an
	// error ECONNABORTED (or its like) or nothing at all.
	Accept Kind = 1 + iota

	// Receive receives from a connected socket: into Bufs (one piece is enough
	// for an implementation; more may be left empty), or without Bufs into the
	// proactor's own memory. N is how many bytes; 0 is the end of the
	// stream. Repeat needs the proactor's own memory.
	Receive

	// Send sends Bufs in order, together at least one byte, 64 pieces at most. N is
	// how many bytes are on their way, which may be fewer. It never raises a
	// signal.
	Send

	// Connect connects a socket to Addr.
	Connect

	// Poll waits until the descriptor is ready in one of the ways of Mask; N is
	// the ready part of Mask. A descriptor that has failed or ended is ready
	// both ways. It is level-triggered: what is ready already completes at
	// once. It never repeats. It works for all descriptors that the system can
	// poll, not for sockets alone.
	Poll

	// ReceiveFrom receives datagrams, of a socket that keeps messages apart, into the
	// proactor's own memory. N is how many bytes one has, possibly none. Of one longer
	// than DatagramSize the beginning is received, and the rest lost: Short says so. An
	// error, often one of a datagram sent earlier, ends the operation, and may be told
	// once for several.
	ReceiveFrom

	// SendTo sends its only piece of Bufs, which may be empty, as one datagram to Addr, or
	// without Addr to the peer that the socket is connected to. N is its length.
	SendTo
)

// DatagramSize is how long a datagram may be that ReceiveFrom receives whole. No datagram
// of UDP is longer.
const DatagramSize = 64 << 10

// Mask says which way a descriptor is to be ready.
type Mask uint8

// The two directions of readiness.
const (
	Readable Mask = 1 << iota
	Writable
)

// AddrSize is how many bytes of room the address of any peer needs.
const AddrSize = 128

// Request says what an operation is to do.
//
// With Addr, of AddrSize bytes, an Accept has put the peer's address there, as the
// system's struct sockaddr with zeros behind it, when it completes with success. It is
// known even if the peer has gone since.
//
// With Post a Send, of one piece, or a SendTo never waits: what does not go at once does not
// go.
// If all of it goes there is no completion, and Wait does not return because of it. Otherwise the
// Wait that hands it over, or the first after the Flush that does, returns a
// completion: with Short, where N is how much went, possibly 0, or with the system's
// error. So it is over when the next Wait has returned; until then there must be no
// other Send on its descriptor (there may be any number of posted SendTo, each with an
// operation of its own, which go in order but for those that do not go), and until the next
// Wait or Flush the descriptor must not
// be closed. It cannot be cancelled, and its operation need not be in flight meanwhile. A
// proactor that has no such operation refuses it with errors.ErrUnsupported.
type Request struct {
	Kind   Kind
	Repeat bool     // Receive: go on until cancelled, if the system can
	Post   bool     // Send, SendTo: see above
	Mask   Mask     // Poll
	FD     uintptr  // on what
	Bufs   [][]byte // Send, SendTo, Receive
	Addr   []byte   // Connect, SendTo: the address as the system's struct sockaddr; Accept: see above
}

// Poster is what a Proactor may be besides, for a user who posts much.
type Poster interface {
	// PostAll is Submit of posts[from:], each a Send with Post of a part of mem, in their
	// order. It returns how many it has taken, and why no more. The posts and mem stay as
	// they are until the next Wait has returned; meanwhile others may be appended, and
	// given with all that were before.
	PostAll(mem []byte, posts []Post, from int) (int, error)
}

// Keeper is what a Proactor may be besides, of whose memory parts can be kept.
type Keeper interface {
	// Keep has what a completion with Lent has received stay as it is, and nobody else's,
	// until the Kept is released, by any goroutine; it may outlast the proactor. Release
	// of the completion follows as ever. Of what is better copied, for it is
	// small beside the memory that would have to stay, the Kept is not Held, and nothing is kept.
	Keep(c Completion) Kept
}

// Kept is what Keep has kept. Held() bool reports whether that is anything; Release() lets the
// memory be used again, and a second one does nothing. It must not be copied once it is used. It
// is an alias, so that who has another name for the same gives it on as it is.
type Kept = buffers.Kept

// Post is one Send of PostAll.
type Post struct {
	Op         *Operation // is not in flight
	FD         int32
	Begin, End int32 // what of the memory; with both the same it is no post at all
}

// Completer is told of completions, by whoever called Wait. It is for the user of
// the proactor only; the proactor calls nothing. It is an alias, so that one who has another
// name for the same gives it on as it is.
type Completer = interface {
	// Complete acts on a completion; ev is its Ev.
	Complete(ev uint64)
}

// Operation is one operation, and identifies it.
type Operation struct {
	// To is the user's: whom the completion concerns. It is set before Submit.
	To Completer

	// Tag is the proactor's while the operation is in flight, and 0 otherwise.
	// A user may look whether it is 0, and must leave it alone.
	Tag uint64
}

// InFlight reports whether the operation's last completion is still to be
// returned by Wait.
func (op *Operation) InFlight() bool { return op.Tag != 0 }

// Flags say more about a completion. The bits above those named here are the
// proactor's own.
type Flags uint32

const (
	// More: the operation goes on and will complete again.
	More Flags = 1 << iota

	// Lent: the completion lends memory of the proactor's.
	Lent

	// Short: a posted send has not sent everything, or of a datagram not everything was
	// received.
	Short

	// OwnFlags is the first bit that is the proactor's own.
	OwnFlags
)

// Completion is one result of an operation.
type Completion struct {
	Op    *Operation
	N     int32 // the result; below 0: the error, as -Errno
	Flags Flags
}

// Ev is the result in one word, for a Completer.
func (c Completion) Ev() uint64 { return uint64(uint32(c.N)) | uint64(c.Flags)<<32 }

// FromEv is the reverse of Ev. The Op is not known.
func FromEv(ev uint64) Completion {
	return Completion{N: int32(uint32(ev)), Flags: Flags(ev >> 32)}
}

// Err is the system's error, nil for a success. It allocates nothing for the
// error numbers of Unix.
func (c Completion) Err() error {
	if c.N >= 0 {
		return nil
	}
	return syscall.Errno(-c.N)
}

// Cancelled reports whether the operation was ended by Cancel.
func (c Completion) Cancelled() bool { return c.N < 0 && syscall.Errno(-c.N) == ErrCancelled }

// BriefWait is a timeout of Wait's that is no length of time. It is for a loop that has
// nothing to do: as 0, but where it pays the proactor may wait some tens of microseconds
// for more to be done, and may not be woken meanwhile. A proactor that has no use for it
// takes it for 0. (The option SO_LINGER of sockets is something else.)
const BriefWait time.Duration = 1

// Proactor is a completion mechanism. The package's comment says what its methods
// keep.
type Proactor interface {
	// Attach makes the descriptor fit for operations. It does not take it over.
	Attach(fd uintptr) error

	// Submit queues an operation, which must be idle.
	Submit(op *Operation, r *Request) error

	// Cancel asks for the early end of an operation. It does nothing if the
	// operation is not in flight.
	Cancel(op *Operation)

	// Wait hands the system what is queued and returns what is done. With
	// nothing done it waits: not at all for a timeout of 0 or less, hardly
	// for BriefWait, without limit for selectors.Forever. It returns early, possibly
	// with nothing, when Wake is called; a Wake since the last Wait counts. An error means that the proactor itself is broken.
	Wait(timeout time.Duration) ([]Completion, error)

	// Flush hands the system what is queued and waits for nothing: for a user
	// who will not call Wait for a while.
	Flush() error

	// Wake ends a Wait that waits, or makes the next one return. Any goroutine
	// may call it, at any time; after Close it does nothing.
	Wake()

	// Accepted is the descriptor of an Accept that succeeded.
	Accepted(c Completion) uintptr

	// Memory is what a completion with Lent has received.
	Memory(c Completion) []byte

	// Envelope is who sent what a ReceiveFrom has received: from is the address as the
	// system's struct sockaddr, perhaps with zeros behind it, and empty if the sender has
	// none. size is how long the datagram was, 0 if it was longer than what was received
	// and the system does not say how long.
	Envelope(c Completion) (from []byte, size int)

	// Release gives back the memory that a completion with Lent lends.
	Release(c Completion)

	// Pinned reports whether all operations must come from one thread.
	Pinned() bool

	// Descriptors are those that the proactor has for itself.
	Descriptors() []uintptr

	// Name is that of the mechanism: "io_uring", "IOCP".
	Name() string

	// String is the name and what of the mechanism is in use, for reports.
	String() string

	// Close ends all operations, waits until the system no longer touches their
	// memory, closes descriptors that were accepted and not told of, and
	// releases what the proactor has of the system. The user's
	// descriptors stay open. A second Close does nothing.
	Close() error
}
