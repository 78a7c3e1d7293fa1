package proactortest

import (
	"bytes"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/go-asyncio/asyncio/internal/sock"
	"github.com/go-asyncio/asyncio/proactors"
)

var memoryCases = []testCase{
	{"memory-runs-out", testMemoryRunsOut},
	{"memory-apart", testMemoryApart},
	{"memory-kept", testMemoryKept},
	{"memory-kept-by-its-receiver", testKeep},
	{"memory-unmoved", testMemoryUnmoved},
}

// testMemoryRunsOut: who keeps all that is lent gets no more until some is given back,
// and then the rest, in order; what needs no such memory goes on meanwhile.
func testMemoryRunsOut(b *bench) {
	const conns, limit = 3, 96 << 20
	want := pattern(1 << 20)
	type conn struct {
		op
		x, y      uintptr
		sent, got int
	}
	all := make([]*conn, conns)
	var kept []proactors.Completion
	var whose []*conn
	keep := false
	received := func(c *conn, done proactors.Completion) {
		p := b.p.Memory(done)
		for len(p) > 0 {
			n := min(len(p), len(want)-c.got%len(want))
			if !bytes.Equal(p[:n], want[c.got%len(want):][:n]) {
				b.Fatalf("wrong data after %d bytes", c.got)
			}
			c.got += n
			p = p[n:]
		}
		b.p.Release(done)
	}
	lent := 0
	for i := range all {
		c := new(conn)
		all[i] = c
		c.x, c.y = b.pair()
		c.on = func(done proactors.Completion) {
			if done.N <= 0 {
				b.Fatalf("ended with %v", done.Err())
			}
			if keep {
				kept, whose = append(kept, done), append(whose, c)
				lent += int(done.N)
			} else {
				received(c, done)
			}
			if done.Flags&proactors.More == 0 {
				b.submit(&c.op, c.request)
			}
		}
		b.submit(&c.op, proactors.Request{Kind: proactors.Receive, Repeat: true, FD: c.x})
	}
	keep = true
	for quiet := 0; quiet < 5 && lent < limit; {
		full := true
		for _, c := range all {
			n, err := sock.Write(c.y, want[c.sent%len(want):])
			if err == nil {
				c.sent, full = c.sent+n, false
			} else if !sock.WouldBlock(err) {
				b.Fatal(err)
			}
		}
		if b.wait(5*time.Millisecond) == 0 && full {
			quiet++
		} else {
			quiet = 0
		}
	}
	b.Logf("%d MiB are lent", lent>>20)
	if m, ok := b.p.(proactors.Meter); ok && lent < limit {
		before := m.Usage().Starved
		b.wait(20 * time.Millisecond)
		if n := m.Usage().Starved - before; n > 2*conns {
			b.Errorf("memory was looked for %d times though none was released", n)
		}
	}
	// The others are not held up.
	x, y := b.pair()
	if c := b.do(proactors.Request{Kind: proactors.Send, FD: x, Bufs: [][]byte{[]byte("hello")}}); c.N != 5 {
		b.Errorf("a send meanwhile: %+v", c)
	}
	mine := make([]byte, 5)
	if c := b.do(proactors.Request{Kind: proactors.Receive, FD: y, Bufs: [][]byte{mine}}); c.N != 5 || string(mine) != "hello" {
		b.Errorf("a receive into the user's memory meanwhile: %+v", c)
	}
	// A receive that waits for memory can be cancelled.
	stalled := all[0]
	b.cancel(&stalled.op)
	on := stalled.on
	stalled.on = func(c proactors.Completion) {
		if c.N > 0 {
			on(c)
		}
	}
	b.over(&stalled.op)
	stalled.on = on
	keep = false
	for i, c := range kept {
		received(whose[i], c)
	}
	b.submit(&stalled.op, stalled.request)
	for _, c := range all {
		b.until("the rest", func() bool { return c.got == c.sent })
	}
	if m, ok := b.p.(proactors.Meter); ok {
		if u := m.Usage(); u.Lent != 0 {
			b.Errorf("%+v when all is released", u)
		}
	}
}

