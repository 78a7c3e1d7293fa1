package asyncio

import (
	"context"
	"os"
)

// ConnectReadPipe returns ErrNotImplemented; the pipe stays the caller's.
func (UnimplementedEventLoop) ConnectReadPipe(context.Context, func() Protocol, *os.File) (Transport, Protocol, error) {
	return nil, nil, notImplementedBy("ConnectReadPipe")
}

// ConnectWritePipe returns ErrNotImplemented; the pipe stays the caller's.
func (UnimplementedEventLoop) ConnectWritePipe(context.Context, func() Protocol, *os.File) (Transport, Protocol, error) {
	return nil, nil, notImplementedBy("ConnectWritePipe")
}
