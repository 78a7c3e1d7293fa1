package proactors

import (
	"bytes"
	"net"
	"runtime"
	"testing"

	"golang.org/x/sys/windows"

	"github.com/go-asyncio/asyncio/internal/sock"
)

// allocations checks that f, which is done often, allocates nothing.
func (p *port) allocations(what string, f func()) {
	p.Helper()
	for range 3 {
		f()
	}
	if n := testing.AllocsPerRun(200, f); n != 0 {
		p.Errorf("%s: %v allocations", what, n)
	}
}

// TestOperationsAllocateNothing is not parallel: AllocsPerRun counts the whole
// process.
func TestOperationsAllocateNothing(t *testing.T) {
	p := newPort(t)
	a, b := p.pair()
	message, into := []byte("0123456789"), make([]byte, 100)
	bufs, rest := [][]byte{message, message}, [][]byte{into}
	var op, other Operation
	until := func(op *Operation) (last Completion) {
		for last.Op == nil {
			c, err := p.p.Wait(patience)
			if err != nil || len(c) == 0 {
				t.Fatal(c, err)
			}
			for _, c := range c {
				if c.Flags&Lent != 0 && c.N > 0 {
					p.p.Release(c)
				}
				if c.Op == op {
					last = c
				}
			}
		}
		return last
	}
	p.allocations("a send, and a receive that finds it there", func() {
		p.must(p.p.Submit(&op, &Request{Kind: Send, FD: a, Bufs: bufs}))
		if c := until(&op); c.N != 20 {
			t.Fatal(c)
		}
		p.must(p.p.Submit(&op, &Request{Kind: Receive, FD: b, Bufs: rest}))
		if c := until(&op); c.N != 20 {
			t.Fatal(c)
		}
	})
	p.allocations("a receive that waits", func() {
		p.must(p.p.Submit(&op, &Request{Kind: Receive, FD: b, Bufs: rest}))
		if n, err := sock.Write(a, message); n != 10 || err != nil {
			t.Fatal(n, err)
		}
		if c := until(&op); c.N != 10 {
			t.Fatal(c)
		}
	})
	p.allocations("a poll", func() {
		p.must(p.p.Submit(&op, &Request{Kind: Poll, FD: a, Mask: Writable}))
		until(&op)
	})
	p.allocations("a cancelled receive", func() {
		p.must(p.p.Submit(&op, &Request{Kind: Receive, FD: b, Bufs: rest}))
		p.p.Cancel(&op)
		if c := until(&op); !c.Cancelled() {
			t.Fatal(c)
		}
	})
	p.allocations("a wake-up", func() {
		p.p.Wake()
		if _, err := p.p.Wait(patience); err != nil {
			t.Fatal(err)
		}
	})
	p.must(p.p.Submit(&other, &Request{Kind: Receive, FD: b, Repeat: true}))
	p.allocations("a repeated receive into the proactor's memory", func() {
		if n, err := sock.Write(a, message); n != 10 || err != nil {
			t.Fatal(n, err)
		}
		if c := until(&other); c.N != 10 || c.Flags&More == 0 {
			t.Fatal(c)
		}
	})
	// Many at once: each record has pins of its own.
	const many = 50
	var sends [many]Operation
	p.allocations("many sends at once", func() {
		for i := range sends {
			p.must(p.p.Submit(&sends[i], &Request{Kind: Send, FD: a, Bufs: bufs}))
		}
		for got := 0; got < many*20; {
			if c := until(&other); c.N > 0 {
				got += int(c.N)
			}
		}
	})
}

// TestConnectionsAllocateNothing: nor does an accept, or a connect; only the map
// that knows the port of a socket has an entry for each.
func TestConnectionsAllocateNothing(t *testing.T) {
	p := newPort(t)
	l, at := p.listener()
	raw := new(sock.RawAddr)
	n := at.Encode(raw)
	var accept, connect Operation
	open := func() uintptr {
		fd, err := sock.Open(sock.Inet4, sock.Stream)
		p.must(err)
		p.must(p.p.Attach(fd))
		return fd
	}
	sockets := testing.AllocsPerRun(200, func() { p.must(sock.Close(open())) })
	if sockets > 1 {
		t.Errorf("a socket: %v allocations", sockets)
	}
	if n := testing.AllocsPerRun(200, func() {
		fd := open()
		p.must(p.p.Submit(&accept, &Request{Kind: Accept, FD: l}))
		p.must(p.p.Submit(&connect, &Request{Kind: Connect, FD: fd, Addr: raw.B[:n]}))
		for accepted := false; !accepted || connect.InFlight(); {
			c, err := p.p.Wait(patience)
			p.must(err)
			for _, c := range c {
				p.must(c.Err())
				if c.Op == &accept {
					accepted = true
					p.must(sock.Close(p.p.Accepted(c)))
				}
			}
		}
		p.must(sock.Close(fd))
	}); n > sockets {
		t.Errorf("an accept and a connect: %v allocations", n-sockets)
	}
}

