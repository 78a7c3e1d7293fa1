package proactors

import (
	"net/netip"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/windows"

	"github.com/go-asyncio/asyncio/internal/sock"
)

// udp is a datagram socket with an address, of another port if there is one.
func (p *port) udp() (uintptr, sock.Addr) {
	p.Helper()
	fd, err := sock.Open(sock.Inet4, sock.Datagram)
	p.must(err)
	any, err := sock.InetAddr(netip.MustParseAddrPort("127.0.0.1:0"))
	p.must(err)
	p.must(sock.Bind(fd, any))
	a, err := sock.SockName(fd)
	p.must(err)
	if p.foreign != nil {
		p.must(p.foreign.Attach(fd))
	}
	p.must(p.p.Attach(fd))
	return fd, a
}

// TestForeignDatagrams: a socket that belongs to another port is polled, and then tried.
func TestForeignDatagrams(t *testing.T) {
	t.Parallel()
	p := newPort(t)
	p.foreign = newPort(t).p
	x, ax := p.udp()
	y, ay := p.udp()
	defer sock.Close(x)
	defer sock.Close(y)
	var receive, send Operation
	p.must(p.p.Submit(&receive, &Request{Kind: ReceiveFrom, FD: y}))
	raw := new(sock.RawAddr)
	for _, want := range []string{"one", "", "three"} {
		p.must(p.p.Submit(&send, &Request{Kind: SendTo, FD: x, Bufs: [][]byte{[]byte(want)}, Addr: raw.B[:ay.Encode(raw)]}))
		for sent, got := false, false; !sent || !got; {
			for _, c := range p.wait() {
				p.must(c.Err())
				if c.Op == &send {
					sent = true
					continue
				}
				got = true
				from, size := p.p.Envelope(c)
				if s := string(p.p.Memory(c)); s != want || sock.Decode(from) != ax || size != len(want) || c.Flags&More == 0 {
					t.Errorf("%q from %v, %d bytes: %+v", s, sock.Decode(from), size, c)
				}
				p.p.Release(c)
			}
		}
	}
	p.p.Cancel(&receive)
	p.cancelled()
}

// TestCancelledDatagram: a datagram that the system has received for an operation which is
// cancelled before it knows is told of, and nothing is taken from the socket that gets the
// number. It is not parallel, for the number is to come back.
func TestCancelledDatagram(t *testing.T) {
	p := newPort(t)
	fd, a := p.udp()
	x, _ := p.udp()
	defer sock.Close(x)
	op := new(Operation)
	p.must(p.p.Submit(op, &Request{Kind: ReceiveFrom, FD: fd}))
	r := p.p.records.at(uint32(op.Tag - 1))
	_, err := sock.SendTo(x, []byte("x"), a)
	p.must(err)
	for began := time.Now(); windows.NTStatus(r.ov.Internal) == windows.STATUS_PENDING; runtime.Gosched() {
		if time.Since(began) > patience {
			t.Fatal("the system does not see the datagram")
		}
	}
	p.p.Cancel(op)
	p.must(sock.Close(fd))
	var next uintptr
	for range 64 {
		next, a = p.udp()
		defer sock.Close(next)
		if next == fd {
			break
		}
	}
	_, err = sock.SendTo(x, []byte("mine"), a)
	p.must(err)
	c := p.wait()
	if len(c) != 1 || c[0].Flags&(Lent|More) != Lent || string(p.p.Memory(c[0])) != "x" {
		t.Errorf("%+v", c)
	}
	p.p.Release(c[0])
	p.stillThere(next, "mine")
}

// TestDatagramsAllocateNothing is not parallel: AllocsPerRun counts the whole process.
func TestDatagramsAllocateNothing(t *testing.T) {
	p := newPort(t)
	x, _ := p.udp()
	y, ay := p.udp()
	defer sock.Close(x)
	defer sock.Close(y)
	var receive, send Operation
	raw := new(sock.RawAddr)
	request := &Request{Kind: SendTo, FD: x, Bufs: [][]byte{[]byte("0123456789")}, Addr: raw.B[:ay.Encode(raw)]}
	p.must(p.p.Submit(&receive, &Request{Kind: ReceiveFrom, FD: y}))
	p.allocations("a datagram", func() {
		p.must(p.p.Submit(&send, request))
		for sent, got := false, false; !sent || !got; {
			c, err := p.p.Wait(patience)
			p.must(err)
			for _, c := range c {
				if c.Op == &send {
					sent = true
				} else {
					got = true
					p.p.Release(c)
				}
			}
		}
	})
	p.p.Cancel(&receive)
	p.cancelled()
}
