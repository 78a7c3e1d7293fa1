// Command gonet is an echo server over Go's net package: one goroutine per connection, which is
// how Go programs are written without an event loop.
package main

import (
	"net"

	"github.com/go-asyncio/asyncio/bench/internal/serve"
)

func main() {
	serve.EndOnSignal()
	listener, err := serve.Listen()
	serve.Check(err)
	for {
		c, err := listener.Accept()
		serve.Check(err)
		go echo(c)
	}
}

func echo(c net.Conn) {
	defer c.Close()
	buffer := make([]byte, 64<<10)
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
