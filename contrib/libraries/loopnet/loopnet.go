// Package loopnet gives Go's libraries connections of an event loop. What is made is a
// streams.Conn, and its comment says who may use it: in a coroutine of the loop a Read or
// Write suspends, on a goroutine it blocks. A listener of the same kind is nethttp.Listen.
package loopnet

import (
	"context"
	"net"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/streams"
)

// Dial connects on the loop. ctx is that of the dialling alone: the connection outlives it.
// Any goroutine may call it, and a coroutine of the loop.
func Dial(ctx context.Context, loop asyncio.EventLoop, network, address string) (net.Conn, error) {
	r, w, err := streams.OpenConnection(ctx, network, address, nil, streams.WithLoop(loop))
	if err != nil {
		return nil, err
	}
	return streams.Conn(context.Background(), r, w), nil
}
