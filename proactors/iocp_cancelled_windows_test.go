package proactors

import (
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/windows"

	"github.com/go-asyncio/asyncio/internal/sock"
)

// TestCancelledReceiveTakesNothing: a receive whose packet is on its way when it is
// cancelled, and its socket closed, does not read from the one that has the number next.
// It is not parallel, for the number is to come back.
func TestCancelledReceiveTakesNothing(t *testing.T) {
	p := newPort(t)
	a, b, err := sock.Pair()
	p.must(err)
	t.Cleanup(func() { _ = sock.Close(b) })
	p.must(p.p.Attach(a))
	var op Operation
	p.must(p.p.Submit(&op, &Request{Kind: Receive, FD: a}))
	if _, err := sock.Write(b, []byte("x")); err != nil {
		t.Fatal(err)
	}
	r := p.p.records.at(uint32(op.Tag - 1))
	for began := time.Now(); windows.NTStatus(r.ov.Internal) == windows.STATUS_PENDING; runtime.Gosched() {
		if time.Since(began) > patience {
			t.Fatal("the system does not see the byte")
		}
	}
	p.p.Cancel(&op)
	p.must(sock.Close(a))
	mine, other := reopened(t, a)
	if _, err := sock.Write(other, []byte("mine")); err != nil {
		t.Fatal(err)
	}
	if c := p.wait(); len(c) != 1 || c[0].Op != &op || !c[0].Cancelled() {
		t.Errorf("got %+v", c)
	}
	var buf [10]byte
	if n, err := sock.Read(mine, buf[:]); string(buf[:max(n, 0)]) != "mine" {
		t.Errorf("read %q, %v", buf[:max(n, 0)], err)
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
	t.Skip("the system does not give the number out again soon")
	return 0, 0
}
