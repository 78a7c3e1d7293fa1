package testkit

import (
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio/internal/sock"
)

// UDPPeer is a socket of datagrams that is no loop's. It is none of package net's either,
// which cannot make one under Wine. One goroutine uses it at a time.
type UDPPeer struct {
	t    testing.TB
	fd   uintptr
	addr sock.Addr
}

// peerPatience is when a peer that waits for a datagram gives up.
const peerPatience = 30 * time.Second

// NewUDPPeer makes one at an address of this machine's, connected to another one if there
// is one. It is closed with the test.
func NewUDPPeer(t testing.TB, to ...net.Addr) *UDPPeer {
	t.Helper()
	p := &UDPPeer{t: t}
	var err error
	if p.fd, err = sock.Open(sock.Inet4, sock.Datagram); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sock.Close(p.fd) })
	if err = sock.Bind(p.fd, p.of(net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:0")))); err == nil {
		p.addr, err = sock.SockName(p.fd)
	}
	if err == nil && len(to) > 0 {
		err = sock.Connect(p.fd, p.of(to[0]))
	}
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// of is an address in the form of package sock.
func (p *UDPPeer) of(a net.Addr) sock.Addr {
	p.t.Helper()
	addr, err := sock.AddrOf(a)
	if err != nil {
		p.t.Fatal(err)
	}
	return addr
}

// LocalAddr is where it is.
func (p *UDPPeer) LocalAddr() *net.UDPAddr { return net.UDPAddrFromAddrPort(p.addr.AddrPort()) }

// Send sends a datagram; to is nil if the peer is connected. It allocates nothing.
func (p *UDPPeer) Send(data []byte, to *net.UDPAddr) {
	p.t.Helper()
	var addr sock.Addr
	if to != nil {
		addr = p.of(to)
	}
	if _, err := sock.SendTo(p.fd, data, addr); err != nil {
		p.t.Error(err)
	}
}

// Receive waits for a datagram, of which it returns the size. It allocates nothing.
func (p *UDPPeer) Receive(data []byte) int {
	p.t.Helper()
	for end := time.Now().Add(peerPatience); ; {
		n, err := sock.RecvFrom(p.fd, data, nil)
		if err == nil {
			return n
		}
		if !sock.WouldBlock(err) || time.Now().After(end) {
			p.t.Errorf("the peer at %v waits for a datagram: %v", p.addr, err)
			return 0
		}
		time.Sleep(100 * time.Microsecond) // it looks again and again
	}
}
