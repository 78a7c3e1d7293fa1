// Command asyncioroom is a server over this library that sends whatever it gets to all, and one byte
// to each client that comes: what `asyncio serve` is for echoes, this is for broadcasts.
package main

import (
	"context"
	"flag"
	"slices"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/bench/internal/serve"
	"github.com/go-asyncio/asyncio/selectors"
	"github.com/go-asyncio/asyncio/streams"
)

var (
	api  = flag.String("api", "protocol", "protocol or streams")
	kind = flag.String("loop", "selector", "selector or proactor")
)

func main() {
	address := serve.Address()
	serve.EndOnSignal()
	_, err := asyncio.Run(context.Background(), func(ctx context.Context) (struct{}, error) {
		server, err := open(ctx, address)
		if err != nil {
			return struct{}{}, err
		}
		serve.Ready(server.Addrs()[0])
		return struct{}{}, server.ServeForever(ctx)
	}, asyncio.WithLoopFactory(newLoop))
	serve.Check(err)
}

func newLoop() (asyncio.EventLoop, error) {
	if *kind == "proactor" {
		return asyncio.NewProactorEventLoop(nil)
	}
	epoll, err := selectors.NewEpollSelector()
	if err != nil {
		return nil, err
	}
	return asyncio.NewSelectorEventLoop(epoll)
}

func open(ctx context.Context, address string) (*asyncio.Server, error) {
	if *api == "streams" {
		return streams.StartServer(ctx, (&writers{}).serve, "tcp", address, nil)
	}
	loop, err := asyncio.GetRunningLoop()
	if err != nil {
		return nil, err
	}
	r := &room{}
	return loop.CreateServer(ctx, func() asyncio.Protocol { return &member{room: r} }, "tcp", address, nil)
}

// room are the members, each of which knows its place.
type room struct{ members []*member }

// member is one client, in callbacks.
type member struct {
	asyncio.BaseProtocol
	room      *room
	place     int
	transport asyncio.Transport
}

// ConnectionMade implements asyncio.Protocol.
func (m *member) ConnectionMade(t asyncio.Transport) {
	m.transport, m.place = t, len(m.room.members)
	m.room.members = append(m.room.members, m)
	_, _ = t.Write([]byte{'!'})
}

// DataReceived implements asyncio.Protocol. Whose connection is broken learns it by ConnectionLost.
func (m *member) DataReceived(data []byte) {
	for _, to := range m.room.members {
		_, _ = to.transport.Write(data)
	}
}

// ConnectionLost implements asyncio.Protocol.
func (m *member) ConnectionLost(error) {
	all := m.room.members
	last := all[len(all)-1]
	all[m.place], last.place = last, m.place
	m.room.members = all[:len(all)-1]
}

// writers are the members of a room of coroutines.
type writers struct{ all []*streams.StreamWriter }

func (ws *writers) serve(ctx context.Context, r *streams.StreamReader, w *streams.StreamWriter) {
	ws.all = append(ws.all, w)
	defer func() {
		at := slices.Index(ws.all, w)
		ws.all = slices.Delete(ws.all, at, at+1)
		_ = w.Close()
	}()
	if _, err := w.Write([]byte{'!'}); err != nil {
		return
	}
	buffer := make([]byte, 16<<10)
	for {
		n, err := r.ReadInto(ctx, buffer)
		if err != nil {
			return
		}
		for _, to := range ws.all {
			_, _ = to.Write(buffer[:n])
		}
		if w.Drain(ctx) != nil {
			return
		}
	}
}
