// Command gonet is an echo server over Go's net package: one goroutine per connection, which is
// how Go programs are written without an event loop. With --broadcast it sends whatever it gets to all.
package main

import (
	"flag"
	"net"

	"github.com/go-asyncio/asyncio/bench/internal/serve"
)

var broadcast = flag.Bool("broadcast", false, "send whatever comes to every client")

func main() {
	serve.EndOnSignal()
	listener, err := serve.Listen()
	serve.Check(err)
	handle := echo
	if *broadcast {
		handle = (&room{members: make(map[net.Conn]struct{})}).serve
	}
	for {
		c, err := listener.Accept()
		serve.Check(err)
		go handle(c)
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
