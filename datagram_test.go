package asyncio_test

import (
	"context"
	"net"
	"testing"

	"github.com/go-asyncio/asyncio"
)

// TestDatagramEndpoint proves the rows about whole endpoints.
func TestDatagramEndpoint(t *testing.T) {
	t.Parallel()
	for network, host := range map[string]string{"udp4": "127.0.0.1", "udp6": "[::1]"} {
		netRow(t, "events.032.datagram-endpoint/"+network, func(n *netTest) {
			if network == "udp6" {
				needIPv6(n.T)
			}
			n.run(func(ctx context.Context) {
				askAndAnswer(ctx, n, asyncio.DatagramOptions{Network: network, LocalAddress: host + ":0"})
			})
		})
	}
}

// needIPv6 skips a test where there is no IPv6.
func needIPv6(t *testing.T) {
	t.Helper()
	c, err := net.ListenPacket("udp6", "[::1]:0")
	if err != nil {
		t.Skip("no IPv6 here: ", err) // what the test is about cannot be tried
	}
	must(t, c.Close())
}

// askAndAnswer has a connected endpoint ask a bound one, which answers by the address that
// it was asked from.
func askAndAnswer(ctx context.Context, n *netTest, o asyncio.DatagramOptions) {
	n.Helper()
	server := n.endpoint(ctx, o)
	server.onData = func(data []byte, from net.Addr) {
		n.check(server.transport.SendTo(append([]byte("resp:"), data...), from))
	}
	client := n.endpoint(ctx, asyncio.DatagramOptions{Network: o.Network, RemoteAddress: server.transport.LocalAddr().String()})
	n.check(client.transport.SendTo([]byte("xxx"), nil))
	n.until(ctx, "the answer", func() bool { return len(client.got) > 0 })
	if server.got[0] != "xxx" || client.got[0] != "resp:xxx" || len(client.got[0]) != 8 {
		n.Errorf("asked %q, answered %q", server.got, client.got)
	}
	if from := client.from[0].String(); from != server.transport.LocalAddr().String() || server.from[0].String() != client.transport.LocalAddr().String() {
		n.Errorf("the answer came from %v, the question from %v", from, server.from)
	}
	for _, r := range []*receiver{client, server} {
		n.check(r.transport.Close())
		n.until(ctx, "the end", func() bool { return r.lost })
		if r.lostErr != nil || !r.transport.IsClosing() {
			n.Errorf("lost: %v, closing: %v", r.lostErr, r.transport.IsClosing())
		}
	}
	if server.history() != "made data lost" || client.history() != "made data lost" {
		n.Errorf("the server: %s; the client: %s", server.history(), client.history())
	}
}
