package proactors

import (
	"testing"

	"github.com/go-asyncio/asyncio/internal/sock"
)

// TestLinger: a Wait that waits in vain for more returns what has come, and the next
// does not wait again.
func TestLinger(t *testing.T) {
	t.Parallel()
	p := openUring(t)
	a, b := pair(t)
	c, d := pair(t)
	var polls [lingerMin/lingerPer + 1]Operation // enough in flight
	for i := range polls {
		if err := p.Submit(&polls[i], &Request{Kind: Poll, Mask: Readable, FD: a}); err != nil {
			t.Fatal(err)
		}
	}
	var op Operation
	if err := p.Submit(&op, &Request{Kind: Receive, FD: c}); err != nil {
		t.Fatal(err)
	}
	none(t, p)
	p.expect = 2
	if done, err := p.Wait(Linger); err != nil || len(done) > 0 || p.expect != 0 {
		t.Fatalf("%v, %v, and %d are expected", done, err, p.expect)
	}
	p.expect = 2
	if _, err := sock.Write(d, []byte("x")); err != nil {
		t.Fatal(err)
	}
	done, err := p.Wait(Linger)
	if err != nil || len(done) != 1 || done[0].Op != &op {
		t.Fatalf("%v, %v", done, err)
	}
	p.Release(done[0])
	if _, err := sock.Write(b, []byte("x")); err != nil {
		t.Fatal(err)
	}
	if done := wait(t, p, len(polls)); len(done) != len(polls) || p.expect != lingerUpTo {
		t.Errorf("%d are done, and %d are expected", len(done), p.expect)
	}
}
