package engine

import "github.com/go-asyncio/asyncio/internal/sock"

// Datagram is a socket that keeps messages apart and may have many peers. Its handler
// hears of it until Close.
//
// Receiving is in batches: what one call of the system brings is told datagram by
// datagram, and the engine bounds how many of one socket it takes in a pass, so that a
// flood of one peer's leaves time for others. A handler that stops receiving in the middle
// of a batch hears nothing of the rest of it until it starts again; what was received is
// kept, and told first. (Failed and Unsent are not of receiving, and told all the same.)
//
// A datagram that was sent to nobody does not harm the next one: if the system tells of
// the one when it is given the other, that is sent again, and the error told by Failed.
type Datagram interface {
	// StartReading begins to receive, or goes on. It is harmless while receiving.
	StartReading() error

	// StopReading holds back what is received from the handler. It is harmless while
	// stopped.
	StopReading()

	// Send takes one datagram, of any length that the system has no objection to, 0
	// included, and keeps nothing of p. to is the zero Addr on a connected socket. It is
	// sent before Send returns, or with others that this pass sends, at the latest by the next
	// Poll or Flush; in the order of the calls, but for what comes back by Unsent, which
	// others of the same pass may overtake. taken false without an error means that
	// it would have to wait: the handler keeps it, and calls AwaitWritable. An error is
	// what the system said of this very datagram, which is gone then; the socket goes
	// on. What the system says later of one that was taken is told by Failed.
	Send(p []byte, to sock.Addr) (taken bool, err error)

	// AwaitWritable has the handler told by Writable, once, when it is worth while to
	// Send again. (Of a unix socket that is not connected the system does not know whose
	// queue is full: it is always worth while, as far as it says.)
	AwaitWritable() error

	// Close withdraws what is under way and closes the descriptor. What Send has taken
	// goes first, as far as the system takes it at once. The handler is not called any
	// more.
	Close() error

	// FD is the descriptor, for information. It stays what it was after Close.
	FD() uintptr
}

// DatagramHandler is told what happens on a Datagram. It is called out of Complete,
// never inside a call of the Datagram's.
type DatagramHandler interface {
	// Received brings one datagram, which may be empty, to be used before it returns.
	// from is who sent it, the zero Addr if that has no address (a unix socket without a
	// name, which has one without a path on some systems).
	Received(p []byte, from sock.Addr)

	// Truncated says that a datagram was longer than MaxSize; it is lost. size is its
	// length if the system says it, else 0.
	Truncated(size int, from sock.Addr)

	// Unsent gives back, for the length of the call, a datagram that Send has taken and
	// for which the system then had no room. They come in the order in which they were
	// taken and go before whatever was refused meanwhile; the engine refuses all others
	// until they are given back.
	Unsent(p []byte, to sock.Addr)

	// Writable answers AwaitWritable.
	Writable()

	// Failed says what the system has reported of something sent earlier, of a peer at
	// to if that is known (nobody listens there), or of a receive. Sending and
	// receiving go on.
	Failed(err error, to sock.Addr)

	// Broken says that the socket can be used no longer. Receiving has stopped.
	Broken(err error)
}

// DatagramOptions are what a Datagram is made with beside its descriptor.
type DatagramOptions struct {
	// MaxSize is how long a datagram may be that is received, in bytes.
	MaxSize int

	// Coalesced says that the socket has UDP_GRO on: what the system hands over in one
	// piece is taken apart, and told datagram by datagram.
	Coalesced bool

	// ErrorQueue says that the socket has IP_RECVERR or IPV6_RECVERR on: what the system
	// queues about earlier datagrams is read, as part of receiving, and told by Failed with
	// the peer's address.
	ErrorQueue bool
}
