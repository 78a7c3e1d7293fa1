package proactors

import (
	"runtime"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio/internal/sock"
)

// listening is a socket to which nobody connects.
func listening(t *testing.T) uintptr {
	t.Helper()
	l, err := sock.Open(sock.Inet4, sock.Stream)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sock.Close(l) })
	if err := sock.Listen(l, 10); err != nil {
		t.Fatal(err)
	}
	return l
}

// TestOperationsFollowThread: what was submitted from another thread than the one that
// waits is moved. The kernel cancels what belongs to a thread that ends; after the
// move that is nothing.
func TestOperationsFollowThread(t *testing.T) {
	t.Parallel()
	p := openUring(t)
	a, b := pair(t)
	c, _ := pair(t)
	listener := listening(t)
	var receive, poll, accept Operation
	requests := map[*Operation]*Request{
		&receive: {Kind: Receive, Repeat: true, FD: a},
		&poll:    {Kind: Poll, Mask: Readable, FD: c},
		&accept:  {Kind: Accept, FD: listener},
	}
	submitted, end := make(chan error), make(chan struct{})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		runtime.LockOSThread() // until the goroutine ends, and its thread with it
		var err error
		for op, r := range requests {
			if err == nil {
				err = p.Submit(op, r)
			}
		}
		if err == nil {
			_, err = p.Wait(0)
		}
		submitted <- err
		<-end
	}()
	if err := <-submitted; err != nil {
		t.Fatal(err)
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	left := map[*Operation]uint32{}
	for op := range requests {
		left[op] = p.slots[uint32(op.Tag)].pos
	}
	wakeTag := p.wakeOp.Tag
	for began := time.Now(); len(left) > 0 || p.wakeOp.Tag == wakeTag || p.wakeOp.Tag == 0; {
		if done, err := p.Wait(time.Millisecond); err != nil || len(done) > 0 {
			t.Fatalf("%v, %v", done, err)
		}
		for op, pos := range left {
			if p.slots[uint32(op.Tag)].pos != pos {
				delete(left, op)
			}
		}
		if time.Since(began) > 10*time.Second {
			t.Fatalf("%d operations stay where they are", len(left))
		}
	}
	none(t, p)
	close(end)
	<-ended
	if _, err := sock.Write(b, []byte("x")); err != nil {
		t.Fatal(err)
	}
	done := wait(t, p, 1)
	if len(done) != 1 || done[0].Op != &receive || done[0].N != 1 || done[0].Flags&More == 0 {
		t.Errorf("%+v", done)
	}
	p.Release(done[0])
	for op := range requests {
		if !op.InFlight() {
			t.Errorf("%+v is over", op)
		}
	}
}
