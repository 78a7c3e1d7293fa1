package asyncio_test

import (
	"context"
	"net"
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
)

// addressed is a protocol that notes what its transport is called when it is made.
type addressed struct {
	asyncio.BaseProtocol
	made func(local, remote, sockname, peername any)
}

func (p *addressed) ConnectionMade(t asyncio.Transport) {
	p.made(t.LocalAddr(), t.RemoteAddr(), t.GetExtraInfo("sockname"), t.GetExtraInfo("peername"))
}

// TestAcceptedAddresses: a connection knows both of its addresses, also if its peer has
// reset it before it was set up.
func TestAcceptedAddresses(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(c *net.TCPConn){
		"stays":  func(*net.TCPConn) {},
		"closed": func(c *net.TCPConn) { c.Close() },
		"reset":  func(c *net.TCPConn) { c.SetLinger(0); c.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			overLoops(t, testkit.Unpinned, func(t *testing.T) {
				inLoop(t, func(ctx context.Context, loop asyncio.EventLoop) {
					var remotes []string
					made := func(local, remote, sockname, peername any) {
						r, ok := remote.(*net.TCPAddr)
						if !ok {
							t.Errorf("the peer is %v", remote)
							return
						}
						remotes = append(remotes, r.String())
						if l, ok := local.(*net.TCPAddr); !ok || l.Port == 0 {
							t.Errorf("the local address is %v", local)
						}
						if p, ok := peername.(*net.TCPAddr); !ok || p.String() != r.String() || sockname == nil {
							t.Errorf("sockname %v, peername %v", sockname, peername)
						}
					}
					s, err := loop.CreateServer(ctx, func() asyncio.Protocol { return &addressed{made: made} }, "tcp", "127.0.0.1:0", nil)
					must(t, err)
					// They come and go while the loop is held up; the last one stays.
					clients := map[string]bool{}
					var last *net.TCPConn
					for range 20 {
						c := dial(t, s)
						defer c.Close()
						clients[c.LocalAddr().String()] = true
						end(c)
					}
					last = dial(t, s)
					defer last.Close()
					name := last.LocalAddr().String()
					for len(remotes) == 0 || remotes[len(remotes)-1] != name {
						must(t, asyncio.Sleep(ctx, instant))
					}
					for _, r := range remotes[:len(remotes)-1] {
						if !clients[r] {
							t.Errorf("a connection from %s", r)
						}
						delete(clients, r)
					}
					s.Close()
					s.AbortClients()
					must(t, s.WaitClosed(ctx))
				})
			})
		})
	}
}
