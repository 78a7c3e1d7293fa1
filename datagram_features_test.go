package asyncio_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
)

// TestDatagramBothFamilies: the empty host is every interface, of both families, and an
// endpoint answers peers of both by the addresses that it was told.
func TestDatagramBothFamilies(t *testing.T) {
	t.Parallel()
	netRow(t, "answers-both", func(n *netTest) {
		needIPv6(n.T)
		n.run(func(ctx context.Context) {
			server := n.endpoint(ctx, asyncio.DatagramOptions{LocalAddress: ":0"})
			server.onData = func(data []byte, from net.Addr) { n.check(server.transport.SendTo(data, from)) }
			_, port, err := net.SplitHostPort(server.transport.LocalAddr().String())
			n.check(err)
			for _, host := range []string{"127.0.0.1", "::1"} {
				client := n.endpoint(ctx, asyncio.DatagramOptions{RemoteAddress: net.JoinHostPort(host, port)})
				n.check(client.transport.SendTo([]byte(host), nil))
				n.until(ctx, "the answer over "+host, func() bool { return len(client.got) > 0 })
				if from := server.from[len(server.from)-1].String(); from != client.transport.LocalAddr().String() {
					n.Errorf("the server was told %s, it is %v", from, client.transport.LocalAddr())
				}
				n.aborts(ctx, client)
			}
			n.aborts(ctx, server)
		})
	})
	netRow(t, "udp6-alone", func(n *netTest) {
		needIPv6(n.T)
		n.run(func(ctx context.Context) {
			server := n.endpoint(ctx, asyncio.DatagramOptions{Network: "udp6", LocalAddress: ":0"})
			_, port, err := net.SplitHostPort(server.transport.LocalAddr().String())
			n.check(err)
			c, err := net.Dial("udp4", "127.0.0.1:"+port)
			n.check(err)
			_, _ = c.Write([]byte("over IPv4"))
			six, err := net.Dial("udp6", "[::1]:"+port)
			n.check(err)
			_, err = six.Write([]byte("over IPv6"))
			n.check(errors.Join(err, c.Close(), six.Close()))
			n.until(ctx, "the datagram", func() bool { return len(server.got) > 0 })
			if server.got[0] != "over IPv6" {
				n.Errorf("got %q", server.got)
			}
			n.aborts(ctx, server)
		})
	})
}

// TestDatagramReusePort: several endpoints have one port, if all say so.
func TestDatagramReusePort(t *testing.T) {
	t.Parallel()
	netRow(t, "shared", func(n *netTest) {
		n.run(func(ctx context.Context) {
			one, err := n.create(ctx, asyncio.DatagramOptions{LocalAddress: "127.0.0.1:0", ReusePort: true})
			if !hasReusePort {
				wantError(n, err, asyncio.ErrInvalidArgument)
				return
			}
			n.check(err)
			o := asyncio.DatagramOptions{LocalAddress: one.transport.LocalAddr().String(), ReusePort: true}
			two := n.endpoint(ctx, o)
			if two.transport.LocalAddr().String() != o.LocalAddress {
				n.Errorf("at %v", two.transport.LocalAddr())
			}
			o.ReusePort = false
			r, err := n.create(ctx, o)
			if !errors.Is(err, asyncio.ErrAddrInUse) || r != nil {
				n.Errorf("without a word: %v", err)
			}
			n.aborts(ctx, one)
			n.aborts(ctx, two)
		})
	})
}

