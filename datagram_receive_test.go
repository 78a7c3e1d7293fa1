package asyncio_test

import (
	"context"
	"syscall"
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
)

// TestDatagramReceive proves the rows about receiving, over real sockets where a system does
// what they speak of.
func TestDatagramReceive(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"selev.059.dgram-read", "proactor.044.dgram-loop-reading-data"} {
		dgramRow(t, id, func(ctx context.Context, n *netTest, c *testkit.UDPPeer, r *receiver) {
			for i, text := range []string{"hello", "again"} {
				n.posts(c, text, r.transport.LocalAddr())
				n.until(ctx, "the datagram", func() bool { return len(r.got) > i })
				if r.got[i] != text || r.from[i].String() != c.LocalAddr().String() || r.from[i].Network() != "udp" {
					n.Errorf("got %q from %v", r.got, r.from)
				}
			}
			if r.history() != "made data data" {
				n.Error(r.history())
			}
		})
	}
	dgramRow(t, "proactor.045.dgram-loop-reading-empty", func(ctx context.Context, n *netTest, c *testkit.UDPPeer, r *receiver) {
		for i, text := range []string{"", "more", ""} {
			n.posts(c, text, r.transport.LocalAddr())
			n.until(ctx, "the datagram", func() bool { return len(r.got) > i })
		}
		if r.history() != "made data data data" || r.got[0] != "" || r.got[1] != "more" || r.transport.IsClosing() {
			n.Errorf("%s, got %q", r.history(), r.got)
		}
	})
	dgramRow(t, "selev.060.dgram-read-would-block", func(ctx context.Context, n *netTest, c *testkit.UDPPeer, r *receiver) {
		spuriousDatagram(r.transport)
		n.passes(ctx)
		if r.history() != "made" {
			n.Error(r.history())
		}
		n.posts(c, "later", r.transport.LocalAddr())
		n.until(ctx, "the datagram", func() bool { return len(r.got) > 0 })
	})
	rows(t, "selev.061.dgram-read-fatal", false, func(ctx context.Context, m *mailbox) {
		m.expectErrors = true
		m.s.h.Broken(errNoSystem)
		m.until(ctx, "the end", func() bool { return m.lost })
		if len(m.reported) != 1 || m.reported[0].Message != "Fatal read error on datagram transport" || m.lostErr != errNoSystem {
			m.Errorf("reported %v, lost with %v", m.reported, m.lostErr)
		}
	})
	rows(t, "selev.062.dgram-read-os-error proactor.046.dgram-loop-reading-aborted", false, func(_ context.Context, m *mailbox) {
		m.s.h.Failed(syscall.ECONNABORTED, address(whom.String()))
		m.hears(syscall.ECONNABORTED, whom)
		m.s.h.Received([]byte("next"), address(other.String()))
		if len(m.got) != 1 || m.from[0].String() != other.String() {
			m.Errorf("got %q from %v", m.got, m.from)
		}
	})
	for _, id := range []string{"selev.720.dgram-kind", "proactor.042.make-datagram-transport"} {
		dgramRow(t, id, func(_ context.Context, n *netTest, _ *testkit.UDPPeer, r *receiver) {
			var _ asyncio.DatagramTransport = r.transport
			if r.transport.GetProtocol() != asyncio.DatagramProtocol(r) || r.transport.GetExtraInfo("peername") != nil {
				n.Errorf("%v", r.transport)
			}
		})
	}
}
