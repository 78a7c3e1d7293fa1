// Package tlsconn is TLS upon a transport of bytes: crypto/tls over a connection in memory,
// with the bytes of the transport below put in, and its own handed down. It knows of no
// loop, future or task; whoever has those stands outside ([Outside]).
//
// # Life
//
//	Handshake ──> agreed ──> open ──> Close ──> closing ──> lost
//	    │                     │                    │
//	    └─────────────────────┴────── failed ──────┘
//
//	handshaking   Handshake runs in a coroutine of the outside's, which Wait suspends while
//	              nothing has come. Nothing is delivered.
//	agreed        the handshake is done; the outside has not called Open yet. Nothing is
//	              delivered, nor written.
//	open          what comes is decrypted as it comes, and delivered; there is no coroutine
//	closing       close_notify was sent; what comes is looked at for the peer's and dropped
//	failed        the layer can go on no more; what was to be sent still goes
//	lost          the transport below is over
//
// An open layer costs no coroutine and no goroutine because crypto/tls stays readable after
// an error that is a net.Error and calls itself temporary: that is what it gets when there
// is nothing to read.
//
// # Reading
//
// crypto/tls is given one record at a time (record.go), or what has come of it. So nothing
// is left in it behind what it has returned, and a message that is one record costs one
// Read.
//
//	below ──Feed──> in ──wire.Read──> crypto/tls ──> memory of the outside's ──> DataReceived
//
// What is fed is lent. It is copied only if it is not wanted yet: in the handshake, or while
// reading is paused. Of that there is a high mark, at which the transport below is paused,
// too, and a low one.
//
// # Writing
//
// What is written is encrypted at once and handed down, small records of one write together;
// the queue, its marks and PauseWriting are those of the transport below.
//
// # The end
//
// Each side says close_notify. Close says it, and has the transport below closed when the
// peer's has come; the outside has a timer for a peer that never says it. A peer that closes
// what is below without it is told apart, if that is asked for. TLS 1.3 can end one
// direction alone.
//
// All of it belongs to the loop's goroutine.
package tlsconn

import (
	"errors"
	"io"
	"net"
)

// Below is the transport below. What it feeds, and that it is lost, it says in steps of its
// own, never out of a call of these.
type Below interface {
	// Write sends p, or queues it: it never waits, and takes all unless there is an error.
	Write(p []byte) (int, error)
	// Close ends it once all is sent.
	Close()
	// PauseReading keeps bytes from Feed until ResumeReading.
	PauseReading()
	ResumeReading()
	// The addresses are what callbacks of a TLS configuration are told.
	LocalAddr() net.Addr
	RemoteAddr() net.Addr
}

// Protocol is who gets what is decrypted.
type Protocol interface {
	DataReceived(data []byte)
	EOFReceived() bool
}

// Buffered is a Protocol that lends the memory to decrypt into.
type Buffered interface {
	GetBuffer(sizeHint int) []byte
	BufferUpdated(n int)
}

// Outside is the layer as its users and its loop see it.
type Outside interface {
	// Wait suspends the coroutine of the handshake until Wake, or says why it must end.
	Wait() error
	Wake()
	// Take lends memory to decrypt into, until Give.
	Take() []byte
	Give(buf []byte)
	// PauseWriting and ResumeWriting tell the protocol. They return.
	PauseWriting()
	ResumeWriting()
	// Later has Step called in a step of the loop's of its own.
	Later()
	// Closing says that the end has begun and depends upon the peer: whoever stands
	// outside aborts it when that takes too long.
	Closing()
	// Failed says that the layer can go on no more. What was to be sent still goes, and
	// what is below is closed then.
	Failed(err error)
	// NoHalfClose says that the protocol wants to write on after the peer's end, which
	// this version of TLS does not have.
	NoHalfClose()
}

// Why something is refused, or has ended.
var (
	// ErrClosed: written after the end has begun, or ended by this side in the handshake.
	ErrClosed = errors.New("TLS connection is closed")
	// ErrAfterEOF: written after CloseWrite.
	ErrAfterEOF = errors.New("write after the end of writing")
	// ErrNoHalfClose: TLS before 1.3 ends both directions or none.
	ErrNoHalfClose = errors.New("TLS before 1.3 cannot end writing alone")
	// ErrCut: the transport below has ended in the middle of a record, or without the
	// close_notify that was asked for.
	ErrCut = io.ErrUnexpectedEOF
	// ErrEmptyBuffer: a protocol lends nothing.
	ErrEmptyBuffer = errors.New("GetBuffer() returned an empty buffer")
	// ErrEndedInHandshake: the transport below has ended before the handshake was done.
	ErrEndedInHandshake = errors.New("the peer closed the connection in the TLS handshake")
)

// The marks of what is kept while reading is paused, those of asyncio.
const (
	HighWater = 256 << 10
	LowWater  = 64 << 10
)

// BufferSize is how large the memory is that Take lends: two of the largest records.
const BufferSize = 32 << 10
