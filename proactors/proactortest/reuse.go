package proactortest

import (
	"github.com/go-asyncio/asyncio/internal/sock"
	"github.com/go-asyncio/asyncio/proactors"
)

var reuseCases = []testCase{
	{"reuse-receive", testReuseReceive},
	{"reuse-send", testReuseSend},
	{"reuse-accept", testReuseAccept},
}

// reuseRounds is how often each of these tests tries. A descriptor may be closed as soon
// as Cancel has returned, and its number be another's before the system has heard of
// anything. They close and open, and look whether what is new is let alone. Whether a
// number is used again is the system's choice: they say how often it happened.
const reuseRounds = 60

func testReuseReceive(b *bench) {
	same := 0
	for i := range reuseRounds {
		x, y := b.loose()
		ops := []*op{{}, {}, {}}
		b.submit(ops[0], proactors.Request{Kind: proactors.Receive, FD: x, Repeat: true})
		b.submit(ops[1], proactors.Request{Kind: proactors.Receive, FD: x, Bufs: [][]byte{make([]byte, 10)}})
		b.submit(ops[2], proactors.Request{Kind: proactors.Poll, FD: x, Mask: readable})
		if i%2 == 0 {
			b.wait(0)
		}
		for _, o := range ops {
			b.cancel(o)
		}
		b.must(sock.Close(x))
		b.must(sock.Close(y))
		v, w := b.loose()
		b.put(v, []byte("for w"))
		b.put(w, []byte("for v"))
		b.over(ops...)
		for _, o := range ops { // they may have seen the end of y
			if c := o.last(); !c.Cancelled() && c.N != 0 && o.request.Kind != proactors.Poll {
				b.Errorf("%+v ended with %+v, %v", o.request, c, c.Err())
			}
		}
		if x == v || x == w {
			same++
		}
		if p, q := b.take(w, 5), b.take(v, 5); string(p) != "for w" || string(q) != "for v" {
			b.Fatalf("%q and %q came", p, q)
		}
		b.must(sock.Close(v))
		b.must(sock.Close(w))
	}
	b.Logf("%d of %d numbers were used again", same, reuseRounds)
}

func testReuseSend(b *bench) {
	same := 0
	for range reuseRounds {
		x, y := b.loose()
		ops := []*op{{}, {}}
		b.submit(ops[0], proactors.Request{Kind: proactors.Send, FD: x, Bufs: [][]byte{[]byte("for y")}})
		b.submit(ops[1], proactors.Request{Kind: proactors.Send, FD: x, Bufs: [][]byte{[]byte("for y"), []byte("too")}})
		for _, o := range ops {
			b.cancel(o)
		}
		b.must(sock.Close(x))
		b.must(sock.Close(y))
		v, w := b.loose()
		b.over(ops...)
		if x == v || x == w {
			same++
		}
		b.nothing(v)
		b.nothing(w)
		b.must(sock.Close(v))
		b.must(sock.Close(w))
	}
	b.Logf("%d of %d numbers were used again", same, reuseRounds)
}

func testReuseAccept(b *bench) {
	same := 0
	for i := range reuseRounds / 4 {
		l := b.looseListener()
		ops := []*op{{}, {}}
		for _, o := range ops {
			b.submit(o, proactors.Request{Kind: proactors.Accept, FD: l})
		}
		if i%2 == 0 {
			b.wait(0)
		}
		for _, o := range ops {
			b.cancel(o)
		}
		b.must(sock.Close(l))
		m, a := b.looseListener(), sock.Addr{}
		a, err := sock.SockName(m)
		b.must(err)
		fd := b.dial(a)
		b.ended(ops)
		if l == m {
			same++
		}
		c := b.do(proactors.Request{Kind: proactors.Accept, FD: m})
		b.must(c.Err())
		b.must(sock.Close(b.p.Accepted(c)))
		b.must(sock.Close(fd))
		b.must(sock.Close(m))
	}
	b.Logf("%d of %d numbers were used again", same, reuseRounds/4)
}
