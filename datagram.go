package asyncio

import "net"

// DatagramTransport is an endpoint of datagrams, as its protocol sees it.
// (asyncio.DatagramTransport)
type DatagramTransport interface {
	// Close has nothing more received; what is buffered is sent, and then the protocol
	// told by ConnectionLost(nil). RemoteAddr is nil unless the endpoint is connected.
	BaseTransport
	WriteLimits

	// SendTo sends p as one datagram, which may be empty, at once or behind those that
	// the system has not taken yet, so it never blocks. p is the caller's again when it
	// returns. addr is a *net.UDPAddr, or a *net.UnixAddr of an endpoint of network
	// "unixgram"; nil is DatagramOptions.RemoteAddress, and no other address will do if
	// there is one.
	//
	// What the system says of the datagram, at once or later, goes to ErrorReceived. The
	// errors are ErrInvalidArgument for an address that is missing, is not to be there
	// or is of the wrong kind, and net.ErrClosed once the endpoint is lost. Loop only.
	// (sendto)
	SendTo(p []byte, addr net.Addr) error
	// Abort ends the transport at once, dropping what is buffered. From another
	// goroutine it takes effect when the loop gets to it. (abort)
	Abort()
	// JoinGroup has what is sent to a multicast group received, too. Loop only:
	// ErrInvalidArgument for what is no such group or not of the socket's family;
	// net.ErrClosed once the endpoint is closed; else what the system says.
	JoinGroup(g MulticastGroup) error
	// LeaveGroup ends what JoinGroup or DatagramOptions.Groups began. Loop only; errors
	// as of JoinGroup.
	LeaveGroup(g MulticastGroup) error
	// SetProtocol hands the endpoint to another protocol, for which ConnectionMade is not
	// called. nil: ErrInvalidArgument. Loop only. (set_protocol)
	SetProtocol(p DatagramProtocol) error
	// GetProtocol returns the protocol, nil after the end. Loop only. (get_protocol)
	GetProtocol() DatagramProtocol
}
