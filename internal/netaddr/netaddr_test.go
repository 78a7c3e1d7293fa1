package netaddr

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio/internal/sock"
)

func addr(t testing.TB, s string) sock.Addr {
	t.Helper()
	a, err := sock.InetAddr(netip.MustParseAddrPort(s))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestParse(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		network, address string
		want             Target
	}{
		{"tcp", "localhost:80", Target{Type: sock.Stream, Host: "localhost", Service: "80"}},
		{"tcp4", "localhost:http", Target{Type: sock.Stream, Family: sock.Inet4, Host: "localhost", Service: "http"}},
		{"tcp6", "[::1]:65535", Target{Type: sock.Stream, Family: sock.Inet6, Host: "::1", Service: "65535"}},
		{"udp", ":0", Target{Type: sock.Datagram, Service: "0"}},
		{"udp4", "127.0.0.1:", Target{Type: sock.Datagram, Family: sock.Inet4, Host: "127.0.0.1"}},
		{"udp6", "[fe80::1%lo0]:1", Target{Type: sock.Datagram, Family: sock.Inet6, Host: "fe80::1%lo0", Service: "1"}},
		{"unix", "/tmp/x:y", Target{Type: sock.Stream, Family: sock.Unix, Path: "/tmp/x:y"}},
		{"unixgram", "x", Target{Type: sock.Datagram, Family: sock.Unix, Path: "x"}},
		{"unixpacket", "x", Target{Type: sock.SeqPacket, Family: sock.Unix, Path: "x"}},
	} {
		c.want.Network = c.network
		if got, err := Parse(c.network, c.address); err != nil || got != c.want {
			t.Errorf("Parse(%q, %q) = %+v, %v; want %+v", c.network, c.address, got, err, c.want)
		}
	}
}

func TestParseErrors(t *testing.T) {
	t.Parallel()
	for _, network := range []string{"", "TCP", "tcp5", "ip", "file"} {
		var unknown net.UnknownNetworkError
		if _, err := Parse(network, "localhost:80"); !errors.As(err, &unknown) || string(unknown) != network {
			t.Errorf("Parse with network %q: %v", network, err)
		}
	}
	for _, c := range []struct{ network, address, says string }{
		{"tcp", "", "missing port"},
		{"tcp", "localhost", "missing port"},
		{"tcp", "::1:80", "too many colons"},
		{"tcp", "[::1]80", "missing port"},
		{"tcp", "[::1:80", "missing ']'"},
		{"tcp", "localhost:65536", "port out of range"},
		{"tcp", "localhost:99999999999999999999", "port out of range"},
		{"tcp", "local\x00host:80", "zero byte"},
		{"udp", "localhost:8\x000", "zero byte"},
		{"unix", strings.Repeat("x", 200), "too long"},
		{"unix", "a\x00b", "zero byte"},
	} {
		_, err := Parse(c.network, c.address)
		var ae *net.AddrError
		if !errors.As(err, &ae) || !strings.Contains(ae.Err, c.says) {
			t.Errorf("Parse(%q, %q): %v; want one that says %q", c.network, c.address, err, c.says)
		}
	}
}

// FuzzParse looks for input that makes Parse panic, or whose parts do not say
// the same as the whole.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"localhost:80", "[::1]:http", ":", "[", "]", "[]:", "::", "a\x00:1", "@x", "[fe80::1%1]:65536", "%:%"} {
		for n := range networks {
			f.Add(n, s)
		}
		f.Add("bogus", s)
	}
	f.Fuzz(func(t *testing.T, network, address string) {
		got, err := Parse(network, address)
		if err != nil {
			if got != (Target{}) || err.Error() == "" {
				t.Fatalf("%+v beside the error %v", got, err)
			}
			return
		}
		if got.Family == sock.Unix {
			if got.Path != address {
				t.Fatalf("path %q of %q", got.Path, address)
			}
			return
		}
		again, err := Parse(network, net.JoinHostPort(got.Host, got.Service))
		if err != nil || again != got {
			t.Fatalf("%q is %+v, put together again %+v (%v)", address, got, again, err)
		}
		if addrs, ok := Literal(network, got.Host, got.Service); ok && (len(addrs) != 1 || !addrs[0].IsValid()) {
			t.Fatalf("Literal(%q, %q, %q) = %v", network, got.Host, got.Service, addrs)
		}
	})
}

