//go:build unix

// Command nbio is an echo server over nbio, with one poller. With --broadcast it sends
// whatever it gets to all.
package main

import (
	"flag"
	"net"
	"sync"

	"github.com/lesismal/nbio"
	"github.com/lesismal/nbio/logging"

	"github.com/go-asyncio/asyncio/bench/internal/serve"
)

var broadcast = flag.Bool("broadcast", false, "send whatever comes to every client")

// room has the engine send whatever one member says to all of them, and one byte to each that
// comes. OnOpen is called where connections are accepted, and so there is a lock.
type room struct {
	mu      sync.Mutex
	members map[*nbio.Conn]struct{}
}

func (r *room) serve(engine *nbio.Engine) {
	engine.OnOpen(func(c *nbio.Conn) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.members[c] = struct{}{}
		_, _ = c.Write([]byte{'!'})
	})
	engine.OnClose(func(c *nbio.Conn, _ error) {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.members, c)
	})
	engine.OnData(func(_ *nbio.Conn, data []byte) {
		r.mu.Lock()
		defer r.mu.Unlock()
		for m := range r.members {
			_, _ = m.Write(data) // whose connection is broken is closed by nbio
		}
	})
}

func main() {
	address := serve.Address()
	serve.EndOnSignal()
	logging.SetLevel(logging.LevelError)
	var listener net.Listener
	engine := nbio.NewEngine(nbio.Config{
		Network: "tcp",
		Addrs:   []string{address},
		NPoller: 1,
		Listen: func(network, address string) (net.Listener, error) {
			var err error
			listener, err = net.Listen(network, address)
			return listener, err
		},
	})
	// Write sends at once, and copies what the kernel does not take.
	engine.OnData(func(c *nbio.Conn, data []byte) {
		if _, err := c.Write(data); err != nil {
			_ = c.Close()
		}
	})
	if *broadcast {
		(&room{members: make(map[*nbio.Conn]struct{})}).serve(engine)
	}
	serve.Check(engine.Start())
	serve.Ready(listener.Addr())
	select {}
}