// listener is a socket that listens, attached.
func (p *port) listener() (uintptr, sock.Addr) {
	p.Helper()
	l, err := sock.Open(sock.Inet4, sock.Stream)
	p.must(err)
	p.Cleanup(func() { _ = sock.Close(l) })
	p.must(sock.Bind(l, addr(p.T, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})))
	p.must(sock.Listen(l, 200))
	at, err := sock.SockName(l)
	p.must(err)
	p.must(p.p.Attach(l))
	return l, at
}

// TestMemoryOutlivesUser: what the system writes to is kept until it has done so,
// though nobody else remembers it, also after Cancel and after the socket is closed.
func TestMemoryOutlivesUser(t *testing.T) {
	t.Parallel()
	p := newPort(t)
	collected := make(chan string, 100)
	begin := func(name string, fd uintptr, cancel bool) {
		buf := new([4096]byte)
		op := &Operation{}
		runtime.AddCleanup(buf, func(name string) { collected <- name }, name)
		p.must(p.p.Submit(op, &Request{Kind: Receive, FD: fd, Bufs: [][]byte{buf[:]}}))
		if cancel {
			p.p.Cancel(op)
		}
	}
	a, b := p.pair()
	begin("received", a, false)
	gone, other, err := sock.Pair()
	p.must(err)
	defer sock.Close(other)
	p.must(p.p.Attach(gone))
	begin("cancelled", gone, true)
	p.must(sock.Close(gone))
	for range 3 {
		runtime.GC()
	}
	select {
	case name := <-collected:
		t.Fatalf("the memory of what is %s was collected while the system had it", name)
	default:
	}
	want := bytes.Repeat([]byte("x"), 4096)
	if n, err := sock.Write(b, want); n != len(want) || err != nil {
		t.Fatal(n, err)
	}
	for received, cancelled := false, false; !received || !cancelled; {
		for _, c := range p.wait() {
			if c.Cancelled() {
				cancelled = true
			} else {
				received = c.N == int32(len(want))
			}
		}
	}
	// And it is let go then.
	if _, err := p.p.Wait(0); err != nil {
		t.Fatal(err)
	}
	for seen := 0; seen < 2; {
		runtime.GC()
		select {
		case <-collected:
			seen++
		default:
			runtime.Gosched()
		}
	}
	runtime.KeepAlive(p)
}

// TestResetWhileWaiting: connections that were reset while they waited to be
// accepted are an error of theirs or nothing; those behind them are accepted.
func TestResetWhileWaiting(t *testing.T) {
	t.Parallel()
	p := newPort(t)
	l, at := p.listener()
	for range 5 {
		fd, err := sock.Open(sock.Inet4, sock.Stream)
		p.must(err)
		p.must(sock.SetNonblock(fd, false))
		p.must(sock.Connect(fd, at))
		p.must(windows.SetsockoptLinger(windows.Handle(fd), windows.SOL_SOCKET, windows.SO_LINGER, &windows.Linger{Onoff: 1}))
		p.must(sock.Close(fd)) // a reset
	}
	live, err := sock.Open(sock.Inet4, sock.Stream)
	p.must(err)
	defer sock.Close(live)
	p.must(sock.SetNonblock(live, false))
	p.must(sock.Connect(live, at))
	mine, err := sock.SockName(live)
	p.must(err)
	var op Operation
	for found := false; !found; {
		p.must(p.p.Submit(&op, &Request{Kind: Accept, FD: l}))
		for _, c := range p.wait() {
			if c.Err() != nil {
				if !sock.Disconnected(c.Err()) {
					t.Errorf("an accept says %v", c.Err())
				}
				continue
			}
			fd := p.p.Accepted(c)
			if peer, err := sock.PeerName(fd); err == nil && peer == mine {
				found = true
			}
			p.must(sock.Close(fd))
		}
	}
}
