// Package listen is bind and accept: sockets bound to the addresses of a server
// (Binder), the life of each that listens (Acceptor), and of each connection from its
// being accepted until somebody has it (Conn). It knows of no loop, future or task;
// whoever has those stands outside ([Outside]).
//
// # An acceptor
//
//	made ──Start──> accepting <──Again── resting
//	  │                 │   └──a failure──>  │
//	  └─────────────────┴──── Close ─────────┴──> closed
//
// A failure to accept is told, and accepting rests for a while: most systems go on to
// report the socket, and the loop would spin.
//
// # A connection
//
//	accepted ──> waiting ──SetUp──> its transport's
//	              ^  │ └────Drop────> closed, and nobody has heard of it
//	              │  └──SetUp──> arriving ──Arrive──> waiting, on another loop
//	              └──────────────── (that loop is closed) ─┘
//
// Each is set up in a step of the loop's of its own, so that one that fails leaves the
// others alone. It is served even if the acceptor is closed before its step, unless it
// is dropped.
//
// One that is assigned to a server of another loop arrives there, counted by that server from
// the moment at which it is handed over, and is that loop's alone from then on: it is set up
// there, or dropped when the loop or the server's clients are closed. If the loop is closed
// already, it stays where it was.
//
// All of it belongs to the loop's goroutine, but for what is said to be any goroutine's.
package listen

import "time"

// RetryDelay is how long accepting rests after a failure.
// (constants.ACCEPT_RETRY_DELAY)
const RetryDelay = time.Second

// Outside is the server of one or more acceptors, as its users and its loop see it.
type Outside interface {
	// Accepted says that a connection waits, and is the server's from now on. It has
	// SetUp called in the loop's next pass, in the order of the calls.
	Accepted(c *Conn)
	// SetUp gives the connection to a transport, whose descriptor it is then, unless there
	// is an error or it was dropped meanwhile, and returns the protocol, if there is one.
	// It may leave by Goexit.
	SetUp(c *Conn) (protocol any, err error)
	// Assign returns whose a connection is to be that was accepted; nil is its own. It may
	// leave by Goexit.
	Assign() (*Receiver, error)
	// Reserve counts a connection that another loop has accepted as the server's, unless that
	// is closed. Any goroutine may call it.
	Reserve() bool
	// Arrives has c's Arrive called on the server's loop, which is woken. It reports false if
	// that is closed. Any goroutine may call it.
	Arrives(c *Conn) bool
	// Dropped says that a connection is no more the server's: it is closed, or another's. Any
	// goroutine may call it.
	Dropped(c *Conn)
	// NotSetUp tells that a connection could not be set up, and is dropped: err is nil if
	// that has left by Goexit, closed what the system said of closing it. It may leave by
	// Goexit.
	NotSetUp(c *Conn, protocol any, err, closed error)
	// AcceptFailed tells that accepting has failed. It may leave by Goexit.
	AcceptFailed(a *Acceptor, err error)
	// After has Again called when d has passed.
	After(d time.Duration, a *Acceptor) Timer
}

// Timer is what has not happened yet.
type Timer interface {
	// Cancel reports whether it will not happen now.
	Cancel() bool
}
