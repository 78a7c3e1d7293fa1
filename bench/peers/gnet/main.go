//go:build unix

// Command gnet is an echo server over gnet, with one event loop.
package main

import (
	"github.com/panjf2000/gnet/v2"
	"golang.org/x/sys/unix"

	"github.com/go-asyncio/asyncio/bench/internal/serve"
)

type echo struct{ gnet.BuiltinEventEngine }

// OnBoot learns the port from the listener itself: gnet does not tell which one it got.
func (*echo) OnBoot(engine gnet.Engine) gnet.Action {
	fd, err := engine.Dup()
	serve.Check(err)
	address, err := unix.Getsockname(fd)
	serve.Check(err)
	serve.Check(unix.Close(fd))
	serve.Ready(serve.TCPAddr(address))
	return gnet.None
}

func (*echo) OnTraffic(c gnet.Conn) gnet.Action {
	data, err := c.Next(-1)
	if err != nil {
		return gnet.Close
	}
	if _, err := c.Write(data); err != nil {
		return gnet.Close
	}
	return gnet.None
}

func main() {
	address := serve.Address()
	serve.EndOnSignal()
	serve.Check(gnet.Run(&echo{}, "tcp://"+address,
		gnet.WithMulticore(false), gnet.WithNumEventLoop(1), gnet.WithTCPNoDelay(gnet.TCPNoDelay)))
}
