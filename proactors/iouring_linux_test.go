package proactors

import (
	"errors"
	"sync/atomic"
	"testing"
	"time"

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
	if err := p.Flush(); err != nil {
		t.Fatal(err)
	}
	if atomic.LoadUint32(p.ring.sqFlags)&sqCQOverflow == 0 {
		t.Fatal("nothing has overflowed")
	}
	for _, c := range wait(t, p, n) {
		if c.N != int32(Writable) || c.Op.InFlight() {
			t.Fatalf("%+v", c)
		}
	}
}
