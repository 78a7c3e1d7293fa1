package sock

import (
	"bytes"
	"errors"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

func inet(t testing.TB, s string) Addr {
	t.Helper()
	a, err := InetAddr(netip.MustParseAddrPort(s))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestAddrInet(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text   string
		family Family
	}{
		{"1.2.3.4:80", Inet4}, {"0.0.0.0:0", Inet4}, {"[::1]:65535", Inet6}, {"[::]:1", Inet6}, {"[::ffff:1.2.3.4]:5", Inet6},
	} {
		a := inet(t, c.text)
		ap := netip.MustParseAddrPort(c.text)
		if !a.IsValid() || a.Family() != c.family || a.Port() != ap.Port() || a.AddrPort() != ap || a.String() != c.text || a.Path() != "" {
			t.Errorf("%s became %v of family %v", c.text, a, a.Family())
		}
		if b := a.WithPort(7); b.Port() != 7 || b.AddrPort().Addr() != ap.Addr() || a.Port() != ap.Port() {
			t.Errorf("WithPort of %v: %v", a, b)
		}
		var raw RawAddr
		if n := a.Encode(&raw); Decode(raw.B[:n]) != a {
			t.Errorf("%v there and back: %v", a, Decode(raw.B[:n]))
		}
		for typ, want := range map[Type]string{Stream: "tcp", Datagram: "udp"} {
			na := a.NetAddr(typ)
			if na.Network() != want {
				t.Errorf("NetAddr(%v) of %v is %T", typ, a, na)
			}
			// Package net does not tell the forms of an IPv4 address apart.
			b, err := AddrOf(na)
			if back, can := b.In(c.family); err != nil || !can || back != a && !ap.Addr().IsUnspecified() {
				t.Errorf("%v there and back through %T: %v, %v", a, na, b, err)
			}
		}
	}
	if a, b := inet(t, "1.2.3.4:5"), inet(t, "1.2.3.4:5"); a != b {
		t.Error("equal addresses are not equal")
	}
}

func TestAddrZero(t *testing.T) {
	t.Parallel()
	var a Addr
	var raw RawAddr
	if a.IsValid() || a.NetAddr(Stream) != nil || a.AddrPort().IsValid() || a.String() != "invalid address" || a.Encode(&raw) != 0 {
		t.Errorf("the zero Addr is %v", a)
	}
	if _, ok := a.In(0); ok {
		t.Error("the zero Addr fits a family")
	}
	if _, err := InetAddr(netip.AddrPort{}); err == nil {
		t.Error("InetAddr of nothing is no error")
	}
}

func TestAddrIn(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in   string
		f    Family
		want string // "" if there is none
	}{
		{"1.2.3.4:5", Inet4, "1.2.3.4:5"},
		{"1.2.3.4:5", Inet6, "[::ffff:1.2.3.4]:5"},
		{"0.0.0.0:5", Inet6, "[::]:5"},
		{"[::]:5", Inet4, "0.0.0.0:5"},
		{"[::ffff:1.2.3.4]:5", Inet4, "1.2.3.4:5"},
		{"[::1]:5", Inet4, ""},
		{"1.2.3.4:5", Unix, ""},
		{"1.2.3.4:5", 0, ""},
	} {
		got, ok := inet(t, c.in).In(c.f)
		if ok != (c.want != "") || ok && got != inet(t, c.want) {
			t.Errorf("%s in %v is %v, %v; want %q", c.in, c.f, got, ok, c.want)
		}
	}
}

func TestAddrZone(t *testing.T) {
	t.Parallel()
	list, err := net.Interfaces()
	if err != nil || len(list) == 0 {
		// A zone is the name of an interface.
		t.Skipf("no interfaces: %v", err)
	}
	i := list[0]
	byName := inet(t, "[fe80::1%"+i.Name+"]:80")
	byNumber := inet(t, "[fe80::1%"+strconv.Itoa(i.Index)+"]:80")
	if byName != byNumber || byName.ScopeID() != uint32(i.Index) {
		t.Errorf("%s is %d by name and %d by number, want %d", i.Name, byName.ScopeID(), byNumber.ScopeID(), i.Index)
	}
	if zone := byNumber.AddrPort().Addr().Zone(); zone != i.Name {
		t.Errorf("zone %q, want %q", zone, i.Name)
	}
	if tcp := byName.NetAddr(Stream).(*net.TCPAddr); tcp.Zone != i.Name {
		t.Errorf("TCPAddr %v has zone %q", tcp, tcp.Zone)
	}
	if a, err := AddrOf(&net.UDPAddr{IP: net.ParseIP("fe80::1"), Port: 80, Zone: i.Name}); err != nil || a != byName {
		t.Errorf("AddrOf = %v, %v", a, err)
	}
	var raw RawAddr
	if n := byName.Encode(&raw); Decode(raw.B[:n]) != byName {
		t.Errorf("there and back: %v", Decode(raw.B[:n]))
	}
	if zone := inet(t, "[fe80::1%999999]:80").AddrPort().Addr().Zone(); zone != "999999" {
		t.Errorf("a number that no interface has came back as %q", zone)
	}
	var ae *net.AddrError
	if _, err := InetAddr(netip.MustParseAddrPort("[fe80::1%no-such-interface]:80")); !errors.As(err, &ae) {
		t.Errorf("unknown zone: %v", err)
	}
}

