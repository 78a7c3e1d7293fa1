package serve

import (
	"net"
	"testing"
)

func TestReadyAddress(t *testing.T) {
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
	} {
		if got := readyAddress(test.asked, test.addrs); got != test.want {
			t.Errorf("%s at %v: %s, want %s", test.asked, test.addrs, got, test.want)
		}
	}
}
