package asyncio_test

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit/certs"
)

// tlsVersions are those that the tests of TLS are about, by their names.
var tlsVersions = map[string]uint16{"TLS-1.2": tls.VersionTLS12, "TLS-1.3": tls.VersionTLS13}

// only is a configuration that speaks this version alone.
func only(version uint16, c *tls.Config) *tls.Config {
	c.MinVersion, c.MaxVersion = version, version
	return c
}

// forClient and forServer go together.
func forClient() *tls.Config { return certs.Default().Client() }
func forServer() *tls.Config { return certs.Default().Server() }

// serveTLS makes a server of TLS on a port of the loopback interface whose protocols are
// returned as they are made.
func (n *netTest) serveTLS(ctx context.Context, c *tls.Config, made func(*recorder), options ...func(*asyncio.ServerOptions)) (*asyncio.Server, string) {
	n.Helper()
	o := &asyncio.ServerOptions{TLS: c}
	for _, change := range options {
		change(o)
	}
	s, err := n.l.CreateServer(ctx, func() asyncio.Protocol {
		r := &recorder{}
		if made != nil {
			made(r)
		}
		return r
	}, "tcp", "127.0.0.1:0", o)
	if err != nil {
		n.Fatal(err)
	}
	return s, s.Addrs()[0].String()
}

// connectTLS connects a protocol by TLS.
func (n *netTest) connectTLS(ctx context.Context, p asyncio.Protocol, addr string, c *tls.Config, options ...func(*asyncio.ConnectionOptions)) (asyncio.Transport, error) {
	n.Helper()
	if c == nil {
		c = forClient()
	}
	o := &asyncio.ConnectionOptions{TLS: c}
	for _, change := range options {
		change(o)
	}
	t, _, err := n.l.CreateConnection(ctx, func() asyncio.Protocol { return p }, "tcp", addr, o)
	return t, err
}

// pairTLS makes a connection of TLS between two recorders, which speak it as the
// configurations say; nil is what goes together.
func (n *netTest) pairTLS(ctx context.Context, c, s *tls.Config, options ...func(client, server *recorder)) (client, server *recorder) {
	n.Helper()
	if s == nil {
		s = forServer()
	}
	client = &recorder{}
	listening, addr := n.serveTLS(ctx, s, func(r *recorder) {
		server = r
		for _, o := range options {
			o(client, server)
		}
	})
	if _, err := n.connectTLS(ctx, client, addr, c); err != nil {
		n.Fatal(err)
	}
	n.until(ctx, "the server's side", func() bool { return server != nil && server.transport != nil })
	listening.Close()
	return client, server
}

// closesTLS closes one side of a pair and waits until both have ended, without an error.
func (n *netTest) closesTLS(ctx context.Context, one, other *recorder) {
	n.Helper()
	n.check(one.transport.Close())
	n.until(ctx, "the end of both sides", func() bool { return one.lost && other.lost })
	if one.lostErr != nil || other.lostErr != nil {
		n.Error("lost with", one.lostErr, other.lostErr)
	}
}

// streamPeer accepts one connection, with which serve deals on a goroutine; it is closed after
// it. What serve returns is an error of the test, and the test waits for it.
func (n *netTest) streamPeer(serve func(c *net.TCPConn) error) (addr string) {
	n.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		n.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		defer close(done)
		c, err := l.Accept()
		if err != nil {
			return // closed
		}
		defer c.Close()
		_ = c.SetDeadline(time.Now().Add(patience))
		if err := serve(c.(*net.TCPConn)); err != nil {
			done <- err
		}
	}()
	n.Cleanup(func() {
		l.Close()
		if err := <-done; err != nil {
			n.Errorf("the peer: %v", err)
		}
	})
	return l.Addr().String()
}

// tlsPeer is streamPeer for a server of TLS of Go's own. It ends as one should: with a word, and
// not before the other side has.
func (n *netTest) tlsPeer(config *tls.Config, serve func(c *tls.Conn) error) (addr string) {
	n.Helper()
	return n.streamPeer(func(c *net.TCPConn) error {
		t := tls.Server(c, config)
		if err := t.Handshake(); err != nil {
			return err
		}
		if err := serve(t); err != nil {
			return err
		}
		_ = t.CloseWrite()
		_, _ = io.Copy(io.Discard, t)
		return nil
	})
}

// tlsClient has f speak with a server by Go's own TLS, on a goroutine. The result is what f
// returns.
func (n *netTest) tlsClient(addr string, config *tls.Config, f func(c *tls.Conn) error) <-chan error {
	n.Helper()
	done := make(chan error, 1)
	if config == nil {
		config = forClient()
		config.ServerName = "localhost"
	}
	ended := make(chan struct{})
	n.Cleanup(func() { <-ended })
	go func() {
		defer close(ended)
		done <- func() error {
			d := &net.Dialer{Deadline: time.Now().Add(patience)}
			c, err := tls.DialWithDialer(d, "tcp", addr, config)
			if err != nil {
				return err
			}
			defer c.Close()
			_ = c.SetDeadline(time.Now().Add(patience))
			return f(c)
		}()
	}()
	return done
}

// loggedNothing fails the test for what the loop has logged, but that the machine is busy.
func (n *netTest) loggedNothing() {
	n.Helper()
	for line := range strings.Lines(n.log.String()) {
		if !strings.Contains(line, "Event loop ") {
			n.Errorf("logged: %s", line)
		}
	}
}

// life is history without what depends upon how fast the system takes what is written.
func (r *recorder) life() string {
	return strings.Join(slices.DeleteFunc(slices.Clone(r.events), func(e string) bool { return e == "pause" || e == "resume" }), " ")
}

// tlsRow is netRow in a coroutine.
func tlsRow(t *testing.T, row string, f func(ctx context.Context, n *netTest)) {
	t.Helper()
	netRow(t, row, func(n *netTest) { n.run(func(ctx context.Context) { f(ctx, n) }) })
}

// eachTLS is tlsRow for each version.
func eachTLS(t *testing.T, row string, f func(ctx context.Context, n *netTest, version uint16)) {
	t.Helper()
	netRow(t, row, func(n *netTest) {
		for _, v := range tlsVersions {
			n.run(func(ctx context.Context) { f(ctx, n, v) })
		}
	})
}
