package enginetest

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/sock"
)

// unixCases are about unix sockets.
var unixCases = []testCase{
	{"UnixEcho", testUnixEcho},
	{"UnixNames", testUnixNames},
	{"UnixNoRoom", testUnixNoRoom},
}

// socketPath is a path for a unix socket, short enough for one on every system.
func (b *bench) socketPath() string {
	b.Helper()
	dir, err := os.MkdirTemp("", "s")
	b.must(err)
	b.Cleanup(func() { b.must(os.RemoveAll(dir)) })
	return filepath.Join(dir, "s")
}

// listenUnix makes a listener on a path that accepts nothing yet; ok is false where the
// sockets know no unix sockets.
func (b *bench) listenUnix() (l engine.Listener, a *acceptor, addr sock.Addr, ok bool) {
	b.Helper()
	fd, err := b.e.Sockets().Open(sock.Unix, sock.Stream)
	if sock.NoUnixSockets(err) {
		return nil, nil, addr, false
	}
	b.must(err)
	addr, err = sock.UnixAddr(b.socketPath())
	b.must(err)
	file, err := b.e.Sockets().BindFile(fd, addr)
	b.must(err)
	if file == nil || file.Path() != addr.Path() {
		b.Errorf("the file is %v", file)
	}
	l, a = b.listenOn(fd)
	b.cleanup = append(b.cleanup, func() { b.must(file.Remove()) })
	return l, a, addr, true
}

func testUnixEcho(t *testing.T, b *bench) {
	l, a, addr, ok := b.listenUnix()
	if !ok {
		return // there are none here
	}
	b.must(l.StartAccepting(1))
	connected := false
	fd, _ := b.dial(addr, func(err error) { b.must(err); connected = true })
	b.until("a connection", func() bool { return connected && len(a.got) == 1 })
	client, server := b.stream(fd), b.stream(a.got[0])
	a.got = nil
	b.must(client.s.StartReading())
	b.must(server.s.StartReading())
	server.on = func(p []byte) { server.put(p) }
	for _, n := range []int{1, 64, 4096, 300_000} {
		want := pattern(n)
		client.got = nil
		client.put(want)
		b.until("the echo", func() bool { return len(client.got) >= n })
		if !bytes.Equal(client.got, want) {
			t.Fatalf("%d bytes came back wrong", n)
		}
	}
	for _, fd := range []uintptr{client.s.FD(), server.s.FD()} {
		if c, err := b.e.Sockets().PeerCredentials(fd); err != nil || c.PID != os.Getpid() && c.PID != -1 {
			t.Errorf("the peer is %+v, %v", c, err)
		}
	}
	b.must(client.s.CloseWrite())
	b.until("the end", func() bool { return server.eof == 1 })
	b.must(client.s.Close())
	b.must(server.s.Close())
}

// testUnixNames: who is accepted has its client's name, or that of none.
func testUnixNames(t *testing.T, b *bench) {
	l, a, addr, ok := b.listenUnix()
	if !ok {
		return // as above
	}
	b.must(l.StartAccepting(10))
	path := b.socketPath()
	for _, name := range []string{"", path, "@" + path} {
		own, err := sock.UnixAddr(name)
		b.must(err)
		fd, err := b.e.Sockets().Open(sock.Unix, sock.Stream)
		b.must(err)
		defer b.e.Sockets().Close(fd)
		if name != "" {
			file, err := b.e.Sockets().BindFile(fd, own)
			if err != nil {
				continue // a name that only Linux does not take for a path
			}
			if file != nil {
				defer file.Remove()
			}
		}
		before := len(a.peers)
		connected := false
		_, err = b.e.Connect(fd, addr, func(err error) { b.must(err); connected = true })
		b.must(err)
		b.until("a connection", func() bool { return connected && len(a.peers) > before })
		if got := a.peers[before]; got != own {
			t.Errorf("accepted from %q, want %q", got, own)
		}
		if got, err := b.e.Sockets().RemoteAddr(fd); err != nil || got != addr {
			t.Errorf("connected to %q, %v", got, err)
		}
	}
}

// testUnixNoRoom: a listener whose queue is full says so once, and may be tried again.
func testUnixNoRoom(t *testing.T, b *bench) {
	l, a, addr, ok := b.listenUnix()
	if !ok {
		return // as above
	}
	b.must(b.e.Sockets().Listen(l.FD(), 0))
	var got error
	over := false
	try := func(fd uintptr) {
		over = false
		done := func(err error) {
			if over {
				t.Error("it was told twice")
			}
			over, got = true, err
		}
		if _, err := b.e.Connect(fd, addr, done); err != nil {
			done(err)
		}
		b.until("an answer", func() bool { return over })
	}
	var last uintptr
	clients := 0
	for got == nil {
		fd, err := b.e.Sockets().Open(sock.Unix, sock.Stream)
		b.must(err)
		defer b.e.Sockets().Close(fd)
		try(fd)
		last = fd
		clients++
	}
	b.quiet()
	if !sock.WouldBlock(got) {
		return // a system that refuses who finds no room
	}
	b.must(l.StartAccepting(clients))
	b.until("all that there was room for", func() bool { return len(a.got) == clients-1 })
	try(last)
	b.must(got)
	b.until("the last one", func() bool { return len(a.got) == clients })
}
