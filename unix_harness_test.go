package asyncio_test

import (
	"context"
	"errors"
	"net"
	"os"
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
)

// unixRow is netRow for a row about unix sockets, with a path for one of them.
func unixRow(t *testing.T, row string, f func(n *netTest, path string)) {
	t.Helper()
	if !testkit.HasUnixSockets() {
		return // TestUnixUnsupported looks at what is said there
	}
	netRow(t, row, func(n *netTest) { f(n, testkit.SocketPath(n)) })
}

// serveUnix makes a server on a path.
func (n *netTest) serveUnix(ctx context.Context, path string, o *asyncio.ServerOptions, made func(*recorder)) *asyncio.Server {
	n.Helper()
	s, err := n.l.CreateUnixServer(ctx, func() asyncio.Protocol {
		r := &recorder{}
		if made != nil {
			made(r)
		}
		return r
	}, path, o)
	if err != nil {
		n.Fatal(err)
	}
	return s
}

// echoes has a recorder send back what it gets.
func echoes(r *recorder) { r.onData = func(p []byte) { r.transport.Write(p) } }

// talks connects to a server that echoes, and hears from it.
func (n *netTest) talks(ctx context.Context, path string) {
	n.Helper()
	client := &recorder{onMade: func(t asyncio.Transport) { t.Write([]byte("hello")) }}
	tr, _, err := n.l.CreateUnixConnection(ctx, func() asyncio.Protocol { return client }, path, nil)
	if err != nil {
		n.Fatal(err)
	}
	n.until(ctx, "the answer", func() bool { return string(client.data) == "hello" })
	n.check(tr.Close())
	n.until(ctx, "the end", func() bool { return client.lost })
}

// ends closes a server and waits until it is over.
func (n *netTest) ends(ctx context.Context, s *asyncio.Server) {
	n.Helper()
	s.Close()
	s.AbortClients()
	n.check(s.WaitClosed(ctx))
}

// exists tells whether there is a file.
func (n *netTest) exists(path string) bool {
	n.Helper()
	_, err := os.Lstat(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		n.Error(err)
	}
	return err == nil
}

// listenUnix is a listener of package net's.
func listenUnix(t testing.TB, path string) *net.UnixListener {
	t.Helper()
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}
