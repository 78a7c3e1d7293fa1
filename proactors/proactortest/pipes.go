package proactortest

import (
	"bytes"
	"errors"
	"testing"

	"github.com/go-asyncio/asyncio/internal/sock"
	"github.com/go-asyncio/asyncio/proactors"
)

// TestPipes is for proactors that take pipes as well as sockets: see the contract. pipe
// makes one whose ends are fit for them, and open both ways.
func TestPipes(t *testing.T, open func() (proactors.Proactor, error), pipe func() (r, w uintptr, err error)) {
	for _, c := range []struct {
		name string
		run  func(b *bench, r, w *end)
	}{
		{"windows.011.overlapped-pipe", testPipeOverlapped},
		{"pipe-both-ways", testPipeBothWays},
		{"pipe-much", testPipeMuch},
		{"pipe-end", testPipeEnd},
		{"pipe-reader-gone", testPipeReaderGone},
		{"pipe-poll", testPipePoll},
		{"pipe-cancel", testPipeCancel},
		{"pipe-refused", testPipeRefused},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, open)
			rFD, wFD, err := pipe()
			b.must(err)
			r, w := &end{b, rFD, false}, &end{b, wFD, false}
			t.Cleanup(r.close)
			t.Cleanup(w.close)
			b.must(b.p.Attach(r.fd))
			b.must(b.p.Attach(w.fd))
			c.run(b, r, w)
		})
	}
}

// end is one end of a pipe.
type end struct {
	b      *bench
	fd     uintptr
	closed bool
}

// close closes it, once.
func (e *end) close() {
	e.b.Helper()
	if !e.closed {
		e.closed = true
		e.b.must(sock.Close(e.fd))
	}
}

// receives receives once, and releases.
func (b *bench) receives(from *end) string {
	b.Helper()
	c := b.do(proactors.Request{Kind: proactors.Receive, FD: from.fd})
	b.must(c.Err())
	if c.N == 0 {
		return ""
	}
	defer b.p.Release(c)
	return string(b.p.Memory(c))
}

// testPipeOverlapped: a receive before there is anything waits, and both it and the send
// that brings it complete.
func testPipeOverlapped(b *bench, r, w *end) {
	for _, own := range []bool{true, false} {
		var in, out op
		mem := make([]byte, 100)
		request := proactors.Request{Kind: proactors.Receive, FD: r.fd}
		if !own {
			request.Bufs = [][]byte{mem}
		}
		b.submit(&in, request)
		if n := b.wait(0); n != 0 || !in.under {
			b.Fatalf("%d completions with nothing there", n)
		}
		b.submit(&out, proactors.Request{Kind: proactors.Send, FD: w.fd, Bufs: [][]byte{[]byte("hello")}})
		b.over(&in, &out)
		b.must(in.last().Err())
		got := mem[:max(in.last().N, 0)]
		if own {
			got = bytes.Clone(b.p.Memory(in.last()))
			b.p.Release(in.last())
		}
		if string(got) != "hello" || out.last().N != 5 {
			b.Errorf("received %q of %d bytes sent", got, out.last().N)
		}
	}
}

func testPipeBothWays(b *bench, r, w *end) {
	for range 3 {
		b.must(b.do(proactors.Request{Kind: proactors.Send, FD: r.fd, Bufs: [][]byte{[]byte("back")}}).Err())
		b.must(b.do(proactors.Request{Kind: proactors.Send, FD: w.fd, Bufs: [][]byte{[]byte("forth")}}).Err())
		if there, here := b.receives(r), b.receives(w); there != "forth" || here != "back" {
			b.Errorf("%q and %q came", there, here)
		}
	}
}

// testPipeMuch: a send of more than a pipe has room for waits for the reader, and
// receives go on by themselves.
func testPipeMuch(b *bench, r, w *end) {
	want := pattern(3 << 20)
	in := b.receiver(r.fd, true)
	var out op
	for rest := want; len(rest) > 0; {
		b.submit(&out, proactors.Request{Kind: proactors.Send, FD: w.fd, Bufs: [][]byte{rest}})
		b.over(&out)
		b.must(out.last().Err())
		rest = rest[out.last().N:]
	}
	b.until("the data", func() bool { return len(in.data) >= len(want) })
	if !bytes.Equal(in.data, want) {
		b.Error("wrong data")
	}
}

