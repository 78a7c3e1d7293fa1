package proactortest

import (
	"bytes"
	"time"

	"github.com/go-asyncio/asyncio/internal/sock"
	"github.com/go-asyncio/asyncio/proactors"
)

var cancelCases = []testCase{
	{"cancel", testCancel},
	{"cancel-at-once", testCancelAtOnce},
	{"cancel-idle", testCancelIdle},
	{"cancel-races", testCancelRaces},
	{"cancel-accept-races", testCancelAcceptRaces},
	{"cancel-repeated", testCancelRepeated},
	{"cancel-and-close", testCancelAndClose},
	{"cancel-connect", testCancelConnect},
}

// waiting is one operation of each kind that waits on its descriptor: x is readable for
// none, and full; l is a listener.
func (b *bench) waiting(x, l uintptr) []*op {
	b.Helper()
	b.fill(x)
	ops := make([]*op, 6)
	for i, r := range []proactors.Request{
		{Kind: proactors.Receive, FD: x},
		{Kind: proactors.Receive, FD: x, Repeat: true},
		{Kind: proactors.Receive, FD: x, Bufs: [][]byte{make([]byte, 100)}},
		{Kind: proactors.Send, FD: x, Bufs: [][]byte{make([]byte, 8<<20)}},
		{Kind: proactors.Poll, FD: x, Mask: readable},
		{Kind: proactors.Accept, FD: l},
	} {
		ops[i] = new(op)
		b.submit(ops[i], r)
	}
	return ops
}

// ended looks whether each operation has ended as cancelled; a send may have gone in part.
func (b *bench) ended(ops []*op) {
	b.Helper()
	b.over(ops...)
	for _, o := range ops {
		if c := o.last(); len(o.got) != 1 || !c.Cancelled() && !(o.request.Kind == proactors.Send && c.N > 0) {
			b.Errorf("%+v ended with %+v, %v", o.request, o.got, c.Err())
		}
	}
}

func testCancel(b *bench) {
	x, _ := b.pair()
	l, _ := b.listener()
	ops := b.waiting(x, l)
	for range 3 {
		b.wait(0)
	}
	for _, o := range ops {
		b.cancel(o)
		b.cancel(o)
	}
	b.ended(ops)
	if n := b.wait(0); n != 0 {
		b.Errorf("%d completions more", n)
	}
}

// testCancelAtOnce: before the system has heard of it.
func testCancelAtOnce(b *bench) {
	x, y := b.pair()
	l, _ := b.listener()
	ops := b.waiting(x, l)
	for _, o := range ops {
		b.cancel(o)
		b.cancel(o)
	}
	b.ended(ops)
	// And everything works as before.
	r := b.receiver(x, true)
	b.put(y, []byte("hello"))
	b.until("the data", func() bool { return string(r.data) == "hello" })
}

func testCancelIdle(b *bench) {
	x, _ := b.pair()
	var o op
	b.p.Cancel(&o.Operation)
	b.wait(0)
	b.submit(&o, proactors.Request{Kind: proactors.Poll, FD: x, Mask: writable})
	b.over(&o)
	b.p.Cancel(&o.Operation)
	b.submit(&o, proactors.Request{Kind: proactors.Poll, FD: x, Mask: writable})
	b.over(&o)
	if o.last().N != int32(writable) {
		b.Errorf("a Cancel that came too late has ended the next: %+v", o.last())
	}
	if n := b.wait(0); n != 0 {
		b.Errorf("%d completions more", n)
	}
}

