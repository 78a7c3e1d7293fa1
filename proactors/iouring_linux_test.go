package proactors

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/go-asyncio/asyncio/internal/sock"
)

func openUring(t *testing.T) *IOUring {
	t.Helper()
	p, err := NewIOUringProactor()
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p.(*IOUring)
}

func pair(t *testing.T) (a, b uintptr) {
	t.Helper()
	a, b, err := sock.Pair()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sock.Close(a); sock.Close(b) })
	return a, b
}

// wait returns the completions until there are n.
func wait(t *testing.T, p *IOUring, n int) (all []Completion) {
	t.Helper()
	for len(all) < n {
		done, err := p.Wait(10 * time.Second)
		if err != nil || len(done) == 0 {
			t.Fatalf("%v, %v after %d completions", done, err, len(all))
		}
		all = append(all, done...)
	}
	return all
}

// TestBuffersRunOut: who keeps all the memory gets no more until some is given back,
// and then the rest, in order.
func TestBuffersRunOut(t *testing.T) {
	t.Parallel()
	p := openUring(t)
	a, b := pair(t)
	var op Operation
	if err := p.Submit(&op, &Request{Kind: Receive, Repeat: true, FD: a}); err != nil {
		t.Fatal(err)
	}
	text := bytes.Repeat([]byte("0123456789abcdef"), 4096)
	var kept []Completion
	var got, sent int
	dry := 0
	for dry < 3 {
		if n, err := sock.Write(b, text); err == nil {
			sent += n
		}
		done, err := p.Wait(10 * time.Millisecond)
		if err != nil {
			t.Fatal(err)
		}
		if len(done) == 0 {
			dry++ // the socket is full, and nothing more comes
		} else {
			dry = 0
		}
		for _, c := range done {
			if c.N <= 0 {
				t.Fatalf("ended with %v", c.Err())
			}
			kept, got = append(kept, c), got+int(c.N)
			if c.Flags&More == 0 {
				if err := p.Submit(&op, &Request{Kind: Receive, Repeat: true, FD: a}); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	if p.bufs.some() || got >= sent {
		t.Fatalf("%d of %d bytes came, %d of %d buffers are out", got, sent, p.bufs.out, p.bufs.total)
	}
	for _, c := range kept {
		p.Release(c)
	}
	for got < sent {
		for _, c := range wait(t, p, 1) {
			if !bytes.Contains(append(text, text...), p.Memory(c)) {
				t.Fatal("wrong data")
			}
			got += int(c.N)
			p.Release(c)
			if c.Flags&More == 0 && got < sent {
				if err := p.Submit(&op, &Request{Kind: Receive, Repeat: true, FD: a}); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	if p.bufs.out != 0 {
		t.Errorf("%d buffers are lost", p.bufs.out)
	}
}

// TestCompletionsOverflow: more completions than the queue holds are all told.
func TestCompletionsOverflow(t *testing.T) {
	t.Parallel()
	p := openUring(t)
	a, _ := pair(t)
	const n = 3 * cqEntries
	ops := make([]Operation, n)
	for i := range ops {
		if err := p.Submit(&ops[i], &Request{Kind: Poll, Mask: Writable, FD: a}); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range wait(t, p, n) {
		if c.N != int32(Writable) || c.Op.InFlight() {
			t.Fatalf("%+v", c)
		}
	}
}

// TestCancelBeforeTheKernelKnows: an operation that is cancelled before Wait does not
// touch what has its descriptor's number then.
func TestCancelBeforeTheKernelKnows(t *testing.T) {
	t.Parallel()
	p := openUring(t)
	a, b := pair(t)
	c, d := pair(t)
	var op Operation
	if err := p.Submit(&op, &Request{Kind: Send, FD: a, Bufs: [][]byte{[]byte("to b, not to d")}}); err != nil {
		t.Fatal(err)
	}
	p.Cancel(&op)
	p.Cancel(&op)
	if err := unix.Dup3(int(c), int(a), unix.O_CLOEXEC); err != nil { // a is another now
		t.Fatal(err)
	}
	if done := wait(t, p, 1); !done[0].Cancelled() || op.InFlight() {
		t.Errorf("%+v", done[0])
	}
	for _, fd := range []uintptr{b, d} {
		buf := make([]byte, 20)
		if n, err := sock.Read(fd, buf); n > 0 {
			t.Errorf("%q was sent (%v)", buf[:n], err)
		}
	}
}

// TestCloseCancels: closing with operations under way ends them and leaks nothing.
func TestCloseCancels(t *testing.T) {
	t.Parallel()
	p := openUring(t)
	a, b := pair(t)
	var recv, poll, own Operation
	for op, r := range map[*Operation]*Request{
		&recv: {Kind: Receive, Repeat: true, FD: a},
		&poll: {Kind: Poll, Mask: Readable, FD: b},
		&own:  {Kind: Receive, FD: b, Bufs: [][]byte{make([]byte, 10)}},
	} {
		if err := p.Submit(op, r); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := p.Wait(0); err != nil {
		t.Fatal(err)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if recv.InFlight() || poll.InFlight() || own.InFlight() || len(p.Descriptors()) != 0 {
		t.Error("something is left")
	}
	p.Wake()
	if _, err := p.Wait(0); !errors.Is(err, ErrClosed) {
		t.Errorf("Wait: %v", err)
	}
	if err := p.Submit(&recv, &Request{Kind: Poll, FD: a}); !errors.Is(err, ErrClosed) {
		t.Errorf("Submit: %v", err)
	}
}

// TestSteadyStateAllocatesNothing: neither receiving nor sending does.
func TestSteadyStateAllocatesNothing(t *testing.T) {
	p := openUring(t)
	a, b := pair(t)
	var recv, send Operation
	if err := p.Submit(&recv, &Request{Kind: Receive, Repeat: true, FD: a}); err != nil {
		t.Fatal(err)
	}
	req := &Request{Kind: Send, FD: b, Bufs: [][]byte{make([]byte, 64), make([]byte, 64)}}
	round := func() {
		if err := p.Submit(&send, req); err != nil {
			t.Fatal(err)
		}
		for got := 0; got < 128 || send.InFlight(); {
			done, err := p.Wait(10 * time.Second)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range done {
				if c.Op == &recv {
					got += int(c.N)
					p.Release(c)
				}
			}
		}
	}
	for range 5000 { // through all buffers
		round()
	}
	if n := testing.AllocsPerRun(200, round); n != 0 {
		t.Errorf("%v allocations for each round", n)
	}
}
