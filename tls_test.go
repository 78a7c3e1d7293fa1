package asyncio_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"testing"
)

// TestTLSEcho: what is written on one side comes on the other, both ways, and both end.
func TestTLSEcho(t *testing.T) {
	t.Parallel()
	for name, version := range map[string]uint16{"1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13} {
		netRow(t, "TLS-"+name, func(n *netTest) {
			n.run(func(ctx context.Context) {
				client, server := n.pairTLS(ctx, nil, nil)
				_ = version
				big := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
				server.onData = func(p []byte) { _, _ = server.transport.Write(p) }
				if k, err := client.transport.Write(big); err != nil || k != len(big) {
					n.Fatal(k, err)
				}
				n.until(ctx, "the echo", func() bool { return len(client.data) >= len(big) })
				if !bytes.Equal(client.data, big) {
					n.Error("other bytes")
				}
				n.check(client.transport.Close())
				n.until(ctx, "the end", func() bool { return client.lost && server.lost })
				if client.lostErr != nil || server.lostErr != nil {
					n.Error(client.lostErr, server.lostErr)
				}
				n.Log(client.history(), server.history())
			})
		})
	}
}
