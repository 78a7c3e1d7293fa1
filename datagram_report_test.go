package asyncio_test

import (
	"context"
	"errors"
	"net"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
)

// nobody is an address at which nobody listens: a socket has it that takes datagrams from
// one peer alone, which refuses all others as if it were not there.
func nobody(n *netTest) *net.UDPAddr {
	n.Helper()
	return testkit.NewUDPPeer(n.T, n.plainPeer().LocalAddr()).LocalAddr()
}

// TestDatagramReports: what the system reports later goes to ErrorReceived, and sending and
// receiving go on.
func TestDatagramReports(t *testing.T) {
	t.Parallel()
	netRow(t, "connected", func(n *netTest) {
		n.run(func(ctx context.Context) {
			gone := nobody(n)
			r := n.endpoint(ctx, asyncio.DatagramOptions{RemoteAddress: gone.String()})
			n.check(r.transport.SendTo([]byte("anybody?"), nil))
			if !reportsRefusals {
				return
			}
			n.until(ctx, "the report", func() bool { return len(r.errs) > 0 })
			n.wantRefused(r, gone)
		})
	})
	netRow(t, "not-connected", func(n *netTest) {
		n.run(func(ctx context.Context) {
			gone, c := nobody(n), n.plainPeer()
			r := n.endpoint(ctx, local)
			n.check(r.transport.SendTo([]byte("anybody?"), gone))
			if reportsPeers {
				n.until(ctx, "the report", func() bool { return len(r.errs) > 0 })
				n.wantRefused(r, gone)
			}
			for range 20 {
				n.check(r.transport.SendTo([]byte("anybody?"), gone))
				n.check(r.transport.SendTo([]byte("you"), c.LocalAddr()))
			}
			if got := n.letters(c, 20); slices.ContainsFunc(got, func(s string) bool { return s != "you" }) {
				n.Errorf("the peer got %q", got)
			}
		})
	})
	for _, id := range []string{"events.706.datagram-nobody-listening", "windows.703.dgram-nobody-listening"} {
		if strings.HasPrefix(id, "windows") && runtime.GOOS != "windows" {
			continue
		}
		netRow(t, id, func(n *netTest) {
			n.run(func(ctx context.Context) {
				gone, c := nobody(n), n.plainPeer()
				r := n.endpoint(ctx, local)
				for i := range 3 {
					n.check(r.transport.SendTo([]byte("anybody?"), gone))
					n.passes(ctx)
					n.posts(c, "here", r.transport.LocalAddr())
					n.until(ctx, "the next datagram", func() bool { return len(r.got) > i })
				}
				if r.lost || r.transport.IsClosing() {
					n.Error(r.history())
				}
			})
		})
	}
}

// wantRefused fails the test if the first error is not that nobody is at an address.
func (n *netTest) wantRefused(r *receiver, at net.Addr) {
	n.Helper()
	var e *asyncio.DatagramError
	if !errors.As(r.errs[0], &e) || !errors.Is(e, asyncio.ErrConnRefused) || e.Addr == nil || e.Addr.String() != at.String() {
		n.Errorf("told %v, want that nobody is at %v", r.errs, at)
	}
	if !strings.Contains(r.errs[0].Error(), at.String()) || r.lost {
		n.Errorf("%v; lost=%v", r.errs[0], r.lost)
	}
}

