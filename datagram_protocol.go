package asyncio

import "net"

// DatagramProtocol is what an endpoint of datagrams is handled by: the transport calls it,
// on the loop's goroutine, one call at a time. ConnectionMade comes first and once,
// ConnectionLost last and once; in between come DatagramReceived and ErrorReceived, in any
// order. If the protocol is a FlowControl too, it hears of the write buffer.
//
// A panic or a Goexit in ConnectionMade is reported and ends the endpoint. One in the other
// methods is reported, and the endpoint goes on: what one peer sends does not end the
// service for all others. Embed BaseDatagramProtocol for what you have no use for.
// (asyncio.DatagramProtocol)
type DatagramProtocol interface {
	// ConnectionMade says that the endpoint is there. Nothing is received before it
	// returns. (connection_made)
	ConnectionMade(t DatagramTransport)
	// DatagramReceived brings one datagram, which may be empty. The slice is lent: copy
	// what is to be kept beyond the call. addr is who sent it, a *net.UDPAddr or a
	// *net.UnixAddr; nil if the sender has no address, as a unix socket without a name. It
	// may be kept and given to SendTo, and must not be changed: it is the same value for
	// all datagrams of a peer, as long as the endpoint remembers it.
	// (datagram_received)
	DatagramReceived(data []byte, addr net.Addr)
	// ErrorReceived says what the system has said of a datagram that was sent, at once
	// or later, or of receiving: a *DatagramError; or that a datagram was too long to be
	// received: a *DatagramTooLongError. The endpoint goes on. (error_received)
	ErrorReceived(err error)
	// ConnectionLost says that it is over: nil after Close and Abort, else the reason.
	// (connection_lost)
	ConnectionLost(err error)
}

// FlowControl is the part of a protocol that hears of the write buffer. A Protocol has it;
// a DatagramProtocol may have it. (asyncio.BaseProtocol)
type FlowControl interface {
	// PauseWriting says that the write buffer has risen above its high mark.
	// (pause_writing)
	PauseWriting()
	// ResumeWriting says that it has fallen to its low mark. (resume_writing)
	ResumeWriting()
}

// BaseDatagramProtocol does nothing, for embedding. (asyncio.DatagramProtocol's own methods)
type BaseDatagramProtocol struct{}

var (
	_ DatagramProtocol = BaseDatagramProtocol{}
	_ FlowControl      = BaseDatagramProtocol{}
)

// ConnectionMade does nothing.
func (BaseDatagramProtocol) ConnectionMade(DatagramTransport) {}

// DatagramReceived does nothing.
func (BaseDatagramProtocol) DatagramReceived([]byte, net.Addr) {}

// ErrorReceived does nothing.
func (BaseDatagramProtocol) ErrorReceived(error) {}

// ConnectionLost does nothing.
func (BaseDatagramProtocol) ConnectionLost(error) {}

// PauseWriting does nothing.
func (BaseDatagramProtocol) PauseWriting() {}

// ResumeWriting does nothing.
func (BaseDatagramProtocol) ResumeWriting() {}