func TestLiteral(t *testing.T) {
	t.Parallel()
	take := func(t *testing.T, network, host, port, want string) {
		t.Helper()
		got, ok := Literal(network, host, port)
		if !ok || len(got) != 1 || got[0] != addr(t, want) {
			t.Errorf("Literal(%q, %q, %q) = %v, %v; want %s", network, host, port, got, ok, want)
		}
	}
	decline := func(t *testing.T, network, host, port string) {
		t.Helper()
		if got, ok := Literal(network, host, port); ok || got != nil {
			t.Errorf("Literal(%q, %q, %q) = %v, %v; want it declined", network, host, port, got, ok)
		}
	}
	t.Run("base.001a.ipaddr-literal-skips-lookup", func(t *testing.T) {
		t.Parallel()
		for _, network := range []string{"tcp", "tcp4", "udp", "udp4"} {
			take(t, network, "1.2.3.4", "1", "1.2.3.4:1")
			got, _ := Literal(network, "1.2.3.4", "1")
			if got[0].Family() != sock.Inet4 {
				t.Errorf("family %v", got[0].Family())
			}
		}
		for _, host := range []string{"", "localhost", "1.2.3", "1.2.3.4.5", "01.2.3.4", "1.2.3.256", " 1.2.3.4"} {
			decline(t, "tcp", host, "1")
		}
		decline(t, "unix", "1.2.3.4", "1")
		decline(t, "ip", "1.2.3.4", "1")
	})
	t.Run("base.001b.ipaddr-ipv6-literal", func(t *testing.T) {
		t.Parallel()
		for _, network := range []string{"tcp", "tcp6", "udp", "udp6"} {
			take(t, network, "::3", "1", "[::3]:1")
			take(t, network, "::ffff:1.2.3.4", "1", "[::ffff:1.2.3.4]:1")
			got, _ := Literal(network, "::3", "1")
			if got[0].Family() != sock.Inet6 || got[0].ScopeID() != 0 {
				t.Errorf("family %v, scope %d", got[0].Family(), got[0].ScopeID())
			}
		}
	})
	t.Run("base.001c.ipaddr-family-mismatch", func(t *testing.T) {
		t.Parallel()
		decline(t, "tcp6", "1.2.3.4", "1")
		decline(t, "udp6", "1.2.3.4", "1")
		decline(t, "tcp4", "::3", "1")
		decline(t, "udp4", "::3", "1")
		decline(t, "tcp4", "::ffff:1.2.3.4", "1")
	})
	t.Run("base.001d.ipaddr-zone-declines", func(t *testing.T) {
		t.Parallel()
		decline(t, "tcp", "::3%lo0", "1")
		decline(t, "tcp6", "::3%lo0", "1")
		decline(t, "udp", "fe80::1%1", "1")
		// The ordinary look-up has an answer for one whose zone there is.
		got, err := System{}.Resolve(t.Context(), "tcp6", "fe80::1%1", "80")
		if err != nil || len(got) != 1 || got[0].ScopeID() != 1 || got[0].Port() != 80 {
			t.Errorf("Resolve = %v, %v", got, err)
		}
	})
	t.Run("base.002.port-forms", func(t *testing.T) {
		t.Parallel()
		take(t, "tcp", "1.2.3.4", "", "1.2.3.4:0")
		take(t, "tcp", "1.2.3.4", "0", "1.2.3.4:0")
		take(t, "tcp", "1.2.3.4", "1", "1.2.3.4:1")
		take(t, "tcp", "1.2.3.4", "0080", "1.2.3.4:80")
		take(t, "udp", "::1", "65535", "[::1]:65535")
		for _, port := range []string{"http", "65536", "-1", "+1", " 1", "1.0"} {
			decline(t, "tcp", "1.2.3.4", port)
		}
	})
}

func TestInterleave(t *testing.T) {
	t.Parallel()
	four := func(n byte) sock.Addr { return mustAddr(netip.AddrFrom4([4]byte{0, 0, 0, n}), 1) }
	six := func(n byte) sock.Addr { return mustAddr(netip.AddrFrom16([16]byte{15: n}), 1) }
	t.Run("base.101.interleave-families", func(t *testing.T) {
		t.Parallel()
		in := []sock.Addr{six(1), six(2), six(3), four(1), four(2), six(4)}
		for n, want := range map[int][]sock.Addr{
			0:  in,
			1:  {six(1), four(1), six(2), four(2), six(3), six(4)},
			2:  {six(1), six(2), four(1), six(3), four(2), six(4)},
			3:  {six(1), six(2), six(3), four(1), six(4), four(2)},
			4:  {six(1), six(2), six(3), six(4), four(1), four(2)},
			9:  {six(1), six(2), six(3), six(4), four(1), four(2)},
			-1: in,
		} {
			if got := Interleave(in, n); !slices.Equal(got, want) {
				t.Errorf("n = %d: %v, want %v", n, got, want)
			}
		}
		for _, c := range []struct {
			n     int
			delay time.Duration
			want  int
		}{{0, 0, 0}, {0, time.Second, 1}, {3, 0, 3}, {3, time.Second, 3}} {
			if got := InterleaveCount(c.n, c.delay); got != c.want {
				t.Errorf("InterleaveCount(%d, %v) = %d, want %d", c.n, c.delay, got, c.want)
			}
		}
	})
	t.Run("property", func(t *testing.T) {
		t.Parallel()
		const seed = 1
		rnd := rand.New(rand.NewPCG(seed, 0))
		for range 2000 {
			in := make([]sock.Addr, rnd.IntN(10))
			for i := range in {
				if in[i] = four(byte(rnd.IntN(5))); rnd.IntN(2) == 0 {
					in[i] = six(byte(rnd.IntN(5)))
				}
			}
			n := rnd.IntN(6)
			checkInterleaved(t, slices.Clone(in), Interleave(in, n), n)
		}
	})
}

