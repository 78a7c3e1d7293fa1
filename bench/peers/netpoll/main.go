//go:build unix

// Command netpoll is an echo server over netpoll, with one poller. Its handlers run in netpoll's
// own pool of goroutines, as they do unless a program replaces it. With --broadcast it sends
// whatever it gets to all.
package main

import (
	"context"
	"flag"
	"sync"

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

var broadcast = flag.Bool("broadcast", false, "send whatever comes to every client")

// room sends whatever one member says to all of them, and one byte to each that comes.
type room struct {
	mu      sync.Mutex
	members map[netpoll.Connection]struct{}
}

func (r *room) enter(ctx context.Context, c netpoll.Connection) context.Context {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.members[c] = struct{}{}
	r.send(c, []byte{'!'})
	return ctx
}

func (r *room) leave(_ context.Context, c netpoll.Connection) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.members, c)
}

// send leaves it to the reader of a connection to find out that it is broken.
func (r *room) send(c netpoll.Connection, data []byte) {
	if _, err := c.Writer().WriteBinary(data); err == nil {
		_ = c.Writer().Flush()
	}
}

func (r *room) serve(_ context.Context, c netpoll.Connection) error {
	reader := c.Reader()
	data, err := reader.Next(reader.Len())
	if err != nil {
		return err
	}
	r.mu.Lock()
	for m := range r.members {
		r.send(m, data)
	}
	r.mu.Unlock()
	return reader.Release()
}

func main() {
	address := serve.Address()
	serve.EndOnSignal()
	serve.Check(netpoll.Configure(netpoll.Config{PollerNum: 1}))
	listener, err := netpoll.CreateListener("tcp", address)
	serve.Check(err)
	loop, err := netpoll.NewEventLoop(echo)
	if *broadcast {
		r := &room{members: make(map[netpoll.Connection]struct{})}
		loop, err = netpoll.NewEventLoop(r.serve, netpoll.WithOnConnect(r.enter), netpoll.WithOnDisconnect(r.leave))
	}
	serve.Check(err)
	serve.Ready(listener.Addr())
	serve.Check(loop.Serve(listener))
}
