package proactortest

import (
	"bytes"
	"errors"
	"net/netip"
	"slices"
	"time"

	"github.com/go-asyncio/asyncio/internal/sock"
	"github.com/go-asyncio/asyncio/proactors"
)

var datagramCases = []testCase{
	{"datagrams", testDatagrams},
	{"datagram-short", testDatagramShort},
	{"datagram-connected", testDatagramConnected},
	{"datagram-to-nobody", testDatagramToNobody},
	{"datagram-refused", testDatagramRefused},
	{"datagram-posts", testDatagramPosts},
	{"datagram-post-refused", testDatagramPostRefused},
	{"datagram-cancel", testDatagramCancel},
	{"datagram-cancel-races", testDatagramCancelRaces},
	{"datagram-reuse", testDatagramReuse},
	{"datagram-memory-runs-out", testDatagramMemory},
	{"datagram-close", testDatagramClose},
}

// udp is a datagram socket with an address, fit for operations; its user closes it.
func (b *bench) udp() (uintptr, sock.Addr) {
	b.Helper()
	fd, err := sock.Open(sock.Inet4, sock.Datagram)
	b.must(err)
	a, err := sock.InetAddr(netip.MustParseAddrPort("127.0.0.1:0"))
	b.must(err)
	b.must(sock.Bind(fd, a))
	a, err = sock.SockName(fd)
	b.must(err)
	b.must(b.p.Attach(fd))
	return fd, a
}

// mail is two datagram sockets, closed when the test ends.
type mail struct {
	x, y   uintptr
	ax, ay sock.Addr
}

func (b *bench) mail() *mail {
	b.Helper()
	m := new(mail)
	m.x, m.ax = b.udp()
	m.y, m.ay = b.udp()
	b.Cleanup(func() { _, _ = sock.Close(m.x), sock.Close(m.y) })
	return m
}

// raw is an address as a request has it.
func raw(a sock.Addr) []byte {
	r := new(sock.RawAddr)
	return r.B[:a.Encode(r)]
}

// sendTo is a request to send a datagram.
func sendTo(fd uintptr, p []byte, a sock.Addr) proactors.Request {
	return proactors.Request{Kind: proactors.SendTo, FD: fd, Bufs: [][]byte{p}, Addr: raw(a)}
}

// letterbox receives datagrams, releasing at once.
type letterbox struct {
	op
	b       *bench
	data    [][]byte
	from    []sock.Addr
	size    []int
	short   []bool
	errs    []error
	stopped bool
}

func (b *bench) letterbox(fd uintptr) *letterbox {
	l := &letterbox{b: b}
	l.on = func(c proactors.Completion) {
		if c.N >= 0 {
			from, size := b.p.Envelope(c)
			l.data = append(l.data, slices.Clone(b.p.Memory(c)))
			l.from, l.size = append(l.from, sock.Decode(from)), append(l.size, size)
			l.short = append(l.short, c.Flags&proactors.Short != 0)
			b.p.Release(c)
		} else if !c.Cancelled() {
			l.errs = append(l.errs, c.Err())
		}
		if c.Flags&proactors.More == 0 && !l.cancelled && !l.stopped {
			b.submit(&l.op, l.request)
		}
	}
	b.submit(&l.op, proactors.Request{Kind: proactors.ReceiveFrom, FD: fd})
	return l
}

// testDatagrams: each of any length comes as it was sent, with its sender's address.
func testDatagrams(b *bench) {
	m := b.mail()
	l := b.letterbox(m.y)
	var want [][]byte
	for i := range 300 {
		p := pattern(i * 97 % 2000)
		if i%100 == 50 {
			p = pattern(30_000 + i)
		}
		want = append(want, p)
		if c := b.do(sendTo(m.x, p, m.ay)); int(c.N) != len(p) {
			b.Fatalf("%d bytes: %+v, %v", len(p), c, c.Err())
		}
		if i%7 == 0 {
			b.until("the datagrams", func() bool { return len(l.data) == len(want) })
		}
	}
	b.until("all of them", func() bool { return len(l.data) == len(want) })
	for i, p := range want {
		if !bytes.Equal(l.data[i], p) || l.from[i] != m.ax || l.size[i] != len(p) || l.short[i] {
			b.Fatalf("datagram %d: %d bytes of %d from %v, short: %v; want %d from %v",
				i, len(l.data[i]), l.size[i], l.from[i], l.short[i], len(p), m.ax)
		}
	}
	if len(l.errs) > 0 {
		b.Errorf("%v", l.errs)
	}
}

