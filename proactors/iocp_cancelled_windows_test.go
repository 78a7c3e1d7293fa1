package proactors

import (
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/windows"

	"github.com/go-asyncio/asyncio/internal/sock"
)

// TestCancelledReceiveTakesNothing: a receive whose packet is on its way when it is
// cancelled asks nothing of its descriptor any more. The number may be another socket's by
// then, whose data it would take. It is not parallel, for the number is to come back.
func TestCancelledReceiveTakesNothing(t *testing.T) {
	t.Run("the number is another's", func(t *testing.T) {
		p := newPort(t)
		a, cancel := p.received()
		cancel()
		p.must(sock.Close(a))
		mine, other := reopened(t, a)
		if _, err := sock.Write(other, []byte("mine")); err != nil {
			t.Fatal(err)
		}
		p.cancelled()
		p.stillThere(mine, "mine")
	})
	t.Run("a socket of another port", func(t *testing.T) { // which is polled, and then tried
		p := newPort(t)
		p.foreign = newPort(t).p
		a, cancel := p.received()
		cancel()
		p.cancelled()
		p.stillThere(a, "x")
		p.must(sock.Close(a))
	})
}

// received has a byte come for a receive that does not know it yet, and returns the socket
// and what cancels the receive.
func (p *port) received() (fd uintptr, cancel func()) {
	p.Helper()
	a, b, err := sock.Pair()
	p.must(err)
	p.Cleanup(func() { _ = sock.Close(b) })
	if p.foreign != nil {
		p.must(p.foreign.Attach(a))
	}
	p.must(p.p.Attach(a))
	op := new(Operation)
	p.must(p.p.Submit(op, &Request{Kind: Receive, FD: a}))
	r := p.p.records.at(uint32(op.Tag - 1))
	if polls := p.foreign != nil; r.polls != polls {
		p.Fatalf("it is polled: %v, want %v", r.polls, polls)
	}
	_, err = sock.Write(b, []byte("x"))
	p.must(err)
	for began := time.Now(); windows.NTStatus(r.ov.Internal) == windows.STATUS_PENDING; runtime.Gosched() {
		if time.Since(began) > patience {
			p.Fatal("the system does not see the byte")
		}
	}
	return a, func() { p.p.Cancel(op) }
}

// cancelled fails the test unless what completes next was cancelled.
func (p *port) cancelled() {
	p.Helper()
	if c := p.wait(); len(c) != 1 || !c[0].Cancelled() {
		p.Errorf("got %+v, want a cancelled receive", c)
	}
}

// stillThere fails the test unless the socket has these data.
func (p *port) stillThere(fd uintptr, want string) {
	p.Helper()
	var buf [10]byte
	n, err := sock.Read(fd, buf[:])
	if got := string(buf[:max(n, 0)]); got != want {
		p.Errorf("the socket has %q, %v, want %q", got, err, want)
	}
}

// reopened makes pairs of sockets until one of them has the number.
func reopened(t *testing.T, fd uintptr) (mine, other uintptr) {
	t.Helper()
	for range 64 {
		c, d, err := sock.Pair()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _, _ = sock.Close(c), sock.Close(d) })
		switch fd {
		case c:
			return c, d
		case d:
			return d, c
		}
	}
	// Nothing can be shown then: which number a new socket gets is the system's to say.
	t.Skip("the system does not give the number out again soon")
	return 0, 0
}
