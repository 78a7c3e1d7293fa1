//go:build unix

// Command nbio is an echo server over nbio, with one poller.
package main

import (
	"net"

	"github.com/lesismal/nbio"
	"github.com/lesismal/nbio/logging"

	"github.com/go-asyncio/asyncio/bench/internal/serve"
)

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
	serve.Check(engine.Start())
	serve.Ready(listener.Addr())
	select {}
}
