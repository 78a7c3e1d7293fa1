package asyncio_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/go-asyncio/asyncio"
)

// TestDatagramSegments: with Segment one call sends many datagrams, and with Coalesce many
// come in one piece, which nobody notices; elsewhere both are refused by name.
func TestDatagramSegments(t *testing.T) {
	t.Parallel()
	netRow(t, "many-at-once", func(n *netTest) {
		n.run(func(ctx context.Context) {
			server, err := n.create(ctx, asyncio.DatagramOptions{LocalAddress: "127.0.0.1:0", Coalesce: true})
			if runtime.GOOS != "linux" {
				for name, o := range map[string]asyncio.DatagramOptions{"Coalesce": {Network: "udp4", Coalesce: true}, "Segment": {Network: "udp4", Segment: 10}} {
					if _, err := n.create(ctx, o); !errors.Is(err, errors.ErrUnsupported) || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), runtime.GOOS) {
						n.Errorf("%s: %v", name, err)
					}
				}
				return
			}
			n.check(err)
			client := n.endpoint(ctx, asyncio.DatagramOptions{RemoteAddress: server.transport.LocalAddr().String(), Segment: 100})
			var all bytes.Buffer
			for i := range 40 {
				fmt.Fprintf(&all, "%0100d", i)
			}
			all.WriteString("the rest")
			n.check(client.transport.SendTo(all.Bytes(), nil))
			n.until(ctx, "all of them", func() bool { return len(server.got) == 41 })
			for i, text := range server.got[:40] {
				if text != fmt.Sprintf("%0100d", i) || server.from[i] != server.from[0] {
					n.Errorf("datagram %d is %q from %v", i, text, server.from[i])
				}
			}
			if server.got[40] != "the rest" || len(server.errs) > 0 {
				n.Errorf("at last %q; told %v", server.got[40], server.errs)
			}
			n.aborts(ctx, client)
			n.aborts(ctx, server)
		})
	})
}