func TestAddrUnix(t *testing.T) {
	t.Parallel()
	longest := strings.Repeat("x", sunPathLen-1)
	for _, path := range []string{"", "x", "/tmp/a b", "a@b", longest} {
		a, err := UnixAddr(path)
		if err != nil || a.Path() != path || a.Family() != Unix {
			t.Errorf("UnixAddr(%q) = %v, %v", path, a, err)
		}
		var raw RawAddr
		if n := a.Encode(&raw); Decode(raw.B[:n]) != a {
			t.Errorf("%q there and back: %q", path, Decode(raw.B[:n]).Path())
		}
		if back, err := AddrOf(a.NetAddr(Stream)); err != nil || back != a {
			t.Errorf("%q through package net: %v, %v", path, back, err)
		}
	}
	for typ, network := range map[Type]string{Stream: "unix", Datagram: "unixgram", SeqPacket: "unixpacket"} {
		a, _ := UnixAddr("x")
		if got := a.NetAddr(typ).Network(); got != network {
			t.Errorf("network %q of a %v, want %q", got, typ, network)
		}
	}
	for _, path := range []string{longest + "x", "a\x00b"} {
		var wrong *UnixPathError
		_, err := UnixAddr(path)
		if !errors.As(err, &wrong) || !errors.Is(err, syscall.EINVAL) || strings.Contains(err.Error(), "zero") != (len(path) == 3) {
			t.Errorf("UnixAddr(%q): %v", path, err)
		}
	}
}

func TestAddrAbstract(t *testing.T) {
	t.Parallel()
	a, err := UnixAddr("\x00name")
	if !abstractNames {
		if err == nil {
			t.Error("an abstract name was taken")
		}
		return
	}
	if b, _ := UnixAddr("@name"); err != nil || a != b || a.Path() != "@name" {
		t.Errorf("%v, %v", a, err)
	}
	var raw RawAddr
	if n := a.Encode(&raw); Decode(raw.B[:n]) != a || raw.B[2] != 0 || n != 2+len("@name") {
		t.Errorf("encoded as %q", raw.B[:n])
	}
	// A file may have such a name too; what the kernel says about it stays true.
	file := Decode(append(bytes.Clone(raw.B[:2]), "@name"...))
	if n := file.Encode(&raw); file == a || Decode(raw.B[:n]) != file {
		t.Errorf("a file named @name became %q", raw.B[:n])
	}
	if _, err := UnixAddr("@na\x00me"); err == nil {
		t.Error("a NUL inside an abstract name was taken")
	}
	if _, err := UnixAddr("@" + strings.Repeat("x", sunPathLen-1)); err != nil {
		t.Errorf("the longest abstract name: %v", err)
	}
	if _, err := UnixAddr("@" + strings.Repeat("x", sunPathLen)); err == nil {
		t.Error("an abstract name that is too long was taken")
	}
}

// TestDecodePadded: what a completion brings has zeros behind it.
func TestDecodePadded(t *testing.T) {
	t.Parallel()
	addrs := []Addr{inet(t, "1.2.3.4:5"), inet(t, "[::1]:5")}
	for _, path := range []string{"", "x", "/tmp/a b", strings.Repeat("x", sunPathLen-1), "@name"} {
		a, err := UnixAddr(path)
		ok(t, err)
		addrs = append(addrs, a)
	}
	for _, a := range addrs {
		var raw RawAddr
		a.Encode(&raw)
		if got := DecodePadded(raw.B[:]); got != a {
			t.Errorf("%q became %q", a, got)
		}
	}
}

func TestAddrOfErrors(t *testing.T) {
	t.Parallel()
	for _, na := range []net.Addr{
		nil, (*net.TCPAddr)(nil), (*net.UDPAddr)(nil), (*net.UnixAddr)(nil),
		&net.IPAddr{IP: net.IPv4(1, 2, 3, 4)}, &net.TCPAddr{IP: net.IP{1, 2, 3}},
		&net.TCPAddr{IP: net.IPv4(1, 2, 3, 4), Port: 65536}, &net.UDPAddr{Port: -1},
	} {
		if a, err := AddrOf(na); err == nil || a.IsValid() {
			t.Errorf("AddrOf(%v) = %v, %v; want an error", na, a, err)
		}
	}
	if a, err := AddrOf(&net.TCPAddr{Port: 80}); err != nil || a != inet(t, "0.0.0.0:80") {
		t.Errorf("AddrOf of no IP address: %v, %v", a, err)
	}
}

// TestAbstract lets the kernel pick an abstract name and connects to it.
func TestAbstract(t *testing.T) {
	t.Parallel()
	if !abstractNames {
		// Linux alone has them; that others refuse them is tested with the addresses.
		t.Skip("the system has no abstract names")
	}
	any, err := UnixAddr("")
	ok(t, err)
	ln, a := listen(t, any)
	if !strings.HasPrefix(a.Path(), "@") {
		t.Fatalf("the kernel picked %q", a.Path())
	}
	connected(t, ln, a)
	again, err := UnixAddr(a.Path())
	if err != nil || again != a {
		t.Errorf("%v, %v; want %v", again, err, a)
	}
}

// FuzzDecode gives Decode what no kernel would, and checks that what it makes
// of it survives being encoded.
func FuzzDecode(f *testing.F) {
	var raw RawAddr
	for _, s := range []string{"1.2.3.4:5", "[::1]:5", "[fe80::1%1]:5"} {
		a := inet(f, s)
		f.Add(raw.B[:a.Encode(&raw)])
	}
	for _, s := range []string{"", "x", "@x"} {
		a, _ := UnixAddr(s)
		f.Add(raw.B[:a.Encode(&raw)])
	}
	f.Add(append(raw.B[:2:2], "@"...)) // a file of that name
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > sunPathLen {
			b = b[:sunPathLen]
		}
		a := Decode(b)
		if !a.IsValid() {
			return
		}
		var raw RawAddr
		if n := a.Encode(&raw); Decode(raw.B[:n]) != a {
			t.Fatalf("%x is %v, there and back %v", b, a, Decode(raw.B[:n]))
		}
	})
}
