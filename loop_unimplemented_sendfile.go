package asyncio

import (
	"context"
	"io"
)

// Sendfile returns ErrNotImplemented.
func (UnimplementedEventLoop) Sendfile(context.Context, Transport, io.Reader, *SendfileOptions) (int64, error) {
	return 0, notImplementedBy("Sendfile")
}

// SockSendfile returns ErrNotImplemented.
func (UnimplementedEventLoop) SockSendfile(context.Context, *Socket, io.Reader, *SendfileOptions) (int64, error) {
	return 0, notImplementedBy("SockSendfile")
}