// testCancelRaces: data come while a receive is cancelled. They are either received by it
// or by the next, once.
func testCancelRaces(b *bench) {
	x, y := b.pair()
	want := pattern(400)
	var got []byte
	own := make([]byte, 10)
	var o op
	cancelled := 0
	for i := range want {
		before := len(o.got)
		switch r := (proactors.Request{Kind: proactors.Receive, FD: x}); i % 3 {
		case 0:
			b.submit(&o, r)
		case 1:
			r.Repeat = true
			b.submit(&o, r)
		case 2:
			r.Bufs = [][]byte{own}
			b.submit(&o, r)
		}
		early := i%5 < 2
		if early {
			b.wait(0)
		}
		b.put(y, want[i:i+1])
		if i%7 == 0 {
			time.Sleep(50 * time.Microsecond) // perhaps it is received already
		}
		b.cancel(&o)
		b.over(&o)
		for _, c := range o.got[before:] {
			switch {
			case c.N > 0 && c.Flags&proactors.Lent != 0:
				got = append(got, b.p.Memory(c)...)
				b.p.Release(c)
			case c.N > 0:
				got = append(got, own[:c.N]...)
			default:
				cancelled++
			}
		}
	}
	got = append(got, b.take(x, len(want)-len(got))...)
	// What nobody received was received with what came after it.
	if !bytes.Equal(got, want) {
		b.Errorf("%d bytes came: %x, want %x", len(got), got, want)
	}
	b.nothing(x)
	b.Logf("%d of %d were cancelled", cancelled, len(want))
}

// testCancelAcceptRaces: a connection comes while the accept is cancelled. It is accepted
// by this or by the next.
func testCancelAcceptRaces(b *bench) {
	l, a := b.listener()
	var o op
	accepted := 0
	o.on = func(c proactors.Completion) {
		if c.Err() == nil {
			accepted++
			b.must(sock.Close(b.p.Accepted(c)))
		}
	}
	const n = 50
	for i := range n {
		b.submit(&o, proactors.Request{Kind: proactors.Accept, FD: l})
		if i%3 != 0 {
			b.wait(0)
		}
		fd := b.dial(a)
		b.Cleanup(func() { _ = sock.Close(fd) })
		b.cancel(&o)
		b.over(&o)
	}
	for accepted < n {
		b.submit(&o, proactors.Request{Kind: proactors.Accept, FD: l})
		b.over(&o)
	}
}

// testCancelRepeated: what goes on ends, too, and once.
func testCancelRepeated(b *bench) {
	x, y := b.pair()
	var o op
	for range 20 {
		b.submit(&o, proactors.Request{Kind: proactors.Receive, Repeat: true, FD: x})
		for range 3 {
			b.put(y, []byte("hello"))
			before := len(o.got)
			b.until("the data", func() bool { return len(o.got) > before })
			for _, c := range o.got[before:] {
				b.p.Release(c)
			}
			if !o.under {
				b.submit(&o, o.request)
			}
		}
		b.cancel(&o)
		b.over(&o)
		if !o.last().Cancelled() {
			b.Fatalf("%+v", o.last())
		}
	}
}

// testCancelAndClose: what is cancelled does not hold a connection that its user closes:
// the peer sees the end of it though nobody waits.
func testCancelAndClose(b *bench) {
	for _, known := range []bool{false, true} {
		x, y := b.loose()
		ops := []*op{{}, {}, {}}
		b.submit(ops[0], proactors.Request{Kind: proactors.Receive, FD: x, Repeat: true})
		b.submit(ops[1], proactors.Request{Kind: proactors.Receive, FD: x, Bufs: [][]byte{make([]byte, 10)}})
		b.submit(ops[2], proactors.Request{Kind: proactors.Poll, FD: x, Mask: readable})
		if known {
			b.wait(0)
		}
		for _, o := range ops {
			b.cancel(o)
		}
		b.must(sock.Close(x))
		b.must(b.p.Flush())
		if got := b.take(y, 1); len(got) != 0 {
			b.Errorf("%q came", got)
		}
		b.must(sock.Close(y))
		b.ended(ops)
	}
}

// testCancelConnect: it ends once, as a success or cancelled.
func testCancelConnect(b *bench) {
	l, a := b.listener()
	for i := range 20 {
		fd := b.unconnected()
		var o op
		b.submit(&o, connectTo(fd, a))
		if i%2 == 0 {
			b.must(b.p.Flush())
		}
		b.cancel(&o)
		b.over(&o)
		if c := o.last(); len(o.got) != 1 || c.N != 0 && !c.Cancelled() {
			b.Fatalf("%+v, %v", o.got, c.Err())
		}
	}
	_ = l
}