// testDatagramShort: what is longer than there is room for is told of as such. UDP has none
// that long; a unix socket may.
func testDatagramShort(b *bench) {
	x, y := b.unixgrams()
	want := pattern(proactors.DatagramSize + 100)
	if _, err := sock.SendTo(x, want, sock.Addr{}); err != nil {
		b.Skipf("the system has no datagrams that are longer: %v", err)
	}
	b.must(second(sock.SendTo(x, []byte("after"), sock.Addr{})))
	l := b.letterbox(y)
	b.until("both", func() bool { return len(l.data) == 2 })
	if !bytes.Equal(l.data[0], want[:proactors.DatagramSize]) || !l.short[0] || l.size[0] != len(want) && l.size[0] != 0 {
		b.Errorf("%d bytes, short: %v, size %d", len(l.data[0]), l.short[0], l.size[0])
	}
	if string(l.data[1]) != "after" || l.short[1] || l.from[1] != (sock.Addr{}) {
		b.Errorf("then %q, short: %v, from %v", l.data[1], l.short[1], l.from[1])
	}
}

func second[T any](_ T, err error) error { return err }

// testDatagramConnected: without an address it goes to the peer.
func testDatagramConnected(b *bench) {
	m := b.mail()
	b.must(sock.Connect(m.x, m.ay))
	l := b.letterbox(m.y)
	for _, p := range []string{"one", "", "three"} {
		c := b.do(proactors.Request{Kind: proactors.SendTo, FD: m.x, Bufs: [][]byte{[]byte(p)}})
		if int(c.N) != len(p) {
			b.Fatalf("%+v, %v", c, c.Err())
		}
	}
	b.until("all", func() bool { return len(l.data) == 3 })
	if got := string(bytes.Join(l.data, []byte("|"))); got != "one||three" {
		b.Errorf("%q came", got)
	}
}

// testDatagramToNobody: what the system has to say of it, if anything, is an error of a
// later operation, and all goes on once somebody is there again.
func testDatagramToNobody(b *bench) {
	for range 20 { // until nobody else has taken the address meanwhile
		if b.toNobody() {
			return
		}
	}
	b.Fatal("an address that was just let go is always taken")
}

func (b *bench) toNobody() bool {
	fd, a := b.udp()
	defer sock.Close(fd)
	peer, nobody := b.udp()
	b.must(sock.Connect(fd, nobody))
	b.must(sock.Close(peer))
	l := b.letterbox(fd)
	for deadline := time.Now().Add(patience); len(l.errs) == 0; {
		_ = b.do(proactors.Request{Kind: proactors.SendTo, FD: fd, Bufs: [][]byte{[]byte("x")}})
		b.wait(time.Millisecond)
		if time.Now().After(deadline) {
			b.Fatal("the system says nothing")
		}
	}
	peer, err := sock.Open(sock.Inet4, sock.Datagram)
	b.must(err)
	defer sock.Close(peer)
	there := sock.Bind(peer, nobody) == nil
	if there {
		b.must(second(sock.SendTo(peer, []byte("hello"), a)))
		b.until("a datagram", func() bool { return len(l.data) > 0 })
	}
	b.cancel(&l.op)
	b.over(&l.op)
	return there
}

// testDatagramRefused: one that is too long is an error of its own.
func testDatagramRefused(b *bench) {
	m := b.mail()
	if c := b.do(sendTo(m.x, make([]byte, 70_000), m.ay)); c.Err() == nil {
		b.Errorf("%+v", c)
	}
	if c := b.do(sendTo(m.x, []byte("x"), m.ay)); c.N != 1 {
		b.Errorf("the next: %+v, %v", c, c.Err())
	}
}

// testDatagramPosts: any number at once, in order, and not a word of them.
func testDatagramPosts(b *bench) {
	m := b.mail()
	l := b.letterbox(m.y)
	var ops [20]op
	for round := range 20 {
		for i := range ops {
			r := sendTo(m.x, []byte{byte(round), byte(i)}[:min(i, 2)], m.ay)
			r.Post = true
			b.postOrSkip(&ops[i], r)
		}
		b.until("the datagrams", func() bool { return len(l.data) == (round+1)*len(ops) })
	}
	for i, p := range l.data {
		if want := []byte{byte(i / len(ops)), byte(i % len(ops))}[:min(i%len(ops), 2)]; !bytes.Equal(p, want) {
			b.Fatalf("datagram %d is %v, want %v", i, p, want)
		}
	}
	for i := range ops {
		if len(ops[i].got) != 0 {
			b.Errorf("%+v of a post that went", ops[i].got)
		}
	}
}

// postOrSkip submits a post, or ends the test if there is no such operation.
func (b *bench) postOrSkip(o *op, r proactors.Request) {
	b.Helper()
	err := b.try(o, r)
	if errors.Is(err, errors.ErrUnsupported) {
		b.Skip(err)
	}
	b.must(err)
}

// testDatagramPostRefused: the one of many that does not go is told of, by the next Wait.
func testDatagramPostRefused(b *bench) {
	m := b.mail()
	var ops [3]op
	for i := range ops {
		r := sendTo(m.x, make([]byte, []int{1, 70_000, 1}[i]), m.ay)
		r.Post = true
		b.postOrSkip(&ops[i], r)
	}
	b.wait(0)
	if len(ops[0].got)+len(ops[2].got) != 0 || len(ops[1].got) != 1 || ops[1].last().Err() == nil {
		b.Errorf("%+v, %+v, %+v", ops[0].got, ops[1].got, ops[2].got)
	}
}

