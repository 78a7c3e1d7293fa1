package proactors

import (
	"errors"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/go-asyncio/asyncio/internal/sock"
)

// post posts, or skips the test where the kernel has no posts.
func post(t *testing.T, p *IOUring, op *Operation, fd uintptr, b []byte) {
	t.Helper()
	err := p.Submit(op, &Request{Kind: Send, Post: true, FD: fd, Bufs: [][]byte{b}})
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func none(t *testing.T, p *IOUring) {
	t.Helper()
	if done, err := p.Wait(0); err != nil || len(done) > 0 {
		t.Fatalf("%v, %v", done, err)
	}
}

// TestPost: what goes is not told of, and what does not go says how much did.
func TestPost(t *testing.T) {
	t.Parallel()
	p := openUring(t)
	a, b := pair(t)
	var op Operation
	post(t, p, &op, a, []byte("abc"))
	none(t, p)
	post(t, p, &op, a, []byte("def"))
	if err := p.Flush(); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 10)
	if n, err := sock.Read(b, got); err != nil || string(got[:n]) != "abcdef" {
		t.Fatalf("%q, %v", got[:n], err)
	}
	none(t, p)
	piece := make([]byte, 1<<20)
	for posts := 0; ; posts++ { // until the buffers on the way are full
		post(t, p, &op, a, piece)
		done, err := p.Wait(0)
		if err != nil || posts > 100 {
			t.Fatalf("%v after %d posts to a peer that does not read", err, posts)
		}
		if len(done) == 0 {
			continue
		}
		c := done[0]
		if len(done) > 1 || c.Op != &op || c.Flags != Short || c.N < 0 || int(c.N) >= len(piece) || op.InFlight() {
			t.Fatalf("%+v", done)
		}
		if rest := unread(t, b); rest != posts*len(piece)+int(c.N) {
			t.Errorf("%d bytes came, of %d posts and %d bytes", rest, posts, c.N)
		}
		return
	}
}

// unread reads all that has been sent to fd.
func unread(t *testing.T, fd uintptr) (total int) {
	t.Helper()
	buf := make([]byte, 1<<20)
	poll := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	for {
		n, err := sock.Read(fd, buf)
		if err == nil {
			total += n
			continue
		}
		if n, _ := unix.Poll(poll, 100); n == 0 {
			return total
		}
	}
}

// TestPostFails: the error comes as a completion, for its own operation.
func TestPostFails(t *testing.T) {
	t.Parallel()
	p := openUring(t)
	a, b := pair(t)
	c, d := pair(t)
	if err := unix.Shutdown(int(c), unix.SHUT_WR); err != nil {
		t.Fatal(err)
	}
	var good, bad Operation
	post(t, p, &bad, c, []byte("lost"))
	post(t, p, &good, a, []byte("abc"))
	done := wait(t, p, 1)
	if len(done) != 1 || done[0].Op != &bad || done[0].Err() != unix.EPIPE || bad.InFlight() {
		t.Errorf("%+v", done)
	}
	if n := unread(t, b); n != 3 {
		t.Errorf("%d bytes came", n)
	}
	if n, err := sock.Read(d, make([]byte, 1)); n != 0 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
}

// TestManyPosts: more than the queue holds, and more that fail than the kernel can
// tell of at once.
func TestManyPosts(t *testing.T) {
	t.Parallel()
	p := openUring(t)
	a, b := pair(t)
	c, _ := pair(t)
	if err := unix.Shutdown(int(c), unix.SHUT_WR); err != nil {
		t.Fatal(err)
	}
	const n, each = 2*cqEntries + 100, 100 // few that go: the peer does not read yet
	var good, bad [n]Operation
	goes := 0
	for i := range n {
		if i%each == 0 {
			post(t, p, &good[i], a, []byte{byte(i)})
			goes++
		}
		post(t, p, &bad[i], c, []byte{byte(i)})
	}
	done, err := p.Wait(0)
	if err != nil || len(done) != n {
		t.Fatalf("%d completions, %v", len(done), err)
	}
	for i, c := range done {
		if c.Op != &bad[i] || c.Err() != unix.EPIPE {
			t.Fatalf("%d: %+v", i, c)
		}
	}
	if got := unread(t, b); got != goes {
		t.Errorf("%d bytes came of %d", got, goes)
	}
	none(t, p)
}

// TestPostEndsNoWait: a Wait that hands posts over waits all the same for what is to
// come.
func TestPostEndsNoWait(t *testing.T) {
	t.Parallel()
	p := openUring(t)
	a, b := pair(t)
	var send, recv Operation
	if err := p.Submit(&recv, &Request{Kind: Receive, Repeat: true, FD: a}); err != nil {
		t.Fatal(err)
	}
	post(t, p, &send, a, []byte("ping"))
	go func() { // answers only what was sent
		poll := []unix.PollFd{{Fd: int32(b), Events: unix.POLLIN}}
		_, _ = unix.Poll(poll, 10_000)
		_, _ = sock.Write(b, []byte("pong"))
	}()
	done, err := p.Wait(10 * time.Second)
	if err != nil || len(done) != 1 || done[0].Op != &recv || string(p.Memory(done[0])) != "pong" {
		t.Fatalf("%v, %v", done, err)
	}
	p.Release(done[0])
}
