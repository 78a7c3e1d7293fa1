package proactors

import (
	"bytes"
	"crypto/rand"
	"errors"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/windows"

	"github.com/go-asyncio/asyncio/internal/sock"
)

// port is a proactor under test, and what has come out of it.
type port struct {
	*testing.T
	p       *iocp
	foreign *iocp // sockets are this one's, if it is set
}

func newPort(t *testing.T) *port {
	t.Helper()
	p, err := NewIOCPProactor()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return &port{T: t, p: p.(*iocp)}
}

func (p *port) must(err error) {
	p.Helper()
	if err != nil {
		p.Fatal(err)
	}
}

// pair is two sockets that are attached and connected to each other.
func (p *port) pair() (a, b uintptr) {
	p.Helper()
	a, b, err := sock.Pair()
	p.must(err)
	p.Cleanup(func() { _, _ = sock.Close(a), sock.Close(b) })
	p.must(p.p.Attach(a))
	p.must(p.p.Attach(b))
	return a, b
}

// wait returns the next completions; there must be some.
func (p *port) wait() []Completion {
	p.Helper()
	for range 100 {
		c, err := p.p.Wait(10 * time.Second)
		p.must(err)
		if len(c) > 0 {
			return c
		}
	}
	p.Fatal("nothing completes")
	return nil
}

// do has one operation done to its end.
func (p *port) do(r Request) Completion {
	p.Helper()
	var op Operation
	p.must(p.p.Submit(&op, &r))
	for {
		for _, c := range p.wait() {
			if c.Op == &op && c.Flags&More == 0 {
				return c
			}
		}
	}
}

// conns is a connection of package net's: its socket belongs to another port.
func conns(t *testing.T) (a, b *net.TCPConn) {
	t.Helper()
	l, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	a, err = net.DialTCP("tcp", nil, l.Addr().(*net.TCPAddr))
	if err != nil {
		t.Fatal(err)
	}
	b, err = l.AcceptTCP()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = a.Close(), b.Close() })
	return a, b
}

func descriptor(t *testing.T, c *net.TCPConn) (fd uintptr) {
	t.Helper()
	rc, err := c.SyscallConn()
	if err == nil {
		err = rc.Control(func(n uintptr) { fd = n })
	}
	if err != nil {
		t.Fatal(err)
	}
	return fd
}

// TestForeignSocket: a socket of another port works all the same.
func TestForeignSocket(t *testing.T) {
	t.Parallel()
	p := newPort(t)
	conn, other := conns(t)
	fd := descriptor(t, conn)
	p.must(p.p.Attach(fd))
	p.must(p.p.Attach(fd))

	var poll, receive Operation
	p.must(p.p.Submit(&poll, &Request{Kind: Poll, Mask: Readable, FD: fd}))
	if c, err := p.p.Wait(0); err != nil || len(c) > 0 {
		t.Fatalf("ready with nothing there: %v, %v", c, err)
	}
	p.must(p.p.Submit(&receive, &Request{Kind: Receive, FD: fd}))
	if _, err := other.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	for poll.InFlight() || receive.InFlight() {
		for _, c := range p.wait() {
			switch c.Op {
			case &poll:
				if c.N != int32(Readable) {
					t.Errorf("poll: %d", c.N)
				}
			case &receive:
				if got := p.p.Memory(c); string(got) != "hello" {
					t.Errorf("received %q", got)
				}
				p.p.Release(c)
			}
		}
	}
	if c := p.do(Request{Kind: Send, FD: fd, Bufs: [][]byte{[]byte("wor"), []byte("ld")}}); c.N != 5 {
		t.Errorf("sent %d, %v", c.N, c.Err())
	}
	got := make([]byte, 5)
	if _, err := other.Read(got); err != nil || string(got) != "world" {
		t.Errorf("%q, %v", got, err)
	}
	buf := make([]byte, 10)
	p.must(p.p.Submit(&receive, &Request{Kind: Receive, FD: fd, Bufs: [][]byte{buf}}))
	p.p.Cancel(&receive)
	if c := p.wait(); len(c) != 1 || !c[0].Cancelled() {
		t.Errorf("cancelled: %v", c)
	}
	p.must(p.p.Submit(&receive, &Request{Kind: Receive, FD: fd, Bufs: [][]byte{buf}}))
	p.must(other.CloseWrite())
	if c := p.wait(); len(c) != 1 || c[0].N != 0 {
		t.Errorf("at the end: %v", c)
	}
	raw := new(sock.RawAddr)
	to := addr(t, other.LocalAddr())
	n := to.Encode(raw)
	if err := p.p.Submit(&receive, &Request{Kind: Connect, FD: fd, Addr: raw.B[:n]}); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("connect: %v", err)
	}
}