// TestDatagramTooLong: a datagram that is longer than there is room for is lost, and told
// of; those that fill the room are not.
func TestDatagramTooLong(t *testing.T) {
	t.Parallel()
	netRow(t, "told", func(n *netTest) {
		n.run(func(ctx context.Context) {
			c := n.plainPeer()
			r := n.endpoint(ctx, asyncio.DatagramOptions{LocalAddress: "127.0.0.1:0", MaxSize: 100})
			n.posts(c, strings.Repeat("x", 101), r.transport.LocalAddr())
			n.posts(c, strings.Repeat("y", 100), r.transport.LocalAddr())
			n.until(ctx, "the second datagram", func() bool { return len(r.got) > 0 })
			var e *asyncio.DatagramTooLongError
			if len(r.errs) != 1 || !errors.As(r.errs[0], &e) || e.Limit != 100 || e.Size != 0 && e.Size != 101 || e.Addr.String() != c.LocalAddr().String() {
				n.Errorf("told %v", r.errs)
			}
			if len(r.got) != 1 || len(r.got[0]) != 100 || r.history() != "made error data" {
				n.Errorf("got %q, %s", r.got, r.history())
			}
			if text := e.Error(); !strings.Contains(text, "MaxSize") || !strings.Contains(text, c.LocalAddr().String()) {
				n.Error(text)
			}
		})
	})
	netRow(t, "longest", func(n *netTest) {
		n.run(func(ctx context.Context) {
			c, r := n.plainPeer(), n.endpoint(ctx, local)
			longest := strings.Repeat("z", 65507)
			n.posts(c, longest, r.transport.LocalAddr())
			n.until(ctx, "the datagram", func() bool { return len(r.got) > 0 })
			n.check(r.transport.SendTo([]byte(r.got[0]), c.LocalAddr()))
			if got := n.letters(c, 1); got[0] != longest || len(r.errs) != 0 {
				n.Errorf("%d bytes came, told %v", len(got[0]), r.errs)
			}
			n.check(r.transport.SendTo(make([]byte, 70_000), c.LocalAddr()))
			n.until(ctx, "what the system says", func() bool { return len(r.errs) > 0 })
			if e := new(asyncio.DatagramError); !errors.As(r.errs[0], &e) || e.Addr.String() != c.LocalAddr().String() || r.lost {
				n.Errorf("told %v", r.errs)
			}
		})
	})
}

// TestDatagramEmpty: empty datagrams go both ways, and are datagrams.
func TestDatagramEmpty(t *testing.T) {
	t.Parallel()
	dgramRow(t, "both-ways", func(ctx context.Context, n *netTest, c *testkit.UDPPeer, r *receiver) {
		n.posts(c, "", r.transport.LocalAddr())
		n.posts(c, "x", r.transport.LocalAddr())
		n.until(ctx, "both", func() bool { return len(r.got) == 2 })
		for _, text := range r.got {
			n.check(r.transport.SendTo([]byte(text), r.from[0]))
		}
		n.check(r.transport.SendTo(nil, c.LocalAddr()))
		if got := n.letters(c, 3); !slices.Equal(got, []string{"", "x", ""}) {
			n.Errorf("the peer got %q", got)
		}
	})
}

// TestDatagramProtocolLeaves: a protocol that does not return is reported, and the endpoint
// goes on; from ConnectionMade it does not.
func TestDatagramProtocolLeaves(t *testing.T) {
	t.Parallel()
	for how, leave := range map[string]func(){"panic": func() { panic(errBoom) }, "goexit": runtime.Goexit} {
		netRow(t, how, func(n *netTest) {
			n.expectErrors = true
			var r *receiver
			c := n.plainPeer()
			n.run(func(ctx context.Context) {
				r = n.endpoint(ctx, local, func(r *receiver) {
					r.onData = func(data []byte, _ net.Addr) {
						if string(data) == "leave" {
							leave()
						}
					}
				})
			})
			for i, text := range []string{"leave", "one", "leave", "two"} {
				n.posts(c, text, r.transport.LocalAddr())
				n.run(func(ctx context.Context) { n.until(ctx, "the datagram", func() bool { return len(r.got) > i }) })
			}
			if len(n.reported) != 2 || n.reported[0].Message != "protocol.datagram_received() failed" || n.reported[0].Protocol != any(r) || n.reported[0].Transport != any(r.transport) {
				n.Errorf("reported %+v", n.reported)
			}
			n.run(func(ctx context.Context) { n.aborts(ctx, r) })
			if r.lostErr != nil {
				n.Errorf("lost with %v", r.lostErr)
			}
		})
		t.Run("made/"+how, func(t *testing.T) {
			t.Parallel()
			overLoops(t, testkit.Unpinned, func(t *testing.T) {
				n := newNetTest(t)
				n.expectErrors = true
				r := &receiver{onMade: func(asyncio.DatagramTransport) { leave() }}
				n.run(func(ctx context.Context) {
					_, _, err := n.l.CreateDatagramEndpoint(ctx, func() asyncio.DatagramProtocol { return r }, &local)
					n.check(err) // as a connection whose protocol fails then
					n.until(ctx, "the end", func() bool { return r.lost })
				})
				if r.lostErr == nil || len(n.reported) != 1 || n.reported[0].Message != "Fatal error: protocol.ConnectionMade() call failed." {
					n.Errorf("lost with %v, reported %+v", r.lostErr, n.reported)
				}
			})
		})
	}
}
