// Package coderwebsocket uses github.com/coder/websocket beside an event loop: on goroutines,
// over connections of the loop.
//
// Its locks are channels, the one that a reader takes to answer a ping included, its Dial
// needs an http.Client, and Close waits for what reads. So a server is an http.Server over
// nethttp.Listen, with a goroutine per connection, and a client calls by asyncio.ToThread.
// What wants coroutines takes gorilla/websocket.
package coderwebsocket

import (
	"context"
	"net"
	"net/http"

	"github.com/coder/websocket"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/contrib/libraries/loopnet"
)

// Dial connects to a server over a connection of the loop. ctx is that of the dialling alone.
// It must not be called in a coroutine of the loop, nor may the methods of the connection:
// asyncio.ToThread.
func Dial(ctx context.Context, loop asyncio.EventLoop, url string) (*websocket.Conn, error) {
	transport := &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		return loopnet.Dial(ctx, loop, network, address)
	}}
	conn, _, err := websocket.Dial(ctx, url, &websocket.DialOptions{HTTPClient: &http.Client{Transport: transport}})
	return conn, err
}
