package enginetest

import (
	"errors"
	"slices"
	"testing"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/sock"
)

// triesCases are about sockets that no object of the engine's has: they are tried, and
// watched where a try would block.
var triesCases = []testCase{
	{"TryStream", testTryStream},
	{"TryDatagram", testTryDatagram},
	{"TryTaken", testTryTaken},
}

// try makes a try again and again, each time that the socket is ready, until it does
// not block, and returns its error.
func (b *bench) try(fd uintptr, mask engine.Mask, try func() error) error {
	b.Helper()
	w := &watcher{}
	watched := false
	for {
		err := try()
		if err == nil || !sock.WouldBlock(err) && !sock.InProgress(err) {
			b.must(b.e.Watch(fd, 0, nil))
			return err
		}
		if !watched {
			b.must(b.e.Watch(fd, mask, w))
			watched = true
		}
		w.got = nil
		b.until("readiness", func() bool { return len(w.got) > 0 })
	}
}

// open makes a socket that is closed at the end.
func (b *bench) open(typ sock.Type) uintptr {
	b.Helper()
	fd, err := b.e.Sockets().Open(sock.Inet4, typ)
	b.must(err)
	b.cleanup = append(b.cleanup, func() { b.must(b.e.Sockets().Close(fd)) })
	return fd
}

// testTryStream connects, accepts, sends and receives by tries; what would block has done
// nothing.
func testTryStream(t *testing.T, b *bench) {
	s := b.e.Sockets()
	listening, addr := b.bindOpen()
	b.must(s.Listen(listening, 10))
	b.cleanup = append(b.cleanup, func() { b.must(s.Close(listening)) })
	if _, _, err := s.Accept(listening); !sock.WouldBlock(err) {
		t.Fatalf("accepting from nobody: %v", err)
	}
	client := b.open(sock.Stream)
	begun := false
	b.must(b.try(client, engine.Write, func() error {
		if begun {
			return s.Connected(client)
		}
		begun = true
		return s.Connect(client, addr)
	}))
	var server uintptr
	var peer sock.Addr
	b.must(b.try(listening, engine.Read, func() (err error) {
		server, peer, err = s.Accept(listening)
		return err
	}))
	b.cleanup = append(b.cleanup, func() { b.must(s.Close(server)) })
	if own, err := s.LocalAddr(client); err != nil || own != peer {
		t.Errorf("the peer's address is %v, and its own %v, %v", peer, own, err)
	}
	p := make([]byte, 8)
	if _, err := s.Receive(server, p); !sock.WouldBlock(err) {
		t.Errorf("receiving of nothing: %v", err)
	}
	// Until there is no room: all that was taken comes, and nothing else.
	var sent, got []byte
	chunk := make([]byte, 64<<10)
	for i := range chunk {
		chunk[i] = byte(i * i >> 7)
	}
	for {
		n, err := s.Send(client, chunk)
		sent = append(sent, chunk[:n]...)
		if err != nil {
			if !sock.WouldBlock(err) {
				t.Errorf("sending to a peer that does not receive: %v", err)
			}
			break
		}
	}
	for len(got) < len(sent) {
		n := 0
		b.must(b.try(server, engine.Read, func() (err error) {
			n, err = s.Receive(server, chunk)
			return err
		}))
		if n == 0 {
			break
		}
		got = append(got, chunk[:n]...)
	}
	if !slices.Equal(got, sent) {
		t.Errorf("%d bytes went and %d others came", len(sent), len(got))
	}
}

// testTryDatagram: datagrams by tries keep their bounds and their senders.
func testTryDatagram(t *testing.T, b *bench) {
	s := b.e.Sockets()
	var fds [2]uintptr
	var addrs [2]sock.Addr
	for i := range fds {
		fds[i] = b.udp()
		b.cleanup = append(b.cleanup, func() { b.must(s.Close(fds[i])) })
		var err error
		addrs[i], err = s.LocalAddr(fds[i])
		b.must(err)
	}
	if f, err := s.FamilyOf(fds[0]); f != sock.Inet4 || err != nil {
		t.Errorf("the family is %v, %v", f, err)
	}
	for _, text := range []string{"one", "", "three"} {
		b.must(b.try(fds[0], engine.Write, func() error {
			_, err := s.SendTo(fds[0], []byte(text), addrs[1])
			return err
		}))
		p := make([]byte, 16)
		var n int
		var from sock.Addr
		b.must(b.try(fds[1], engine.Read, func() (err error) {
			n, from, err = s.ReceiveFrom(fds[1], p)
			return err
		}))
		if string(p[:n]) != text || from != addrs[0] {
			t.Errorf("%q came from %v, want %q from %v", p[:n], from, text, addrs[0])
		}
	}
}

// testTryTaken: what is accepted is taken, until it is given back.
func testTryTaken(t *testing.T, b *bench) {
	s := b.e.Sockets()
	fd := b.open(sock.Stream)
	if _, err := s.Take(fd); err != nil {
		t.Fatal(err)
	}
	var used *engine.UsedError
	if _, err := s.Take(fd); !errors.As(err, &used) {
		t.Errorf("taking it twice: %v", err)
	}
	s.Untake(fd)
	if typ, err := s.Take(fd); typ != sock.Stream || err != nil {
		t.Errorf("taking what was given back: %v, %v", typ, err)
	}
}
