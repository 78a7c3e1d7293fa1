package asyncio

import "context"

// CreateDatagramEndpoint returns ErrNotImplemented.
func (UnimplementedEventLoop) CreateDatagramEndpoint(context.Context, func() DatagramProtocol, *DatagramOptions) (DatagramTransport, DatagramProtocol, error) {
	return nil, nil, notImplementedBy("CreateDatagramEndpoint")
}
