package serve

import (
	"net"
	"testing"
)

func TestReady(t *testing.T) {
	t.Parallel()
	four, six := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 7}, &net.TCPAddr{IP: net.IPv6loopback, Port: 7}
	for _, test := range []struct {
		asked string
		addrs []net.Addr
		want  string
	}{
		{"127.0.0.1:0", []net.Addr{four}, "127.0.0.1:7"},
		{"localhost:0", []net.Addr{six}, "[::1]:7"},
		{"localhost:0", []net.Addr{four, six}, "localhost:7"},
		{":0", []net.Addr{four, six}, "127.0.0.1:7"},
		{"tcp:127.0.0.1:0", []net.Addr{four}, "127.0.0.1:7"},
		{"udp:127.0.0.1:0", []net.Addr{&net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 7}}, "udp:127.0.0.1:7"},
		{"unix:/tmp/s", []net.Addr{&net.UnixAddr{Name: "/tmp/s", Net: "unix"}}, "unix:/tmp/s"},
		{"unix:@a:b", []net.Addr{&net.UnixAddr{Name: "@a:b", Net: "unix"}}, "unix:@a:b"},
	} {
		at, err := endpointOf(test.asked)
		if err != nil {
			t.Fatal(err)
		}
		if got := at.ready(test.addrs); got != test.want {
			t.Errorf("%s at %v: %s, want %s", test.asked, test.addrs, got, test.want)
		}
	}
}