// testMemoryApart: what is lent stays as it is whatever else is released and received.
func testMemoryApart(b *bench) {
	const size, keep, rounds = 1000, 400, 1600
	x, y := b.pair()
	data := pattern(size + rounds)
	type piece struct {
		proactors.Completion
		at int // in the stream
	}
	var kept []piece
	var o op
	got := 0
	intact := func(p piece) {
		for i, c := range b.p.Memory(p.Completion) {
			if n := p.at + i; c != data[n/size+n%size] {
				b.Fatalf("byte %d has changed", n)
			}
		}
		b.p.Release(p.Completion)
	}
	o.on = func(c proactors.Completion) {
		b.must(c.Err())
		kept = append(kept, piece{c, got})
		got += int(c.N)
		if c.Flags&proactors.More == 0 {
			b.submit(&o, o.request)
		}
	}
	b.submit(&o, proactors.Request{Kind: proactors.Receive, Repeat: true, FD: x})
	for i := range rounds {
		b.put(y, data[i:i+size])
		b.until("a piece", func() bool { return got == (i+1)*size })
		for len(kept) > keep { // in no order
			j := i * 31 % len(kept)
			intact(kept[j])
			kept[j] = kept[len(kept)-1]
			kept = kept[:len(kept)-1]
		}
	}
	for _, p := range kept {
		intact(p)
	}
}

// witness tells when memory has been collected.
func witness(p *[4096]byte) *atomic.Bool {
	gone := new(atomic.Bool)
	runtime.AddCleanup(p, func(gone *atomic.Bool) { gone.Store(true) }, gone)
	return gone
}

// submitForgotten starts an operation of which the test then has nothing but the
// address: neither its memory nor the Operation itself.
func (b *bench) submitForgotten(r proactors.Request) (memory *atomic.Bool, o *op) {
	b.Helper()
	p := new([4096]byte)
	copy(p[:], "what is in it must stay")
	switch r.Kind {
	case proactors.Connect:
		r.Addr = p[:copy(p[:], r.Addr)]
	default:
		r.Bufs = [][]byte{p[:]}
	}
	o = new(op)
	b.submit(o, r)
	o.request.Bufs, o.request.Addr = [][]byte{nil}, nil
	return witness(p), o
}

// collect runs the collector, with garbage that would take the place of what is freed.
func collect() {
	for range 3 {
		runtime.GC()
		for range 100 {
			runtime.KeepAlive(bytes.Repeat([]byte{0xdd}, 4096))
		}
	}
}

// testMemoryKept: as long as the system may touch memory it stays, though nobody but
// the proactor knows of it; also after Cancel; and not for ever.
func testMemoryKept(b *bench) {
	x, _ := b.pair()
	full, _ := b.pair()
	b.fill(full)
	received, receive := b.submitForgotten(proactors.Request{Kind: proactors.Receive, FD: x})
	sent, send := b.submitForgotten(proactors.Request{Kind: proactors.Send, FD: full})
	stay := func(when string) {
		b.Helper()
		collect()
		if receive.under && received.Load() || send.under && sent.Load() {
			b.Fatalf("%s: memory that is received into is gone: %v, that is sent: %v", when, received.Load(), sent.Load())
		}
	}
	stay("queued")
	b.wait(0)
	stay("under way")
	if !receive.under {
		b.Error("received, with nothing there")
	}
	b.cancel(receive)
	if send.under { // or there was room for it after all
		b.cancel(send)
	}
	stay("cancelled, and the completion has not come")
	b.over(receive, send)
	for deadline := time.Now().Add(patience); !received.Load() || !sent.Load(); {
		if time.Now().After(deadline) {
			b.Fatal("the memory of operations that are over is kept")
		}
		// An implementation may look at an operation's place only when it is used again.
		b.do(proactors.Request{Kind: proactors.Poll, FD: x, Mask: writable})
		collect()
	}
}

// testMemoryUnmoved: the collector runs while operations are under way, and they end up
// where they were told to.
func testMemoryUnmoved(b *bench) {
	const n = 20
	var fds [n]uintptr
	var ops [n]*op
	var mem [n]*[4096]byte
	for i := range n {
		x, y := b.pair()
		fds[i], ops[i], mem[i] = y, new(op), new([4096]byte)
		b.submit(ops[i], proactors.Request{Kind: proactors.Receive, FD: x, Bufs: [][]byte{mem[i][:]}})
	}
	b.wait(0)
	collect()
	for i, fd := range fds {
		b.put(fd, bytes.Repeat([]byte{byte(i + 1)}, 1000))
	}
	collect()
	b.over(ops[:]...)
	for i, o := range ops {
		if !bytes.Equal(mem[i][:1000], bytes.Repeat([]byte{byte(i + 1)}, 1000)) || o.last().N != 1000 {
			b.Errorf("receive %d: %+v, %x ...", i, o.last(), mem[i][:10])
		}
	}
}
