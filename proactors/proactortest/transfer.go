package proactortest

import (
	"bytes"
	"errors"
	"slices"

	"github.com/go-asyncio/asyncio/internal/sock"
	"github.com/go-asyncio/asyncio/proactors"
)

var transferCases = []testCase{
	{"receive-lends", testReceiveLends},
	{"receive-repeats-in-order", testReceiveRepeats},
	{"receive-into-own", testReceiveOwn},
	{"receive-end", testReceiveEnd},
	{"receive-reset", testReceiveReset},
	{"send-gathers", testSendGathers},
	{"send-much", testSendMuch},
	{"send-to-nobody", testSendToNobody},
}

var postCases = []testCase{
	{"post-says-nothing", testPost},
	{"post-short", testPostShort},
	{"post-to-nobody", testPostToNobody},
}

// receiver receives into the proactor's memory, releasing at once, until the end.
type receiver struct {
	op
	b    *bench
	data []byte
	err  error
	end  bool
}

func (b *bench) receiver(fd uintptr, repeat bool) *receiver {
	r := &receiver{b: b}
	r.on = func(c proactors.Completion) {
		switch {
		case c.N > 0:
			r.data = append(r.data, b.p.Memory(c)...)
			b.p.Release(c)
		case c.Cancelled():
			return
		default:
			r.err, r.end = c.Err(), true
			return
		}
		if c.Flags&proactors.More == 0 && !r.cancelled {
			b.submit(&r.op, r.request)
		}
	}
	b.submit(&r.op, proactors.Request{Kind: proactors.Receive, Repeat: repeat, FD: fd})
	return r
}

func testReceiveLends(b *bench) {
	x, y := b.pair()
	var o op
	for _, repeat := range []bool{false, true} {
		b.submit(&o, proactors.Request{Kind: proactors.Receive, Repeat: repeat, FD: x})
		if n := b.wait(0); n != 0 {
			b.Fatalf("%d completions with nothing there", n)
		}
		b.put(y, []byte("hello"))
		o.got = nil
		b.until("the data", func() bool { return len(o.got) > 0 })
		if got := b.p.Memory(o.got[0]); string(got) != "hello" {
			b.Errorf("received %q", got)
		}
		b.p.Release(o.got[0])
	}
	if o.under {
		b.cancel(&o)
		b.over(&o)
	}
}

func testReceiveRepeats(b *bench) {
	x, y := b.pair()
	r := b.receiver(x, true)
	want := pattern(3 << 20)
	for sent := 0; sent < len(want); {
		n, err := sock.Write(y, want[sent:min(sent+1+sent%50_000, len(want))])
		if err != nil && !sock.WouldBlock(err) {
			b.Fatal(err)
		}
		sent += max(n, 0)
		b.wait(0)
	}
	b.until("the data", func() bool { return len(r.data) >= len(want) })
	if !bytes.Equal(r.data, want) {
		b.Error("wrong data")
	}
}

// testReceiveOwn: into the user's memory, and not beyond it.
func testReceiveOwn(b *bench) {
	x, y := b.pair()
	want := pattern(1000)
	b.put(y, want)
	var got []byte
	for len(got) < len(want) {
		mem := bytes.Repeat([]byte{0xee}, 300)
		c := b.do(proactors.Request{Kind: proactors.Receive, FD: x, Bufs: [][]byte{mem[:100:100], mem[100:150:150]}})
		b.must(c.Err())
		if c.N == 0 || c.N > 150 {
			b.Fatalf("%d bytes", c.N)
		}
		got = append(got, mem[:c.N]...)
		if rest := mem[c.N:]; bytes.Count(rest, []byte{0xee}) != len(rest) {
			b.Fatalf("more than the %d bytes was written", c.N)
		}
	}
	if !bytes.Equal(got, want) {
		b.Error("wrong data")
	}
}

// testReceiveEnd: 0 is the end of the stream, after all that was sent, each time.
func testReceiveEnd(b *bench) {
	x, y := b.pair()
	b.put(y, []byte("the end"))
	b.must(sock.ShutdownWrite(y))
	r := b.receiver(x, true)
	b.until("the end", func() bool { return r.end })
	if string(r.data) != "the end" || r.err != nil || r.last().Flags != 0 {
		b.Errorf("%q, %v, %+v", r.data, r.err, r.last())
	}
	for _, q := range []proactors.Request{
		{Kind: proactors.Receive, FD: x},
		{Kind: proactors.Receive, FD: x, Bufs: [][]byte{make([]byte, 9)}},
	} {
		if c := b.do(q); c.N != 0 || c.Err() != nil {
			b.Errorf("again: %+v", c)
		}
	}
	// The other way is still open.
	if c := b.do(proactors.Request{Kind: proactors.Send, FD: x, Bufs: [][]byte{[]byte("answer")}}); c.N != 6 {
		b.Errorf("the answer: %+v", c)
	}
	if got := b.take(y, 6); string(got) != "answer" {
		b.Errorf("%q came", got)
	}
}

