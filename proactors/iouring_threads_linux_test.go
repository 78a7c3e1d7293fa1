package proactors

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"runtime"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/go-asyncio/asyncio/internal/sock"
)

// onThread runs f on a thread of its own, which ends with it.
func onThread(t *testing.T, f func()) {
	t.Helper()
	tid := make(chan int, 1)
	var run func()
	run = func() {
		runtime.LockOSThread() // and the thread ends with the goroutine
		if unix.Gettid() == unix.Getpid() {
			defer runtime.UnlockOSThread() // but not the first one: another, while we have this
			next := make(chan struct{})
			go func() {
				defer close(next)
				run()
			}()
			<-next
			return
		}
		f()
		tid <- unix.Gettid()
	}
	go run()
	task := fmt.Sprintf("/proc/self/task/%d", <-tid)
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		if _, err := os.Stat(task); err != nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("the thread does not end")
		}
	}
}

// fullListener has one connection in its queue and room for no other.
func fullListener(t *testing.T) (l uintptr, a sock.Addr) {
	t.Helper()
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	l, err := sock.Open(sock.Inet4, sock.Stream)
	must(err)
	t.Cleanup(func() { sock.Close(l) })
	a, err = sock.InetAddr(netip.MustParseAddrPort("127.0.0.1:0"))
	must(err)
	must(sock.Bind(l, a))
	must(sock.Listen(l, 0))
	a, err = sock.SockName(l)
	must(err)
	fd, err := sock.Open(sock.Inet4, sock.Stream)
	must(err)
	t.Cleanup(func() { sock.Close(fd) })
	if err := sock.Connect(fd, a); err != nil && !sock.InProgress(err) {
		t.Fatal(err)
	}
	return l, a
}

// TestThreadEnds: operations outlive the thread that submitted them.
func TestThreadEnds(t *testing.T) {
	t.Parallel()
	p := openUring(t)
	a, b := pair(t)
	c, d := pair(t)
	l, to := fullListener(t)
	connecting, err := sock.Open(sock.Inet4, sock.Stream)
	if err != nil {
		t.Fatal(err)
	}
	defer sock.Close(connecting)
	for {
		if _, err := sock.Write(c, make([]byte, 1<<20)); err != nil {
			break
		}
	}
	raw := new(sock.RawAddr)
	own := make([]byte, 1)
	requests := []*Request{
		{Kind: Receive, FD: a},
		{Kind: Receive, FD: a, Repeat: true},
		{Kind: Receive, FD: a, Bufs: [][]byte{own}},
		{Kind: Poll, FD: a, Mask: Readable},
		{Kind: Send, FD: c, Bufs: [][]byte{[]byte("one")}},
		{Kind: Send, FD: c, Bufs: [][]byte{[]byte("two"), []byte("three")}},
		{Kind: Connect, FD: connecting, Addr: raw.B[:to.Encode(raw)]},
	}
	ops := make([]Operation, len(requests))
	onThread(t, func() {
		for i, r := range requests {
			if err := p.Submit(&ops[i], r); err != nil {
				t.Error(err)
			}
		}
		if done, err := p.Wait(0); err != nil || len(done) > 0 {
			t.Errorf("%v, %v", done, err)
		}
	})
	// Each goes on when it can.
	if done, err := p.Wait(0); err != nil || len(done) > 0 {
		t.Fatalf("%v, %v", done, err)
	}
	left := len(ops)
	buf := make([]byte, 1<<20)
	for deadline := time.Now().Add(30 * time.Second); left > 0; {
		if time.Now().After(deadline) {
			t.Fatalf("%d operations do not end", left)
		}
		_, _ = sock.Write(b, []byte("x"))
		_, _ = sock.Read(d, buf)
		if fd, err := sock.Accept(l); err == nil {
			defer sock.Close(fd)
		}
		done, err := p.Wait(10 * time.Millisecond)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range done {
			if c.N < 0 {
				t.Errorf("%v", c.Err())
			}
			if c.Flags&Lent != 0 {
				p.Release(c)
			}
			if c.Flags&More == 0 {
				left--
			} else if left == 1 {
				p.Cancel(c.Op)
				left--
			}
		}
	}
}

// TestBusyThread: what was submitted on a thread that computes now, without a system
// call, is done all the same.
func TestBusyThread(t *testing.T) {
	t.Parallel()
	p := openUring(t)
	a, b := pair(t)
	var op Operation
	submitted := make(chan struct{})
	var over atomic.Bool
	defer over.Store(true)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := p.Submit(&op, &Request{Kind: Receive, Repeat: true, FD: a})
		if err == nil {
			_, err = p.Wait(0)
		}
		if err != nil {
			t.Error(err)
		}
		close(submitted)
		for !over.Load() {
		}
	}()
	<-submitted
	worst := time.Duration(0)
	for range 100 {
		began := time.Now()
		if _, err := sock.Write(b, []byte("x")); err != nil {
			t.Fatal(err)
		}
		for _, c := range wait(t, p, 1) {
			if c.N != 1 || c.Flags&More == 0 {
				t.Fatalf("%+v, %v", c, c.Err())
			}
			p.Release(c)
		}
		worst = max(worst, time.Since(began))
	}
	t.Logf("%v at most", worst)
}

// TestPinnedBeforeItsRun: a pinned ring takes operations from anywhere, and more than its
// queue holds, until the goroutine that is to run it begins.
func TestPinnedBeforeItsRun(t *testing.T) {
	t.Parallel()
	made, err := NewPinnedIOUringProactor()
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	p := made.(*IOUring)
	a, _ := pair(t)
	const n = 3*sqEntries + 5
	ops := make([]Operation, n)
	onThread(t, func() {
		for i := range ops {
			if err := p.Submit(&ops[i], &Request{Kind: Poll, Mask: Writable, FD: a}); err != nil {
				t.Error(err)
			}
		}
	})
	for i := 0; i < n; i += 10 {
		p.Cancel(&ops[i])
	}
	over := make(chan struct{})
	go func() {
		defer close(over)
		runtime.LockOSThread() // until the goroutine ends, and its thread with it
		defer func() {
			if err := p.Close(); err != nil {
				t.Error(err)
			}
		}()
		for left := n; left > 0; {
			done, err := p.Wait(10 * time.Second)
			if err != nil || len(done) == 0 {
				t.Errorf("%v, with %d operations under way", err, left)
				return
			}
			for _, c := range done {
				cancelled := (uintptr(unsafe.Pointer(c.Op))-uintptr(unsafe.Pointer(&ops[0])))/unsafe.Sizeof(ops[0])%10 == 0
				if c.Cancelled() != cancelled || !cancelled && c.N != int32(Writable) {
					t.Errorf("%+v, %v", c, c.Err())
				}
			}
			left -= len(done)
		}
	}()
	<-over
}
