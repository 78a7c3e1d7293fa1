package asyncio_test

import (
	"context"
	"net"
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/sock"
)

// TestConnectedAddresses: a connection that was made from here knows both of its
// addresses in ConnectionMade, also if its peer has reset it meanwhile.
func TestConnectedAddresses(t *testing.T) {
	t.Parallel()
	netRow(t, "reset", func(n *netTest) {
		l, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			n.Fatal(err)
		}
		defer l.Close()
		n.run(func(ctx context.Context) {
			fd, peer, err := asyncio.Connect(ctx, n.l, "tcp4", l.Addr().String())
			if err != nil {
				n.Fatal(err)
			}
			other, err := l.Accept()
			if err != nil {
				n.Fatal(err)
			}
			n.check(other.(*net.TCPConn).SetLinger(0))
			n.check(other.Close())
			gone := func() bool { _, err := sock.PeerName(fd); return err != nil }
			n.until(ctx, "the reset", gone)
			var local, remote net.Addr
			r := &recorder{onMade: func(t asyncio.Transport) { local, remote = t.LocalAddr(), t.RemoteAddr() }}
			c, err := asyncio.Connected(ctx, n.l, fd, peer, func() asyncio.Protocol { return r })
			if err != nil {
				n.Fatal(err)
			}
			if remote == nil || remote.String() != l.Addr().String() || local == nil {
				n.Errorf("from %v to %v, want the latter to be %v", local, remote, l.Addr())
			}
			c.Abort()
			n.until(ctx, "the end", func() bool { return r.lost })
		})
	})
}
