//go:build unix

// Command gnet is an echo server over gnet, with one event loop or --loops of them. With --broadcast
// it sends whatever it gets to all.
package main

import (
	"flag"
	"fmt"
	"os"
	"strings"

	"github.com/panjf2000/gnet/v2"
	"golang.org/x/sys/unix"

	"github.com/go-asyncio/asyncio/bench/internal/serve"
)

type echo struct{ gnet.BuiltinEventEngine }

var (
	broadcast = flag.Bool("broadcast", false, "send whatever comes to every client")
	loops     = flag.Int("loops", 1, "how many event loops there are")
	address   string
)

// OnBoot learns the port from the listener itself: gnet does not tell which one it got.
func (*echo) OnBoot(engine gnet.Engine) gnet.Action {
	if strings.HasPrefix(address, "unix:") {
		fmt.Printf("listening on %s\n", address)
		return gnet.None
	}
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

// room sends whatever one member says to all of them, and one byte to each that comes. There is
// one loop, and so no lock.
type room struct {
	echo
	members []gnet.Conn
}

func (r *room) OnOpen(c gnet.Conn) ([]byte, gnet.Action) {
	c.SetContext(len(r.members))
	r.members = append(r.members, c)
	return []byte{'!'}, gnet.None
}

func (r *room) OnClose(c gnet.Conn, _ error) gnet.Action {
	place, last := c.Context().(int), r.members[len(r.members)-1]
	last.SetContext(place)
	r.members[place] = last
	r.members = r.members[:len(r.members)-1]
	return gnet.None
}

func (r *room) OnTraffic(c gnet.Conn) gnet.Action {
	data, err := c.Next(-1)
	if err != nil {
		return gnet.Close
	}
	for _, m := range r.members {
		_, _ = m.Write(data) // whose connection is broken is closed by gnet
	}
	return gnet.None
}

func main() {
	address = serve.Address()
	serve.EndOnSignal()
	var handler gnet.EventHandler = &echo{}
	if *broadcast {
		handler = &room{}
	}
	protocol := "tcp://" + address
	if path, ok := strings.CutPrefix(address, "unix:"); ok {
		_ = os.Remove(path) // which the one before it has left
		protocol = "unix://" + path
	}
	serve.Check(gnet.Run(handler, protocol,
		gnet.WithMulticore(*loops > 1), gnet.WithNumEventLoop(*loops), gnet.WithTCPNoDelay(gnet.TCPNoDelay)))
}
