package asyncio

import "context"

// DatagramNetworker is the part of a loop that makes endpoints of datagrams.
type DatagramNetworker interface {
	// CreateDatagramEndpoint makes a datagram socket with the addresses that opts says,
	// and returns the transport and the protocol that factory made, whose ConnectionMade
	// has been called. Names are looked up off the loop; IP addresses never leave it. Each
	// local address is tried with each remote one of its family, in the order of the
	// look-up, until a socket can be bound and connected; if none can, errors.Is finds
	// each reason.
	//
	// ErrInvalidArgument for options that contradict each other, and if nothing says which
	// kind of socket to make; errors.ErrUnsupported for an option that the system does not
	// have. A call that fails or is cancelled leaves nothing open: an endpoint that was
	// made already is aborted, and its protocol told. It suspends or blocks: any
	// goroutine may call it. (loop.create_datagram_endpoint)
	CreateDatagramEndpoint(ctx context.Context, factory func() DatagramProtocol, opts *DatagramOptions) (DatagramTransport, DatagramProtocol, error)
}
