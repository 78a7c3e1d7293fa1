package asyncio

import (
	"context"
	"net"
)

// SockRecv returns ErrNotImplemented.
func (UnimplementedEventLoop) SockRecv(context.Context, *Socket, int) ([]byte, error) {
	return nil, notImplementedBy("SockRecv")
}

// SockRecvInto returns ErrNotImplemented.
func (UnimplementedEventLoop) SockRecvInto(context.Context, *Socket, []byte) (int, error) {
	return 0, notImplementedBy("SockRecvInto")
}

// SockRecvFrom returns ErrNotImplemented.
func (UnimplementedEventLoop) SockRecvFrom(context.Context, *Socket, int) ([]byte, net.Addr, error) {
	return nil, nil, notImplementedBy("SockRecvFrom")
}

// SockRecvFromInto returns ErrNotImplemented.
func (UnimplementedEventLoop) SockRecvFromInto(context.Context, *Socket, []byte, int) (int, net.Addr, error) {
	return 0, nil, notImplementedBy("SockRecvFromInto")
}

// SockSendAll returns ErrNotImplemented.
func (UnimplementedEventLoop) SockSendAll(context.Context, *Socket, []byte) (int, error) {
	return 0, notImplementedBy("SockSendAll")
}

// SockSendTo returns ErrNotImplemented.
func (UnimplementedEventLoop) SockSendTo(context.Context, *Socket, []byte, net.Addr) (int, error) {
	return 0, notImplementedBy("SockSendTo")
}

// SockConnect returns ErrNotImplemented.
func (UnimplementedEventLoop) SockConnect(context.Context, *Socket, string) error {
	return notImplementedBy("SockConnect")
}

// SockAccept returns ErrNotImplemented.
func (UnimplementedEventLoop) SockAccept(context.Context, *Socket) (*Socket, net.Addr, error) {
	return nil, nil, notImplementedBy("SockAccept")
}