// testPipeEnd: the end comes after what was sent before it, also if the receive waits for
// it already.
func testPipeEnd(b *bench, r, w *end) {
	in := b.receiver(r.fd, false)
	b.must(b.do(proactors.Request{Kind: proactors.Send, FD: w.fd, Bufs: [][]byte{[]byte("last")}}).Err())
	w.close()
	b.until("the end", func() bool { return in.end })
	if string(in.data) != "last" || in.err != nil {
		b.Errorf("received %q, ended with %v", in.data, in.err)
	}
}

// testPipeReaderGone: a send to nobody fails.
func testPipeReaderGone(b *bench, r, w *end) {
	r.close()
	c := b.do(proactors.Request{Kind: proactors.Send, FD: w.fd, Bufs: [][]byte{[]byte("x")}})
	if !sock.Disconnected(c.Err()) {
		b.Errorf("sent %d, %v", c.N, c.Err())
	}
}

// testPipePoll: readable when there is something, which stays there, and when the other
// end is closed.
func testPipePoll(b *bench, r, w *end) {
	var poll op
	request := proactors.Request{Kind: proactors.Poll, FD: r.fd, Mask: proactors.Readable}
	b.submit(&poll, request)
	if n := b.wait(0); n != 0 {
		b.Fatalf("%d completions with nothing there", n)
	}
	b.must(b.do(proactors.Request{Kind: proactors.Send, FD: w.fd, Bufs: [][]byte{[]byte("x")}}).Err())
	b.over(&poll)
	for range 2 {
		if c := b.do(request); c.N != int32(proactors.Readable) {
			b.Errorf("it is there, and the poll says %d, %v", c.N, c.Err())
		}
	}
	if got := b.receives(r); got != "x" {
		b.Errorf("received %q after the polls", got)
	}
	b.submit(&poll, request)
	w.close()
	b.over(&poll)
	if c := poll.last(); c.N != int32(proactors.Readable) {
		b.Errorf("the other end is closed, and the poll says %d, %v", c.N, c.Err())
	}
}

// testPipeCancel: what is cancelled takes nothing, and its descriptor may be closed at
// once.
func testPipeCancel(b *bench, r, w *end) {
	for _, kind := range []proactors.Kind{proactors.Receive, proactors.Poll} {
		var o op
		b.submit(&o, proactors.Request{Kind: kind, FD: r.fd, Mask: proactors.Readable})
		b.wait(0)
		b.cancel(&o)
		b.over(&o)
		if !o.last().Cancelled() {
			b.Errorf("kind %d ended with %d, %v", kind, o.last().N, o.last().Err())
		}
	}
	b.must(b.do(proactors.Request{Kind: proactors.Send, FD: w.fd, Bufs: [][]byte{[]byte("kept")}}).Err())
	if got := b.receives(r); got != "kept" {
		b.Errorf("received %q after a cancelled receive", got)
	}
	var in, out op
	b.submit(&in, proactors.Request{Kind: proactors.Receive, FD: r.fd})
	b.submit(&out, proactors.Request{Kind: proactors.Send, FD: w.fd, Bufs: [][]byte{pattern(1 << 20)}})
	b.cancel(&in)
	b.cancel(&out)
	r.close()
	w.close()
	b.over(&in, &out)
	if in.last().N > 0 {
		b.p.Release(in.last())
	}
}

// testPipeRefused: what a pipe cannot do is refused at once.
func testPipeRefused(b *bench, _, w *end) {
	for _, request := range []proactors.Request{
		{Kind: proactors.Connect, FD: w.fd, Addr: make([]byte, 16)},
		{Kind: proactors.Send, Post: true, FD: w.fd, Bufs: [][]byte{[]byte("x")}},
		{Kind: proactors.Poll, FD: w.fd, Mask: proactors.Writable},
	} {
		var o op
		if err := b.try(&o, request); !errors.Is(err, errors.ErrUnsupported) {
			b.Errorf("%+v: %v", request, err)
		}
	}
}
