package netaddr

import (
	"bytes"
	"net"

	"github.com/go-asyncio/asyncio/internal/sock"
)

// frontSize is how many peers are found at once: those with which many datagrams are
// exchanged at a time.
const (
	frontBits = 10
	frontSize = 1 << frontBits
)

// peersMost is how many peers a generation has.
const peersMost = 1024

// Peers are the addresses of the peers of one datagram socket in the form of package net,
// each made once, as long as it is among those that were asked for lately. One goroutine
// uses it at a time.
type Peers struct {
	typ   sock.Type
	last  *known             // who was asked for last
	front *[frontSize]*known // by sock.Addr.Mix; nil until somebody is
	ips   generations[ipKey]
	paths generations[string]
}

// ipKey is what tells IP addresses apart, in a form that is quick to find.
type ipKey struct {
	ip    [16]byte
	scope uint32
	port  uint16
	size  uint16
}

// known is an address in both forms.
type known struct {
	addr sock.Addr
	net  net.Addr
	udp  *net.UDPAddr // net, if it is one
	text string       // the part of net that is a string
}

// generations are what is known of late. What is asked for comes into the young one, and
// when that is full it becomes the old one, whose addresses are forgotten unless they
// are asked for again.
type generations[K comparable] struct{ young, old map[K]*known }

// find returns what is known under a key, or nil.
func (g *generations[K]) find(key K) *known {
	k := g.young[key]
	if k == nil {
		if k = g.old[key]; k != nil {
			g.add(key, k)
		}
	}
	return k
}

// add makes something known.
func (g *generations[K]) add(key K, k *known) {
	if len(g.young) >= peersMost {
		g.young, g.old = g.old, g.young
		clear(g.young)
	}
	if g.young == nil {
		g.young = make(map[K]*known)
	}
	g.young[key] = k
}

// NewPeers returns the peers of a socket of that kind.
func NewPeers(typ sock.Type) Peers { return Peers{typ: typ} }

// Of returns an address in the form of package net, nil of the zero Addr. The same value is
// returned for each datagram of a peer; one that its user has changed is never returned
// again.
func (p *Peers) Of(a sock.Addr) net.Addr {
	if p.front == nil {
		p.front = new([frontSize]*known)
	}
	place := &p.front[a.Mix()>>(32-frontBits)]
	k := *place
	if k == nil || k.addr != a || !k.intact() {
		if k != nil && k.addr != a {
			p.keep(k) // it was asked for lately, although not there
		}
		if k = p.find(&a); k == nil {
			return nil
		}
		*place = k
	}
	p.last = k
	return k.net
}

// Answered is the address that Of was asked for last, if a is what it has returned.
func (p *Peers) Answered(a net.Addr) (sock.Addr, bool) {
	if k := p.last; k != nil && k.net == a && k.intact() {
		return k.addr, true
	}
	return sock.Addr{}, false
}

// find looks an address up; nil of the zero Addr.
func (p *Peers) find(a *sock.Addr) *known {
	switch ip, n := a.IPBytes(); {
	case n > 0:
		return look(&p.ips, keyOf(a, ip, n), a, p.typ)
	case a.IsValid():
		return look(&p.paths, a.Path(), a, p.typ)
	}
	return nil
}

// keep has somebody count as asked for now.
func (p *Peers) keep(k *known) {
	if ip, n := k.addr.IPBytes(); n > 0 {
		p.ips.add(keyOf(&k.addr, ip, n), k)
	} else {
		p.paths.add(k.addr.Path(), k)
	}
}

// keyOf is the key of an IP address, of which the bytes are known.
func keyOf(a *sock.Addr, ip [16]byte, n int) ipKey {
	return ipKey{ip, a.ScopeID(), a.Port(), uint16(n)}
}

// look is find in the generations that an address belongs to.
func look[K comparable](g *generations[K], key K, a *sock.Addr, typ sock.Type) *known {
	if k := g.find(key); k != nil && k.intact() {
		return k
	}
	k := &known{addr: *a, net: a.NetAddr(typ)}
	switch n := k.net.(type) {
	case *net.UDPAddr:
		k.udp, k.text = n, n.Zone
	case *net.UnixAddr:
		k.text = n.Name
	}
	g.add(key, k)
	return k
}

// intact reports whether nobody has changed the value that was handed out.
func (k *known) intact() bool {
	if u := k.udp; u != nil {
		ip, n := k.addr.IPBytes()
		return u.Port == int(k.addr.Port()) && u.Zone == k.text && bytes.Equal(u.IP, ip[:n])
	}
	u, ok := k.net.(*net.UnixAddr)
	return ok && u.Name == k.text
}