// checkInterleaved checks that out is in, no family's own order changed, the
// first family's first n in front, and no family twice in a row after that
// while another one has addresses left.
func checkInterleaved(t *testing.T, in, out []sock.Addr, n int) {
	t.Helper()
	of := func(addrs []sock.Addr, f sock.Family) (list []sock.Addr) {
		for _, a := range addrs {
			if a.Family() == f {
				list = append(list, a)
			}
		}
		return list
	}
	if len(in) != len(out) {
		t.Fatalf("%v became %v", in, out)
	}
	for _, f := range []sock.Family{sock.Inet4, sock.Inet6} {
		if !slices.Equal(of(in, f), of(out, f)) {
			t.Fatalf("n = %d: %v became %v", n, in, out)
		}
	}
	if n == 0 || len(in) == 0 {
		if !slices.Equal(in, out) {
			t.Fatalf("n = %d: %v became %v", n, in, out)
		}
		return
	}
	first := in[0].Family()
	for i, a := range out[:min(n, len(of(in, first)))] {
		if a.Family() != first {
			t.Fatalf("n = %d: address %d of %v is not of the first family", n, i, out)
		}
	}
	for i := n; i < len(out); i++ {
		if f := out[i].Family(); f == out[i-1].Family() && len(of(out[i:], f)) != len(out[i:]) {
			t.Fatalf("n = %d: %v repeats a family at %d with another one left", n, out, i)
		}
	}
}

func TestDedup(t *testing.T) {
	t.Parallel()
	a, b, c := addr(t, "1.2.3.4:1"), addr(t, "1.2.3.4:2"), addr(t, "[::1]:1")
	if got, want := Dedup([]sock.Addr{a, b, a, c, b}), []sock.Addr{a, b, c}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if got := Dedup(nil); len(got) != 0 {
		t.Errorf("of nothing: %v", got)
	}
}

func TestLocal(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"0.0.0.0:1": "127.0.0.1:1", "[::]:1": "[::1]:1", "1.2.3.4:1": "1.2.3.4:1", "[::3]:1": "[::3]:1",
	} {
		if got := Local(addr(t, in)); got != addr(t, want) {
			t.Errorf("Local(%s) = %v, want %s", in, got, want)
		}
	}
	u, err := sock.UnixAddr("x")
	if err != nil {
		t.Fatal(err)
	}
	if got := Local(u); got != u {
		t.Errorf("Local(%v) = %v", u, got)
	}
}

func TestSystemResolve(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		network, host, service string
		want                   []string
	}{
		{"tcp", "", "80", []string{"[::]:80", "0.0.0.0:80"}},
		{"tcp4", "", "", []string{"0.0.0.0:0"}},
		{"udp6", "", "0", []string{"[::]:0"}},
		{"tcp", "1.2.3.4", "http", []string{"1.2.3.4:80"}},
		{"udp", "1.2.3.4", "domain", []string{"1.2.3.4:53"}},
		{"tcp6", "::3", "https", []string{"[::3]:443"}},
		{"tcp4", "localhost", "http", []string{"127.0.0.1:80"}},
	} {
		got, err := System{}.Resolve(t.Context(), c.network, c.host, c.service)
		var want []sock.Addr
		for _, s := range c.want {
			want = append(want, addr(t, s))
		}
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("Resolve(%q, %q, %q) = %v, %v; want %v", c.network, c.host, c.service, got, err, want)
		}
	}
}

func TestSystemResolveErrors(t *testing.T) {
	t.Parallel()
	for _, c := range [][3]string{
		{"unix", "x", ""}, {"sctp", "1.2.3.4", "1"},
		{"tcp", "1.2.3.4", "no-such-service"}, {"tcp", "1.2.3.4", "65536"}, {"tcp", "1.2.3.4", "-1"},
		{"tcp4", "::3", "1"}, {"tcp6", "1.2.3.4", "1"},
		{"tcp6", "fe80::1%no-such-interface", "1"},
	} {
		if got, err := (System{}).Resolve(t.Context(), c[0], c[1], c[2]); err == nil || got != nil {
			t.Errorf("Resolve%q = %v, %v; want an error", c, got, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := (System{}).Resolve(ctx, "tcp", "name.invalid", "1"); err == nil {
		t.Error("a look-up with a context that is done succeeded")
	}
}

// TestSystemResolver asks a resolver of the test's own, whose name server does
// not answer: its error comes out.
func TestSystemResolver(t *testing.T) {
	t.Parallel()
	errDown := errors.New("name server down")
	s := System{Names: &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		return nil, errDown
	}}}
	_, err := s.Resolve(t.Context(), "tcp", "host.invalid", "1")
	var dns *net.DNSError
	if !errors.As(err, &dns) || dns.Name != "host.invalid" {
		t.Errorf("%v (%T)", err, err)
	}
}
