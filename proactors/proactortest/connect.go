package proactortest

import (
	"net/netip"

	"github.com/go-asyncio/asyncio/internal/sock"
	"github.com/go-asyncio/asyncio/proactors"
)

var connectCases = []testCase{
	{"connect", testConnect},
	{"connect-refused", testConnectRefused},
	{"accept", testAccept},
	{"accept-many", testAcceptMany},
	{"accept-reset-in-queue", testAcceptReset},
	{"accept-address", testAcceptAddress},
	{"accept-address-of-the-gone", testAcceptGone},
}

// listener is a listening socket.
func (b *bench) listener() (uintptr, sock.Addr) {
	b.Helper()
	l := b.looseListener()
	b.Cleanup(func() { _ = sock.Close(l) })
	a, err := sock.SockName(l)
	b.must(err)
	return l, a
}

func (b *bench) looseListener() uintptr {
	b.Helper()
	l := b.bound()
	b.must(sock.Listen(l, 100))
	b.must(b.p.Attach(l))
	return l
}

// bound is a socket with a port of the system's choice.
func (b *bench) bound() uintptr {
	b.Helper()
	fd, err := sock.Open(sock.Inet4, sock.Stream)
	b.must(err)
	any, err := sock.InetAddr(netip.MustParseAddrPort("127.0.0.1:0"))
	b.must(err)
	b.must(sock.Bind(fd, any))
	return fd
}

// unconnected is a socket that can be connected.
func (b *bench) unconnected() uintptr {
	b.Helper()
	fd, err := sock.Open(sock.Inet4, sock.Stream)
	b.must(err)
	b.Cleanup(func() { _ = sock.Close(fd) })
	b.must(b.p.Attach(fd))
	return fd
}

func connectTo(fd uintptr, a sock.Addr) proactors.Request {
	raw := new(sock.RawAddr)
	return proactors.Request{Kind: proactors.Connect, FD: fd, Addr: raw.B[:a.Encode(raw)]}
}

// dial begins to connect without the proactor.
func (b *bench) dial(a sock.Addr) uintptr {
	b.Helper()
	fd, err := sock.Open(sock.Inet4, sock.Stream)
	b.must(err)
	if err := sock.Connect(fd, a); err != nil && !sock.InProgress(err) && !sock.WouldBlock(err) {
		b.Fatal(err)
	}
	return fd
}

// connection is a pair over TCP; y is closed by who calls.
func (b *bench) connection() (x, y uintptr) {
	b.Helper()
	l, a := b.listener()
	y = b.dial(a)
	c := b.do(proactors.Request{Kind: proactors.Accept, FD: l})
	b.must(c.Err())
	x = b.p.Accepted(c)
	b.Cleanup(func() { _ = sock.Close(x) })
	b.must(b.p.Attach(x))
	return x, y
}

// testConnect: both ends know their addresses, and can do what sockets can.
func testConnect(b *bench) {
	l, a := b.listener()
	fd := b.unconnected()
	var accept, connect op
	b.submit(&accept, proactors.Request{Kind: proactors.Accept, FD: l})
	b.submit(&connect, connectTo(fd, a))
	b.over(&accept, &connect)
	if c := connect.last(); c.N != 0 {
		b.Fatalf("connect: %+v", c)
	}
	b.must(accept.last().Err())
	other := b.p.Accepted(accept.last())
	defer sock.Close(other)
	b.must(b.p.Attach(other))
	mine, err := sock.SockName(fd)
	b.must(err)
	if peer, err := sock.PeerName(other); err != nil || peer != mine {
		b.Errorf("the accepted one's peer is %v, %v; want %v", peer, err, mine)
	}
	if peer, err := sock.PeerName(fd); err != nil || peer != a {
		b.Errorf("the other's peer is %v, %v; want %v", peer, err, a)
	}
	if c := b.do(proactors.Request{Kind: proactors.Send, FD: fd, Bufs: [][]byte{[]byte("hello")}}); c.N != 5 {
		b.Errorf("send: %+v", c)
	}
	b.must(sock.ShutdownWrite(fd))
	r := b.receiver(other, true)
	b.until("the end", func() bool { return r.end })
	if string(r.data) != "hello" || r.err != nil {
		b.Errorf("%q, %v", r.data, r.err)
	}
}

func testConnectRefused(b *bench) {
	held := b.bound() // it does not listen, and nobody else can
	defer sock.Close(held)
	a, err := sock.SockName(held)
	b.must(err)
	fd := b.unconnected()
	if c := b.do(connectTo(fd, a)); !refused(c.Err()) {
		b.Errorf("%v", c.Err())
	}
}