// TestDatagramMulticast: members get what is sent to their group, until they leave it.
func TestDatagramMulticast(t *testing.T) {
	t.Parallel()
	netRow(t, "members", func(n *netTest) {
		lo := loopback(n)
		// Each has a group of its own: Linux gives a socket what comes for its port to any
		// group of which anybody on the machine is a member (IP_MULTICAST_ALL of ip(7)).
		group := asyncio.MulticastGroup{Addr: netip.AddrFrom4([4]byte{239, 255, 77, byte(groups.Add(1))}), Interface: lo}
		n.run(func(ctx context.Context) {
			member := n.endpoint(ctx, asyncio.DatagramOptions{LocalAddress: ":0", Groups: []asyncio.MulticastGroup{group}})
			if ip := member.transport.LocalAddr().(*net.UDPAddr).IP; ip.To4() == nil {
				n.Errorf("the group is of IPv4, the socket at %v", ip)
			}
			sender := n.endpoint(ctx, asyncio.DatagramOptions{Network: "udp4", MulticastInterface: lo, MulticastTTL: 1})
			to := &net.UDPAddr{IP: group.Addr.AsSlice(), Port: member.transport.LocalAddr().(*net.UDPAddr).Port}
			directly := &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: to.Port}
			says := func(text string, want bool) {
				n.Helper()
				before := len(member.got)
				n.check(sender.transport.SendTo([]byte(text), to))
				n.check(sender.transport.SendTo([]byte("directly"), directly))
				n.until(ctx, "what is sent to the member itself", func() bool {
					return len(member.got) > before && member.got[len(member.got)-1] == "directly"
				})
				if got := len(member.got)-before == 2; got != want {
					n.Errorf("%s: got %q", text, member.got[before:])
				}
			}
			says("to a member", true)
			n.check(member.transport.LeaveGroup(group))
			says("to one who has left", false)
			n.check(member.transport.JoinGroup(group))
			says("to a member again", true)
			if err := member.transport.JoinGroup(group); err == nil || !strings.HasPrefix(err.Error(), "asyncio: JoinGroup: ") {
				n.Errorf("joined twice: %v", err)
			}
			n.aborts(ctx, member)
			n.aborts(ctx, sender)
		})
	})
}

// groups counts the groups of the tests.
var groups atomic.Int32

// loopback is the name of the loopback interface. A test for which it takes multicasts is
// skipped where it does not.
func loopback(n *netTest) string {
	n.Helper()
	all, err := net.Interfaces()
	n.check(err)
	for _, i := range all {
		if i.Flags&net.FlagLoopback != 0 {
			return i.Name
		}
	}
	n.Skip("there is no loopback interface by a name here") // under Wine; what is tested is how a name is found
	return ""
}

// TestDatagramAddresses: what is said of a peer is one value for all that it sends, and a
// user who changes it changes it for himself.
func TestDatagramAddresses(t *testing.T) {
	t.Parallel()
	dgramRow(t, "kept", func(ctx context.Context, n *netTest, c *testkit.UDPPeer, r *receiver) {
		second := n.plainPeer()
		for i, from := range []*testkit.UDPPeer{c, second, c, c} {
			n.posts(from, "x", r.transport.LocalAddr())
			n.until(ctx, "the datagram", func() bool { return len(r.got) > i })
		}
		if r.from[0] != r.from[2] || r.from[0] != r.from[3] || r.from[0] == r.from[1] {
			n.Errorf("%p %p %p %p", r.from[0], r.from[1], r.from[2], r.from[3])
		}
		r.from[0].(*net.UDPAddr).Port = 1
		n.posts(c, "x", r.transport.LocalAddr())
		n.until(ctx, "the datagram", func() bool { return len(r.got) > 4 })
		if r.from[4].String() != c.LocalAddr().String() {
			n.Errorf("the peer is %v", r.from[4])
		}
	})
}

// TestDatagramProtocolChanges: another protocol gets what comes from then on.
func TestDatagramProtocolChanges(t *testing.T) {
	t.Parallel()
	dgramRow(t, "other", func(ctx context.Context, n *netTest, c *testkit.UDPPeer, first *receiver) {
		second := &receiver{}
		n.posts(c, "one", first.transport.LocalAddr())
		n.until(ctx, "the first", func() bool { return len(first.got) > 0 })
		n.check(first.transport.SetProtocol(second))
		n.posts(c, "two", first.transport.LocalAddr())
		n.until(ctx, "the second", func() bool { return len(second.got) > 0 })
		if first.transport.GetProtocol() != asyncio.DatagramProtocol(second) {
			n.Error("GetProtocol gives another one")
		}
		n.check(first.transport.Close())
		n.until(ctx, "the end", func() bool { return second.lost })
		if first.history() != "made data" || second.history() != "data lost" {
			n.Errorf("%s; %s", first.history(), second.history())
		}
		first.lost = true // which the row waits for
	})
}
