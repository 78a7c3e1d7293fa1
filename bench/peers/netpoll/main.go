//go:build unix

// Command netpoll is an echo server over netpoll, with one poller. Its handlers run in netpoll's
// own pool of goroutines, as they do unless a program replaces it.
package main

import (
	"context"

	"github.com/cloudwego/netpoll"

	"github.com/go-asyncio/asyncio/bench/internal/serve"
)

func echo(_ context.Context, c netpoll.Connection) error {
	reader, writer := c.Reader(), c.Writer()
	data, err := reader.Next(reader.Len())
	if err != nil {
		return err
	}
	if _, err := writer.WriteBinary(data); err != nil {
		return err
	}
	// Flush first: what is written refers to what was read.
	if err := writer.Flush(); err != nil {
		return err
	}
	return reader.Release()
}

func main() {
	address := serve.Address()
	serve.EndOnSignal()
	serve.Check(netpoll.Configure(netpoll.Config{PollerNum: 1}))
	listener, err := netpoll.CreateListener("tcp", address)
	serve.Check(err)
	loop, err := netpoll.NewEventLoop(echo)
	serve.Check(err)
	serve.Ready(listener.Addr())
	serve.Check(loop.Serve(listener))
}
