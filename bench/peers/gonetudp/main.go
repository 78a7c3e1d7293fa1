// Command gonetudp is an echo server of datagrams over Go's net package: one socket and one
// goroutine, which is how Go programs serve UDP without an event loop.
package main

import (
	"fmt"
	"net"
	"strings"

	"github.com/go-asyncio/asyncio/bench/internal/serve"
)

func main() {
	serve.EndOnSignal()
	address := strings.TrimPrefix(serve.Address(), "udp:")
	local, err := net.ResolveUDPAddr("udp", address)
	serve.Check(err)
	c, err := net.ListenUDP("udp", local)
	serve.Check(err)
	fmt.Printf("listening on udp:%v\n", c.LocalAddr())
	buffer := make([]byte, 64<<10)
	for {
		n, from, err := c.ReadFromUDPAddrPort(buffer)
		serve.Check(err)
		_, err = c.WriteToUDPAddrPort(buffer[:n], from)
		serve.Check(err)
	}
}
