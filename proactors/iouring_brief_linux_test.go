package proactors

import (
	"runtime"
	"testing"

	"github.com/go-asyncio/asyncio/internal/sock"
)

// TestBriefWaitExpects: what has come at once says how much more is worth waiting for.
func TestBriefWaitExpects(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		before, n int
		waited    bool
		want      int
	}{
		{0, briefFrom - 1, false, 0},
		{0, briefFrom, false, briefFrom * 3 / 2},
		{0, 1000, false, briefUpTo},
		{20, 1, false, 20}, // a Wait that did not wait says little of what may come
		{20, briefFrom / 2, true, briefFrom / 2},
		{20, briefFrom/2 - 1, true, 0},
		{20, 0, true, 0},
		{20, 1000, true, briefUpTo},
	} {
		p := &IOUring{expect: tt.before}
		if p.expectAfter(tt.n, tt.waited); p.expect != tt.want {
			t.Errorf("%d came, waited %v: %d are expected, want %d", tt.n, tt.waited, p.expect, tt.want)
		}
	}
}

// TestBriefWait: a Wait that waits in vain for more returns what has come, and the next does
// not wait again. The test stays on one thread, on which the kernel finishes what it submitted; how much of it one Wait brings, and
// after how long, is the kernel's affair and not asked for.
func TestBriefWait(t *testing.T) {
	t.Parallel()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	p := openUring(t)
	a, b := pair(t)
	c, d := pair(t)
	var polls [briefMin/briefPer + 1]Operation // enough in flight
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
	if done, err := p.Wait(BriefWait); err != nil || len(done) > 0 || p.expect != 0 {
		t.Fatalf("%v, %v, and %d are expected", done, err, p.expect)
	}
	p.expect = 2
	if _, err := sock.Write(d, []byte("x")); err != nil {
		t.Fatal(err)
	}
	var done []Completion
	for len(done) == 0 { // the message is there; whether it is told in time is not said
		var err error
		if done, err = p.Wait(BriefWait); err != nil {
			t.Fatal(err)
		}
	}
	if len(done) != 1 || done[0].Op != &op {
		t.Fatalf("%v", done)
	}
	p.Release(done[0])
	if _, err := sock.Write(b, []byte("x")); err != nil {
		t.Fatal(err)
	}
	if done := wait(t, p, len(polls)); len(done) != len(polls) {
		t.Errorf("%d are done of %d", len(done), len(polls))
	}
}