func addr(t *testing.T, a net.Addr) sock.Addr {
	t.Helper()
	b, err := sock.AddrOf(a)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestMemoryRunsOut: receives wait for memory, and nothing is lost.
func TestMemoryRunsOut(t *testing.T) {
	t.Parallel()
	p := newPort(t)
	a, b := p.pair()
	// All that there is of both sizes is lent already.
	var taken []uint32
	for size := range sizes {
		for {
			i, ok := p.p.memory.take(pieceSize(size))
			if !ok {
				break
			}
			taken = append(taken, i)
		}
	}
	want := bytes.Repeat([]byte("0123456789"), 100)
	if n, err := sock.Write(b, want); err != nil || n != len(want) {
		t.Fatal(n, err)
	}
	var op Operation
	p.must(p.p.Submit(&op, &Request{Kind: Receive, FD: a, Repeat: true}))
	for range 3 {
		if c, err := p.p.Wait(0); err != nil || len(c) > 0 {
			t.Fatalf("received without memory: %v, %v", c, err)
		}
	}
	for _, i := range taken {
		p.p.memory.give(i)
	}
	c := p.wait()[0]
	if got := p.p.Memory(c); !bytes.Equal(got, want) || c.Flags&More == 0 {
		t.Errorf("%d bytes, flags %b", len(got), c.Flags)
	}
	p.p.Release(c)
	p.p.Cancel(&op)
	if c := p.wait(); len(c) != 1 || !c[0].Cancelled() || c[0].Flags&More != 0 || op.InFlight() {
		t.Errorf("cancelled: %v", c)
	}
}

// TestMuchAtOnce: what fills a small piece is followed by a large one in the same
// Wait.
func TestMuchAtOnce(t *testing.T) {
	t.Parallel()
	p := newPort(t)
	a, b := p.pair()
	want := make([]byte, 60_000)
	for i := range want {
		want[i] = byte(i * i >> 8)
	}
	if n, err := sock.Write(b, want); err != nil || n != len(want) {
		t.Fatal(n, err)
	}
	var op Operation
	p.must(p.p.Submit(&op, &Request{Kind: Receive, FD: a, Repeat: true}))
	var got []byte
	for len(got) < len(want) {
		for _, c := range p.wait() {
			p.must(c.Err())
			got = append(got, p.p.Memory(c)...)
			p.p.Release(c)
		}
	}
	if !bytes.Equal(got, want) || p.p.memory.made[large] != 1 {
		t.Errorf("%d bytes; %d large pieces", len(got), p.p.memory.made[large])
	}
	p.must(sock.ShutdownWrite(b))
	if c := p.wait(); len(c) != 1 || c[0].N != 0 || c[0].Flags&More != 0 {
		t.Errorf("at the end: %v", c)
	}
}

// TestPollsSocketsOnly: anything else is refused, and says what is possible.
func TestPollsSocketsOnly(t *testing.T) {
	t.Parallel()
	p := newPort(t)
	event, err := windows.CreateEvent(nil, 0, 0, nil)
	p.must(err)
	defer windows.CloseHandle(event)
	if err := p.p.Attach(uintptr(event)); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("attach of an event: %v", err)
	}
	// One that the system would bind to the port, for good, is left alone.
	file, err := windows.CreateFile(windows.StringToUTF16Ptr(filepath.Join(os.TempDir(), "asyncio-"+rand.Text())),
		windows.GENERIC_WRITE, 0, nil, windows.CREATE_ALWAYS, windows.FILE_FLAG_OVERLAPPED|windows.FILE_FLAG_DELETE_ON_CLOSE, 0)
	p.must(err)
	defer windows.CloseHandle(file)
	if err := p.p.Attach(uintptr(file)); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("attach of a file: %v", err)
	}
	port, err := windows.CreateIoCompletionPort(file, 0, 0, 0)
	if err != nil {
		t.Errorf("the file is bound to a port: %v", err)
	} else {
		p.must(windows.CloseHandle(port))
	}
}

// TestCloseTakesAll: operations that are under way end with the proactor, their
// memory is let go, and a connection that nobody was told of is closed.
func TestCloseTakesAll(t *testing.T) {
	t.Parallel()
	p := newPort(t)
	a, b := p.pair()
	l, err := sock.Open(sock.Inet4, sock.Stream)
	p.must(err)
	defer sock.Close(l)
	p.must(sock.Bind(l, addr(t, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})))
	p.must(sock.Listen(l, 5))
	p.must(p.p.Attach(l))
	var ops [4]Operation
	p.must(p.p.Submit(&ops[0], &Request{Kind: Accept, FD: l}))
	p.must(p.p.Submit(&ops[1], &Request{Kind: Receive, FD: a, Repeat: true}))
	p.must(p.p.Submit(&ops[2], &Request{Kind: Poll, FD: b, Mask: Readable}))
	p.must(p.p.Submit(&ops[3], &Request{Kind: Poll, FD: a, Mask: Readable | Writable}))
	if _, err := p.p.Wait(0); err != nil {
		t.Fatal(err)
	}
	p.must(p.p.Close())
	for i := range ops {
		if ops[i].InFlight() {
			t.Errorf("operation %d is in flight", i)
		}
	}
	if p.p.busy != 0 {
		t.Errorf("the system has %d records", p.p.busy)
	}
	if _, known := inUse.Load(p.p.records); known {
		t.Error("the records are kept")
	}
	if _, err := p.p.Wait(0); err != ErrClosed {
		t.Errorf("Wait: %v", err)
	}
	p.p.Wake()
	p.must(p.p.Close())
}