func testReceiveReset(b *bench) {
	x, y := b.connection()
	r := b.receiver(x, true)
	b.wait(0)
	b.must(sock.SetLinger(y, 0))
	b.must(sock.Close(y))
	b.until("the reset", func() bool { return r.end })
	if !sock.Disconnected(r.err) {
		b.Errorf("%v", r.err)
	}
}

func testSendGathers(b *bench) {
	x, y := b.pair()
	var vec [][]byte
	want := pattern(64 * 100)
	for p := range slices.Chunk(want, 100) {
		vec = append(vec, p)
	}
	for _, pieces := range []int{1, 2, 64} {
		c := b.do(proactors.Request{Kind: proactors.Send, FD: x, Bufs: vec[:pieces]})
		if int(c.N) != 100*pieces {
			b.Fatalf("%d pieces: %+v", pieces, c)
		}
		if !bytes.Equal(b.take(y, int(c.N)), want[:c.N]) {
			b.Errorf("%d pieces: wrong data", pieces)
		}
	}
}

// testSendMuch: what a slow reader has no room for waits, and the rest is told of.
func testSendMuch(b *bench) {
	x, y := b.pair()
	want := pattern(12 << 20)
	var o op
	sent := 0
	more := func() {
		if sent < len(want) {
			b.submit(&o, proactors.Request{Kind: proactors.Send, FD: x, Bufs: [][]byte{want[sent:min(sent+700_000, len(want))]}})
		}
	}
	o.on = func(c proactors.Completion) {
		b.must(c.Err())
		if c.N == 0 {
			b.Error("a send of nothing")
		}
		sent += int(c.N)
		more()
	}
	more()
	var got []byte
	buf := make([]byte, 100_000)
	for len(got) < len(want) {
		b.wait(0)
		n, err := sock.Read(y, buf)
		if err != nil && !sock.WouldBlock(err) {
			b.Fatal(err)
		}
		got = append(got, buf[:max(n, 0)]...)
	}
	b.over(&o)
	if !bytes.Equal(got, want) || sent != len(want) {
		b.Errorf("%d bytes were sent and %d came, of %d", sent, len(got), len(want))
	}
}

// testSendToNobody is an error and no signal.
func testSendToNobody(b *bench) {
	x, y := b.connection()
	b.must(sock.SetLinger(y, 0))
	b.must(sock.Close(y))
	for range 100 {
		c := b.do(proactors.Request{Kind: proactors.Send, FD: x, Bufs: [][]byte{[]byte("hello")}})
		if err := c.Err(); err != nil {
			if !sock.Disconnected(err) {
				b.Errorf("%v", err)
			}
			return
		}
	}
	b.Error("a connection that was reset takes data")
}

// post posts, or ends the test if there is no such operation.
func (b *bench) post(o *op, fd uintptr, p []byte) {
	b.Helper()
	err := b.try(o, proactors.Request{Kind: proactors.Send, Post: true, FD: fd, Bufs: [][]byte{p}})
	if errors.Is(err, errors.ErrUnsupported) {
		b.Skip(err)
	}
	b.must(err)
}

func testPost(b *bench) {
	x, y := b.pair()
	var o op
	for range 100 {
		b.post(&o, x, []byte("hello"))
		if n := b.wait(0); n != 0 || o.InFlight() {
			b.Fatalf("%d completions; in flight: %v", n, o.InFlight())
		}
		if got := b.take(y, 5); string(got) != "hello" {
			b.Fatalf("%q came", got)
		}
	}
	// A Wait for something else is not disturbed.
	var r op
	b.submit(&r, proactors.Request{Kind: proactors.Receive, FD: y})
	b.post(&o, x, []byte("hello"))
	b.over(&r)
	b.p.Release(r.last())
	if len(o.got) != 0 {
		b.Errorf("%+v of a post that went", o.got)
	}
}

// testPostShort: it never waits, and says how much went.
func testPostShort(b *bench) {
	x, y := b.pair()
	want := pattern(1 << 20)
	var o op
	var sent []byte
	for len(o.got) == 0 {
		if len(sent) > 1<<30 {
			b.Fatal("a gigabyte went to a peer that does not read")
		}
		b.post(&o, x, want)
		b.wait(0)
		if o.InFlight() {
			b.Fatal("the post waits")
		}
		if len(o.got) == 0 {
			sent = append(sent, want...)
		}
	}
	c := o.last()
	if c.Flags&proactors.Short == 0 || c.N < 0 || int(c.N) >= len(want) {
		b.Fatalf("%+v", c)
	}
	sent = append(sent, want[:c.N]...)
	b.must(sock.ShutdownWrite(x))
	if got := b.take(y, len(sent)+1); !bytes.Equal(got, sent) {
		b.Errorf("%d bytes came of %d", len(got), len(sent))
	}
}

func testPostToNobody(b *bench) {
	x, y := b.connection()
	b.must(sock.SetLinger(y, 0))
	b.must(sock.Close(y))
	var o op
	for range 100 {
		b.post(&o, x, []byte("hello"))
		b.wait(0)
		if len(o.got) > 0 {
			if !sock.Disconnected(o.last().Err()) {
				b.Errorf("%+v", o.last())
			}
			return
		}
	}
	b.Error("a connection that was reset takes data")
}
