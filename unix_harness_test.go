package asyncio_test

import (
	"context"
	"errors"
	"net"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/sock"
	"github.com/go-asyncio/asyncio/internal/testkit"
)

// unixKinds are the kinds of unix sockets that the system has, Stream first.
func unixKinds() []sock.Type {
	kinds := []sock.Type{sock.Stream}
	if fd, err := sock.Open(sock.Unix, sock.Datagram); err == nil {
		sock.Close(fd)
		kinds = append(kinds, sock.Datagram)
	}
	return kinds
}

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

// boundUnix is a unix socket that is bound to a path.
func boundUnix(n *netTest, path string, typ sock.Type) uintptr {
	n.Helper()
	fd, err := sock.Open(sock.Unix, typ)
	if err != nil {
		n.Fatal(err)
	}
	a, err := sock.UnixAddr(path)
	if err == nil {
		err = sock.Bind(fd, a)
	}
	if err != nil {
		n.Fatal(err)
	}
	return fd
}

// staleFile leaves the file of a socket that nobody has any more.
func staleFile(n *netTest, path string, typ sock.Type) {
	n.Helper()
	a, err := sock.UnixAddr(path)
	n.check(err)
	kinds := unixKinds()
	n.check(sock.Close(boundUnix(n, path, typ)))
	if !n.exists(path) {
		n.Fatal("the file has gone with the socket")
	}
	// A process that another test starts may have it for a moment: what is forked has it
	// until it is another program.
	for end := time.Now().Add(patience); ; runtime.Gosched() {
		fd, err := sock.Open(sock.Unix, kinds[len(kinds)-1])
		n.check(err)
		err = sock.Connect(fd, a)
		sock.Close(fd)
		if errors.Is(err, asyncio.ErrConnRefused) {
			return
		}
		if time.Now().After(end) {
			n.Fatalf("somebody has it: %v", err)
		}
	}
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
