package testkit

import (
	"net/netip"
	"testing"

	"github.com/go-asyncio/asyncio/internal/sock"
)

// Unserved returns an address of the loopback interface that nobody listens on until the
// test ends: a socket is bound to it, so that it is given to nobody else, and does not
// listen.
func Unserved(t testing.TB) string {
	t.Helper()
	fd, err := sock.Open(sock.Inet4, sock.Stream)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sock.Close(fd) })
	return bindLoopback(t, fd)
}

// WithFreePort calls f with an address of the loopback interface whose port was free a
// moment ago, and again with another one if f returns an error: somebody may have taken it
// meanwhile. It returns f's last error.
func WithFreePort(t testing.TB, f func(addr string) error) (err error) {
	t.Helper()
	const tries = 20
	for range tries {
		if err = f(freePort(t)); err == nil {
			break
		}
	}
	return err
}

// freePort returns an address that was free a moment ago.
func freePort(t testing.TB) string {
	t.Helper()
	fd, err := sock.Open(sock.Inet4, sock.Stream)
	if err != nil {
		t.Fatal(err)
	}
	defer sock.Close(fd)
	return bindLoopback(t, fd)
}

// bindLoopback binds a socket to a port that the system picks.
func bindLoopback(t testing.TB, fd uintptr) string {
	t.Helper()
	a, err := sock.InetAddr(netip.MustParseAddrPort("127.0.0.1:0"))
	if err == nil {
		err = sock.Bind(fd, a)
	}
	if err == nil {
		a, err = sock.SockName(fd)
	}
	if err != nil {
		t.Fatal(err)
	}
	return a.String()
}