func testDatagramCancel(b *bench) {
	m := b.mail()
	for _, known := range []bool{false, true} {
		l := b.letterbox(m.x)
		if known {
			b.wait(0)
		}
		b.cancel(&l.op)
		b.cancel(&l.op)
		b.over(&l.op)
		if !l.last().Cancelled() || len(l.data) != 0 {
			b.Errorf("%+v", l.got)
		}
	}
	l := b.letterbox(m.x)
	b.must(second(sock.SendTo(m.y, []byte("hello"), m.ax)))
	b.until("a datagram", func() bool { return len(l.data) > 0 })
}

// testDatagramCancelRaces: datagrams come while a receive is cancelled. Each is received
// by it or by the next.
func testDatagramCancelRaces(b *bench) {
	m := b.mail()
	const n = 300
	got := 0
	count := func(l *letterbox) {
		for _, p := range l.data {
			if len(p) != 2 || int(p[0])<<8|int(p[1]) != got {
				b.Fatalf("%v came after %d", p, got)
			}
			got++
		}
	}
	for i := range n {
		l := b.letterbox(m.x)
		if i%3 == 0 {
			b.wait(0)
		}
		b.must(second(sock.SendTo(m.y, []byte{byte(i >> 8), byte(i)}, m.ax)))
		if i%5 == 0 {
			b.wait(0)
		}
		b.cancel(&l.op)
		b.over(&l.op)
		count(l)
	}
	l := b.letterbox(m.x)
	b.until("the rest", func() bool { return got+len(l.data) >= n })
	count(l)
}

// testDatagramReuse: what is cancelled takes nothing from the socket that gets its number.
func testDatagramReuse(b *bench) {
	same := 0
	for i := range reuseRounds {
		fd, _ := b.udp()
		l := b.letterbox(fd)
		if i%2 == 0 {
			b.wait(0)
		}
		b.cancel(&l.op)
		b.must(sock.Close(fd))
		next, a := b.udp()
		if next == fd {
			same++
		}
		b.must(second(sock.SendTo(next, []byte("mine"), a)))
		b.over(&l.op)
		if len(l.data) != 0 {
			b.Fatalf("%q was taken", l.data)
		}
		mine := b.letterbox(next)
		b.until("it", func() bool { return len(mine.data) > 0 })
		b.cancel(&mine.op)
		b.over(&mine.op)
		b.must(sock.Close(next))
	}
	b.Logf("%d of %d numbers were used again", same, reuseRounds)
}

// testDatagramMemory: who keeps all that is lent gets no more until some is given back;
// others that need no such memory go on.
func testDatagramMemory(b *bench) {
	m := b.mail()
	var o op
	var kept []proactors.Completion
	sent, got := 0, 0
	look := func(c proactors.Completion) {
		p := b.p.Memory(c)
		if len(p) != 2 || int(p[0])<<8|int(p[1]) != got {
			b.Fatalf("%v came after %d", p, got)
		}
		got++
		b.p.Release(c)
	}
	o.on = func(c proactors.Completion) {
		b.must(c.Err())
		kept = append(kept, c)
		if c.Flags&proactors.More == 0 {
			b.submit(&o, o.request)
		}
	}
	b.submit(&o, proactors.Request{Kind: proactors.ReceiveFrom, FD: m.x})
	for idle := 0; idle < 20 && sent < 5000; {
		b.must(second(sock.SendTo(m.y, []byte{byte(sent >> 8), byte(sent)}, m.ax)))
		sent++
		if b.wait(5*time.Millisecond) == 0 {
			idle++
		} else {
			idle = 0
		}
	}
	b.Logf("%d of %d are lent", len(kept), sent)
	x, y := b.pair()
	b.put(y, []byte("hello"))
	if c := b.do(proactors.Request{Kind: proactors.Receive, FD: x}); c.N != 5 {
		b.Errorf("a receive meanwhile: %+v", c)
	} else {
		b.p.Release(c)
	}
	for len(kept) > 0 || got < sent {
		for _, c := range kept {
			look(c)
		}
		if kept = kept[:0]; got < sent {
			b.until("more", func() bool { return len(kept) > 0 })
		}
	}
	if meter, ok := b.p.(proactors.Meter); ok {
		if u := meter.Usage(); u.Lent != 0 {
			b.Errorf("%+v when all is released", u)
		}
	}
}

// testDatagramClose: a proactor that is closed lets go of what it receives and sends.
func testDatagramClose(b *bench) {
	m := b.mail()
	l := b.letterbox(m.x)
	b.wait(0)
	b.must(second(sock.SendTo(m.y, []byte("x"), m.ax)))
	b.must(b.p.Close())
	if len(l.data) != 0 {
		b.Error("told of by Close")
	}
	if err := b.p.Submit(new(proactors.Operation), &proactors.Request{Kind: proactors.ReceiveFrom, FD: m.x}); !errors.Is(err, proactors.ErrClosed) {
		b.Errorf("Submit: %v", err)
	}
}
