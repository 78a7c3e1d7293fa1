package asyncio

import "context"

// CreateUnixConnection returns ErrNotImplemented.
func (UnimplementedEventLoop) CreateUnixConnection(context.Context, func() Protocol, string, *ConnectionOptions) (Transport, Protocol, error) {
	return nil, nil, notImplementedBy("CreateUnixConnection")
}

// CreateUnixServer returns ErrNotImplemented.
func (UnimplementedEventLoop) CreateUnixServer(context.Context, func() Protocol, string, *ServerOptions) (*Server, error) {
	return nil, notImplementedBy("CreateUnixServer")
}
