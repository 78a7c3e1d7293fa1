package proactortest

import (
	"github.com/go-asyncio/asyncio/internal/sock"
	"github.com/go-asyncio/asyncio/proactors"
)

const (
	readable = proactors.Readable
	writable = proactors.Writable
)

var pollCases = []testCase{
	{"poll", testPoll},
	{"poll-end", testPollEnd},
	{"poll-failed", testPollFailed},
	{"poll-listener", testPollListener},
	{"poll-waits", testPollWaits},
}

func (b *bench) poll(fd uintptr, mask proactors.Mask) proactors.Mask {
	b.Helper()
	c := b.do(proactors.Request{Kind: proactors.Poll, FD: fd, Mask: mask})
	b.must(c.Err())
	if got := proactors.Mask(c.N); got == 0 || got&^mask != 0 {
		b.Fatalf("asked for %b, ready %b", mask, got)
	}
	return proactors.Mask(c.N)
}

// testPoll: what is ready completes at once, again and again.
func testPoll(b *bench) {
	x, y := b.pair()
	for range 3 {
		if got := b.poll(x, readable|writable); got != writable {
			b.Errorf("%b", got)
		}
	}
	b.put(y, []byte("x"))
	b.poll(x, readable)
	for range 3 {
		if got := b.poll(x, readable|writable); got != readable|writable {
			b.Errorf("%b", got)
		}
	}
	b.take(x, 1)
	if got := b.poll(x, readable|writable); got != writable {
		b.Errorf("%b after all was read", got)
	}
}

// testPollWaits: it completes when it is ready, and only those that are.
func testPollWaits(b *bench) {
	x, y := b.pair()
	var r, both, w op
	b.submit(&r, proactors.Request{Kind: proactors.Poll, FD: x, Mask: readable})
	b.fill(x)
	b.submit(&w, proactors.Request{Kind: proactors.Poll, FD: x, Mask: writable})
	b.submit(&both, proactors.Request{Kind: proactors.Poll, FD: x, Mask: readable | writable})
	for range 3 {
		if n := b.wait(0); n != 0 {
			b.Fatalf("%d completions: %+v, %+v, %+v", n, r.got, w.got, both.got)
		}
	}
	b.put(y, []byte("x"))
	b.over(&r, &both)
	if w.under && r.last().N != int32(readable) || both.last().N&int32(readable) == 0 {
		b.Errorf("%+v, %+v", r.last(), both.last())
	}
	buf := make([]byte, 1<<20)
	b.until("room to write", func() bool {
		for {
			if _, err := sock.Read(y, buf); err != nil {
				break
			}
		}
		return !w.under
	})
	if w.last().N != int32(writable) {
		b.Errorf("%+v", w.last())
	}
}

// testPollEnd: a stream that has ended can be read without waiting.
func testPollEnd(b *bench) {
	x, y := b.pair()
	var o op
	b.submit(&o, proactors.Request{Kind: proactors.Poll, FD: x, Mask: readable})
	b.wait(0)
	b.must(sock.ShutdownWrite(y))
	b.over(&o)
	if o.last().N != int32(readable) {
		b.Errorf("%+v", o.last())
	}
	b.poll(x, readable)
}

// testPollFailed: what has failed is ready both ways.
func testPollFailed(b *bench) {
	x, y := b.connection()
	b.fill(x)
	var r, w op
	b.submit(&r, proactors.Request{Kind: proactors.Poll, FD: x, Mask: readable})
	b.submit(&w, proactors.Request{Kind: proactors.Poll, FD: x, Mask: writable})
	b.wait(0)
	b.must(sock.SetLinger(y, 0))
	b.must(sock.Close(y))
	b.over(&r, &w)
	if r.last().N != int32(readable) || w.last().N != int32(writable) {
		b.Errorf("%+v, %+v", r.last(), w.last())
	}
	if got := b.poll(x, readable|writable); got != readable|writable {
		b.Errorf("%b", got)
	}
}

func testPollListener(b *bench) {
	l, a := b.listener()
	var o op
	b.submit(&o, proactors.Request{Kind: proactors.Poll, FD: l, Mask: readable})
	if n := b.wait(0); n != 0 {
		b.Fatalf("ready with nobody there: %+v", o.got)
	}
	fd := b.dial(a)
	defer sock.Close(fd)
	b.over(&o)
	if o.last().N != int32(readable) {
		b.Errorf("%+v", o.last())
	}
}
