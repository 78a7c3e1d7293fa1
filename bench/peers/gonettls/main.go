// Command gonettls is an echo server over Go's net and crypto/tls: one goroutine per connection, which is
// how Go programs are written without an event loop.
package main

import (
	"crypto/tls"
	"flag"
	"net"

	"github.com/go-asyncio/asyncio/bench/internal/serve"
)

var size = flag.Int("buffer", 64<<10, "how many bytes each connection reads into")

func main() {
	serve.EndOnSignal()
	config := serve.TLS()
	listener, err := serve.Listen()
	serve.Check(err)
	for {
		c, err := listener.Accept()
		serve.Check(err)
		go echo(tls.Server(c, config))
	}
}

func echo(c net.Conn) {
	defer c.Close()
	buffer := make([]byte, *size)
	for {
		n, err := c.Read(buffer)
		if err != nil {
			return
		}
		if _, err := c.Write(buffer[:n]); err != nil {
			return
		}
	}
}
