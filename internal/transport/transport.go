// Package transport is what becomes of a descriptor once it is connected or bound: the life
// of a byte stream or of a datagram socket over an engine, with its flow control. It knows
// of no loop, future or task, and of addresses only that a datagram has one; whoever has
// those stands outside ([Outside]) and puts the words to the states that come from here.
//
// # Life
//
//	made ──> reading <──> paused          Close    ──> closing, until all is sent
//	  │         │                         Abort    ──> lost
//	  └─────────┴──> closing ──> lost     an error ──> lost
//
// A life (life.go) has three marks, and each is passed once:
//
//	made      ConnectionMade was called, in a step of the loop's of its own
//	closing   nothing more is received; what was written still goes
//	lost      the step that calls ConnectionLost is scheduled; nothing more goes
//
// Until that step has run the descriptor stays open, so that its number means nothing
// else while the protocol still uses it. After it, the transport is released: the
// descriptor is closed, the protocol forgotten.
//
// A protocol's call that does not return, by a panic or a Goexit, ends the life. First
// everything is put in order, and then somebody is told, for whoever is told may not
// return either. A deferred function sees to it, but for the calls that every message makes:
// there a Stream notes that it has called, and the loop, which has a deferred function for
// all, asks for that (engine.Unguarded).
//
// # Writing
//
// With nothing queued a write goes straight to the engine. What the system does not
// take is copied to the queue, and one Send is under way for as long as there is a
// queue. An idle connection has no queue. A file is a Transfer (sendfile.go), which has
// the stream for itself while it is under way.
//
// # Flow control
//
// Flow control (flow.go) is two marks for how much is not sent yet, and what the
// protocol was told last. It counts bytes and knows nothing of their order.
//
// # Who stands on it
//
// life asks what it needs to know of the kind of transport by the interface body, and
// takes it as a parameter, so that it costs a connection nothing. There are two kinds, Stream
// (stream.go, write.go) and Datagram (datagram.go), whose queue has messages with their
// addresses, and which goes on after an error that concerns one of its peers, or after
// a protocol that does not return from a message. A pipe is a Stream, too, of which one
// half is used:
//
//   - The side that is read (pipe_read.go) never sends: it has no queue, and flow control
//     is told nothing. The end of what it reads is its end, whatever the protocol
//     answers.
//   - The side that is written (pipe_write.go) never receives: what it starts instead of
//     reading is the watch for the end of its reader, which the engine tells as an end of
//     stream. To end writing is to close.
//   - A pipe of both directions, such as Windows has, is a connection whose writing cannot
//     be ended by itself.
//
// All of it belongs to the loop's goroutine.
package transport

import (
	"fmt"

	"github.com/go-asyncio/asyncio/internal/buffers"
)

// BaseProtocol is the part of every protocol that life and flow control call.
type BaseProtocol interface {
	// PauseWriting says that what is not sent yet has risen above the high mark.
	PauseWriting()
	// ResumeWriting says that it has fallen to the low mark.
	ResumeWriting()
	// ConnectionLost says that it is over: nil after Close, Abort or an end of stream.
	ConnectionLost(err error)
}

// Protocol is who gets what a Stream receives. Its ConnectionMade names the transport
// that users have, and so is called by Outside.
type Protocol interface {
	BaseProtocol
	// DataReceived lends what has come for the length of the call.
	DataReceived(data []byte)
	// EOFReceived says that the peer sends no more, and answers whether the stream
	// stays open for writing.
	EOFReceived() bool
}

// Buffered is a Protocol that lends the memory to receive into. A Stream that finds
// these methods does not call DataReceived.
type Buffered interface {
	Protocol
	// GetBuffer returns memory for what comes next, at least one byte.
	GetBuffer(sizeHint int) []byte
	// BufferUpdated says that n bytes have been put at the start of it.
	BufferUpdated(n int)
}

// Lending is a Protocol that may lend the memory to receive into, or not: then DataReceived
// brings what comes.
type Lending interface {
	Protocol
	// LendBuffer returns memory for what comes next, nil for none.
	LendBuffer() []byte
	// BufferFilled says that n bytes have been put at the start of it.
	BufferFilled(n int)
}

// Outside is the transport as its users and its loop see it. Nothing of it is called
// for a message that is received or sent.
type Outside interface {
	// Made calls the protocol's ConnectionMade.
	Made()
	// Later has Run called, with this step and reason, in the next pass of the loop, in
	// the order of the calls.
	Later(step Step, reason error)
	// Exited says what to make of a call of the protocol's that has not returned:
	// panicked is what it panicked with, nil if it left by Goexit. The stack of the
	// panic still stands. It tells nobody and returns.
	Exited(panicked any) Exit
	// Failed tells that the transport of a protocol has failed, or a call of the
	// protocol's. It may leave by Goexit.
	Failed(message string, err error, of BaseProtocol)
	// Note tells those who debug what has happened. It may leave by Goexit.
	Note(what string)
	// Queue gives an empty queue, for what could not be sent at once. Its Release gives it
	// back.
	Queue() *buffers.Queue
	// Released says that the transport has let go of everything; err is what the system
	// said of closing the descriptor. It is the last call, and may leave by Goexit.
	Released(err error)
	// String describes the transport.
	fmt.Stringer
}

// Exit is what a call of the protocol's ended with that has not returned.
type Exit struct {
	Reason error // of the end: a panic, or a Goexit, as an error
	Stops  bool  // it stops the loop's run, and is no failure of the protocol's
	Told   bool  // it is a Goexit that somebody was told of already, further down
}

// Step is a part of a life that is a step of the loop's of its own.
type Step uint64

// The steps.
const (
	StepMade Step = iota // call ConnectionMade
	StepRead             // begin to receive
	StepLost             // call ConnectionLost
	StepEOF              // call EOFReceived, of a pipe
	StepGoOn             // after a file: go on to receive and to be written to
)