func testAccept(b *bench) {
	l, a := b.listener()
	var o op
	b.submit(&o, proactors.Request{Kind: proactors.Accept, FD: l})
	if n := b.wait(0); n != 0 {
		b.Fatal("accepted nobody")
	}
	fd := b.dial(a)
	defer sock.Close(fd)
	b.over(&o)
	c := o.last()
	if c.Err() != nil {
		b.Fatalf("%+v", c)
	}
	other := b.p.Accepted(c)
	defer sock.Close(other)
	b.nothing(other) // and does not block
	if peer, err := sock.PeerName(other); err != nil || !peer.IsValid() {
		b.Errorf("the peer is %v, %v", peer, err)
	}
}

// testAcceptMany: those who wait, and those who come later, are accepted once each.
func testAcceptMany(b *bench) {
	l, a := b.listener()
	const n = 20
	accepted := map[uintptr]bool{}
	var o op
	o.on = func(c proactors.Completion) {
		if c.Cancelled() {
			return
		}
		b.must(c.Err())
		fd := b.p.Accepted(c)
		if accepted[fd] {
			b.Errorf("%d was accepted twice", fd)
		}
		accepted[fd] = true
		if !o.cancelled {
			b.submit(&o, o.request)
		}
	}
	b.Cleanup(func() {
		for fd := range accepted {
			_ = sock.Close(fd)
		}
	})
	b.submit(&o, proactors.Request{Kind: proactors.Accept, FD: l})
	for range n {
		fd := b.dial(a)
		b.Cleanup(func() { _ = sock.Close(fd) })
	}
	b.until("all of them", func() bool { return len(accepted) == n })
	b.cancel(&o)
	b.over(&o)
	if len(accepted) != n {
		b.Errorf("%d accepted", len(accepted))
	}
}

// testAcceptReset: who gives up while he waits is nobody, or an error of his own, and
// the next is accepted.
func testAcceptReset(b *bench) {
	l, a := b.listener()
	for range 5 {
		fd := b.dial(a)
		b.must(sock.SetLinger(fd, 0))
		b.must(sock.Close(fd))
	}
	good := b.dial(a)
	defer sock.Close(good)
	name, err := sock.SockName(good)
	b.must(err)
	for range 20 {
		c := b.do(proactors.Request{Kind: proactors.Accept, FD: l})
		if err := c.Err(); err != nil {
			if !sock.Disconnected(err) {
				b.Fatalf("%v", err)
			}
			continue
		}
		fd := b.p.Accepted(c)
		peer, err := sock.PeerName(fd)
		b.must(sock.Close(fd))
		if err == nil && peer == name {
			return
		}
	}
	b.Error("the one that is there is not accepted")
}

// testAcceptAddress: an accept has the peer's address where it was told to put it.
func testAcceptAddress(b *bench) {
	l, a := b.listener()
	for _, early := range []bool{true, false} { // before there is anybody, or after
		o, room := op{}, filled()
		request := proactors.Request{Kind: proactors.Accept, FD: l, Addr: room.B[:]}
		if early {
			b.submit(&o, request)
			b.wait(0)
		}
		fd := b.dial(a)
		name, err := sock.SockName(fd)
		b.must(err)
		if !early {
			b.submit(&o, request)
		}
		b.over(&o)
		c := o.last()
		b.must(c.Err())
		b.must(sock.Close(b.p.Accepted(c)))
		b.must(sock.Close(fd))
		if peer := sock.Decode(room.B[:]); peer != name {
			b.Errorf("accepted from %v, want %v", peer, name)
		}
		if room.B[len(room.B)-1] != 0 {
			b.Error("what is behind the address is not zero")
		}
	}
}

// testAcceptGone: a peer that has reset the connection and is told of all the same has
// its address.
func testAcceptGone(b *bench) {
	l, a := b.listener()
	gone := b.dial(a)
	first, err := sock.SockName(gone)
	b.must(err)
	b.must(sock.SetLinger(gone, 0))
	b.must(sock.Close(gone))
	good := b.dial(a)
	defer sock.Close(good)
	second, err := sock.SockName(good)
	b.must(err)
	for range 20 {
		room := filled()
		c := b.do(proactors.Request{Kind: proactors.Accept, FD: l, Addr: room.B[:]})
		if err := c.Err(); err != nil {
			if !sock.Disconnected(err) {
				b.Fatalf("%v", err)
			}
			continue
		}
		b.must(sock.Close(b.p.Accepted(c)))
		switch peer := sock.Decode(room.B[:]); peer {
		case second:
			return
		case first:
		default:
			b.Errorf("accepted from %v, want %v or %v", peer, first, second)
		}
	}
	b.Error("the one that is there is not accepted")
}

// filled is room for an address in which there is something already.
func filled() *sock.RawAddr {
	room := new(sock.RawAddr)
	for i := range room.B {
		room.B[i] = 0xaa
	}
	return room
}
