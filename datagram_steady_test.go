package asyncio_test

import (
	"context"
	"net"
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
)

// TestDatagramSteady: a datagram that is received and answered allocates nothing, whoever
// of several peers sends it, nor does one that waits for its turn.
func TestDatagramSteady(t *testing.T) { // not in parallel: it counts allocations
	if testkit.RaceDetector {
		// What it allocates itself is counted, too.
		t.Skip("the race detector allocates") // and allocations are what is counted
	}
	for _, m := range testkit.Available(t, testkit.Unpinned) {
		t.Run(m.Name, func(t *testing.T) {
			n := newNetTestOn(t, m)
			n.run(func(ctx context.Context) {
				echo := &echoing{}
				_, _, err := n.l.CreateDatagramEndpoint(ctx, func() asyncio.DatagramProtocol { return echo }, &local)
				n.check(err)
				defer echo.transport.Abort()
				addr := echo.transport.LocalAddr().(*net.UDPAddr)
				peers := make([]*testkit.UDPPeer, 5)
				for i := range peers {
					peers[i] = n.plainPeer()
				}
				data, back := []byte("sixty-four bytes or fewer"), make([]byte, 100)
				pass := func() { n.check(asyncio.Sleep(ctx, 0)) }
				round := func() {
					seen := echo.seen
					for _, c := range peers {
						c.Send(data, addr)
					}
					for echo.seen < seen+len(peers) {
						pass()
					}
					n.check(asyncio.Engine(n.l).Flush())
					for _, c := range peers {
						c.Receive(back)
					}
				}
				for range 100 {
					round()
				}
				if a := testing.AllocsPerRun(200, round); a >= 1 {
					t.Errorf("%v allocations for %d datagrams", a, len(peers))
				}
			})
		})
	}
}

// echoing sends back what comes.
type echoing struct {
	asyncio.BaseDatagramProtocol
	transport asyncio.DatagramTransport
	seen      int
}

func (e *echoing) ConnectionMade(t asyncio.DatagramTransport) { e.transport = t }

func (e *echoing) DatagramReceived(data []byte, addr net.Addr) {
	e.seen++
	_ = e.transport.SendTo(data, addr)
}
