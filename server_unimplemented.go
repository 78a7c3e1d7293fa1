package asyncio

import (
	"context"
	"net"
)

// AbstractServer is what every server can do: what code should ask for that a
// test is to give a server of its own. *Server is one. (asyncio.AbstractServer)
type AbstractServer interface {
	// Close stops accepting; connections stay. Any goroutine. (Server.close)
	Close()
	// CloseClients closes every connection once it has sent what is buffered. Any
	// goroutine. (Server.close_clients)
	CloseClients()
	// AbortClients ends every connection at once. Any goroutine.
	// (Server.abort_clients)
	AbortClients()
	// IsServing reports whether connections are accepted. Any goroutine.
	// (Server.is_serving)
	IsServing() bool
	// StartServing begins to accept. It suspends or blocks: any goroutine.
	// (Server.start_serving)
	StartServing(ctx context.Context) error
	// ServeForever accepts until it is cancelled, and closes the server then. It
	// suspends or blocks: any goroutine. (Server.serve_forever)
	ServeForever(ctx context.Context) error
	// WaitClosed waits until the server is closed and the last connection has
	// gone. It suspends or blocks: any goroutine. (Server.wait_closed)
	WaitClosed(ctx context.Context) error
	// GetLoop returns the server's loop. Any goroutine. (Server.get_loop)
	GetLoop() EventLoop
	// Addrs returns the addresses that the server listens on. Any goroutine.
	Addrs() []net.Addr
}

// UnimplementedServer has every method of AbstractServer; those that can say so
// return ErrNotImplemented, the others what an absent server would. Embed it in a
// server of your own, so that it stays one when methods are added. Any goroutine
// may call the methods. (asyncio.AbstractServer)
type UnimplementedServer struct{}

var (
	_ AbstractServer = (*Server)(nil)
	_ AbstractServer = UnimplementedServer{}
)

// Close does nothing.
func (UnimplementedServer) Close() {}

// CloseClients does nothing: there are none.
func (UnimplementedServer) CloseClients() {}

// AbortClients does nothing: there are none.
func (UnimplementedServer) AbortClients() {}

// IsServing returns false.
func (UnimplementedServer) IsServing() bool { return false }

// StartServing returns ErrNotImplemented.
func (UnimplementedServer) StartServing(context.Context) error {
	return notImplementedBy("StartServing")
}

// ServeForever returns ErrNotImplemented.
func (UnimplementedServer) ServeForever(context.Context) error {
	return notImplementedBy("ServeForever")
}

// WaitClosed returns ErrNotImplemented.
func (UnimplementedServer) WaitClosed(context.Context) error {
	return notImplementedBy("WaitClosed")
}

// GetLoop returns nil.
func (UnimplementedServer) GetLoop() EventLoop { return nil }

// Addrs returns nil.
func (UnimplementedServer) Addrs() []net.Addr { return nil }
