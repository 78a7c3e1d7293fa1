package netaddr_test

import (
	"net"
	"net/netip"
	"testing"

	"github.com/go-asyncio/asyncio/internal/netaddr"
	"github.com/go-asyncio/asyncio/internal/sock"
)

// peerAddr is the address of a peer by its number.
func peerAddr(t testing.TB, number int) sock.Addr {
	t.Helper()
	a, err := sock.InetAddr(netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, byte(number >> 8), byte(number)}), 53))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// TestPeersAreValues: one peer has one value, different ones have different ones, and all
// say what they are to say.
func TestPeersAreValues(t *testing.T) {
	t.Parallel()
	udp6, err := sock.InetAddr(netip.MustParseAddrPort("[2001:db8::1]:53"))
	if err != nil {
		t.Fatal(err)
	}
	path, err := sock.UnixAddr("/tmp/there")
	if err != nil {
		t.Fatal(err)
	}
	p := netaddr.NewPeers(sock.Datagram)
	for _, c := range []struct {
		a       sock.Addr
		network string
		text    string
	}{{peerAddr(t, 1), "udp", "10.0.0.1:53"}, {udp6, "udp", "[2001:db8::1]:53"}, {path, "unixgram", "/tmp/there"}} {
		first := p.Of(c.a)
		p.Of(peerAddr(t, 2))
		if again := p.Of(c.a); first != again || first.Network() != c.network || first.String() != c.text {
			t.Errorf("%v and %v, want %s %s twice", first, again, c.network, c.text)
		}
	}
	if got := p.Of(sock.Addr{}); got != nil {
		t.Errorf("no address is %v", got)
	}
}

// TestPeersAreNotChanged: who changes what he was given changes nothing for others.
func TestPeersAreNotChanged(t *testing.T) {
	t.Parallel()
	path, err := sock.UnixAddr("/tmp/there")
	if err != nil {
		t.Fatal(err)
	}
	a := peerAddr(t, 1)
	for name, change := range map[string]func(u *net.UDPAddr){
		"ip":   func(u *net.UDPAddr) { u.IP[0] = 9 },
		"port": func(u *net.UDPAddr) { u.Port = 1 },
		"zone": func(u *net.UDPAddr) { u.Zone = "x" },
		"size": func(u *net.UDPAddr) { u.IP = nil },
	} {
		for _, between := range []bool{false, true} {
			p := netaddr.NewPeers(sock.Datagram)
			change(p.Of(a).(*net.UDPAddr))
			if between {
				p.Of(peerAddr(t, 2))
			}
			if got := p.Of(a).String(); got != "10.0.0.1:53" {
				t.Errorf("%s changed (another between: %v): the peer is %s", name, between, got)
			}
		}
	}
	p := netaddr.NewPeers(sock.Datagram)
	p.Of(path).(*net.UnixAddr).Name = "elsewhere"
	if got := p.Of(path).String(); got != "/tmp/there" {
		t.Errorf("the peer is at %s", got)
	}
}

// TestPeersAreAnswered: the address of the last one asked for is known at once, unless it is
// another value or was changed.
func TestPeersAreAnswered(t *testing.T) {
	t.Parallel()
	p := netaddr.NewPeers(sock.Datagram)
	if _, ok := p.Answered(nil); ok {
		t.Error("nobody was asked for")
	}
	first := p.Of(peerAddr(t, 1))
	last := p.Of(peerAddr(t, 2)).(*net.UDPAddr)
	if a, ok := p.Answered(last); !ok || a != peerAddr(t, 2) {
		t.Errorf("%v, %v", a, ok)
	}
	same := *last
	for what, a := range map[string]net.Addr{"another": first, "an equal one": &same, "nobody": nil} {
		if _, ok := p.Answered(a); ok {
			t.Errorf("%s is known", what)
		}
	}
	last.Port++
	if _, ok := p.Answered(last); ok {
		t.Error("one that was changed is known")
	}
}

// TestPeersAreBounded: of very many peers, those that were heard of lately are kept, and
// no more than that.
func TestPeersAreBounded(t *testing.T) {
	t.Parallel()
	p := netaddr.NewPeers(sock.Datagram)
	regular := p.Of(peerAddr(t, 0))
	early := p.Of(peerAddr(t, 1))
	for i := range 50_000 {
		p.Of(peerAddr(t, 2+i))
		if i%500 == 0 && p.Of(peerAddr(t, 0)) != regular {
			t.Fatalf("a regular peer is a new one after %d others", i)
		}
	}
	if p.Of(peerAddr(t, 1)) == early {
		t.Error("a peer that was not heard of for long is still known")
	}
}

// TestPeersCostNothing: a peer that is known costs no memory, whoever else is.
func TestPeersCostNothing(t *testing.T) { // not in parallel: it counts allocations
	p := netaddr.NewPeers(sock.Datagram)
	var addrs []sock.Addr
	for i := range 1000 {
		addrs = append(addrs, peerAddr(t, i))
		p.Of(addrs[i])
	}
	i := 0
	if n := testing.AllocsPerRun(2000, func() { p.Of(addrs[i%len(addrs)]); i++ }); n != 0 {
		t.Errorf("%v allocations for a peer", n)
	}
}

func BenchmarkPeers(b *testing.B) {
	for name, peers := range map[string]int{"one": 1, "fifty": 50} {
		b.Run(name, func(b *testing.B) {
			p := netaddr.NewPeers(sock.Datagram)
			var addrs []sock.Addr
			for i := range peers {
				addrs = append(addrs, peerAddr(b, i))
			}
			for i := range b.N {
				p.Of(addrs[i%peers])
			}
		})
	}
}
