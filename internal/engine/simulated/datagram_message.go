package simulated

import (
	"hash/crc64"
	"net/netip"

	"github.com/go-asyncio/asyncio/internal/sock"
)

// message is a datagram on its way, and then in a socket's queue. Its appointment is its
// arrival.
type message struct {
	appointment
	network  *Network
	next     *message
	p        []byte
	from, to netip.AddrPort
	sender   sock.Addr // of a unix socket
	at       *Host     // where it comes from
	dest     *Host     // where it goes to
	many     bool      // to a group, or to all
	answer   bool      // no datagram, but the news that nobody has one: from whom it did not reach
	id, sum  uint64
	label    string // for traces
}

// What a datagram takes of a link, and of a socket's buffer, besides its bytes.
const (
	headerSize = 28
	overhead   = 512
)

// mostSpare is how long the memory of a datagram may be that is kept for another one.
const mostSpare = 4096

// message returns one that nobody uses, with a copy of p.
func (n *Network) message(p []byte) *message {
	m := n.messages
	if m == nil {
		m = &message{network: n}
		m.do = m.arrived
	} else {
		n.messages = m.next
	}
	m.next = nil
	m.p = append(m.p[:0], p...)
	return m
}

// drop gives one back.
func (n *Network) drop(m *message) {
	buf := m.p
	if cap(buf) > mostSpare {
		buf = nil
	}
	*m = message{network: n, next: n.messages, p: buf[:0], appointment: appointment{do: m.do}}
	n.messages = m
}

// tellOfMessage tells of a datagram.
func (n *Network) tellOfMessage(what string, m *message, at, peer *Host, text string) {
	if n.told == nil {
		return
	}
	h := Happening{Host: at.name, What: what, ID: m.id, Size: len(m.p), Sum: m.sum, Data: m.p, Text: m.label + text}
	if peer != nil {
		h.Peer = peer.name
	}
	n.tell(h)
}

// setOut has a datagram be on its way to a host: it is lost, comes twice or late as the link
// has it.
func (m *message) setOut(again string) {
	n := m.network
	if n.told != nil {
		n.ids++
		m.id = n.ids
		if m.sum == 0 && len(m.p) > 0 {
			m.sum = crc64.Checksum(m.p, sums)
		}
		n.tellOfMessage("send", m, m.at, m.dest, again)
	}
	l := n.Link(m.at, m.dest)
	switch {
	case l.Down || n.happens(Loss, l.Loss):
		n.tellOfMessage("lost", m, m.at, m.dest, "")
		n.drop(m)
	case l.Stalled:
		n.hold(l, m.goes)
	default:
		m.goes()
	}
}

// goes has it arrive when it can.
func (m *message) goes() {
	n := m.network
	l := n.Link(m.at, m.dest)
	when := l.passes(len(m.p)+headerSize) + n.draw(l.Latency)
	if n.happens(Latency, l.Reorder) {
		when += 1 + n.draw(Spread{Least: l.Latency.Least, Most: 10 * l.Latency.Most})
	} else {
		when = max(when, l.ordered)
		l.ordered = when
	}
	if when <= n.now && m.at == m.dest {
		m.arrived()
		return
	}
	n.putAt(&m.appointment, when)
}

// twice draws whether a datagram that goes out comes twice, and has the second go out if so.
func (m *message) twice() *message {
	n := m.network
	l := n.Link(m.at, m.dest)
	if m.answer || !n.happens(Duplicate, l.Duplicate) {
		return nil
	}
	c := n.message(m.p)
	c.from, c.to, c.at, c.dest, c.many, c.label, c.sum = m.from, m.to, m.at, m.dest, m.many, m.label, m.sum
	return c
}

// arrived is the arrival.
func (m *message) arrived() {
	n, h := m.network, m.dest
	if h.down {
		n.tellOfMessage("lost", m, h, m.at, " no host")
		n.drop(m)
		return
	}
	n.tellOfMessage("arrive", m, h, m.at, "")
	switch {
	case m.answer:
		h.heardNobody(m)
		n.drop(m)
	case m.many:
		h.deliverToMany(m)
		n.drop(m)
	default:
		s := h.receiver(m)
		if s == nil {
			h.answerNobody(m)
			n.drop(m)
			return
		}
		s.grams.put(s, m)
	}
}

// receiver is the socket that a datagram is for: the one that is connected to its sender, then
// the one of its address alone, then the one for all; of several that share it, always the same
// one for a sender, and else the last that was bound.
func (h *Host) receiver(m *message) *socket {
	best, found, shared := 0, (*socket)(nil), 0
	for _, s := range h.ports[udp][m.to.Port()] {
		fits := 0
		switch g := s.grams; {
		case !s.bound.covers(m.to.Addr()) || g.peer.IsValid() && g.peer != m.from:
		case g.peer.IsValid():
			fits = 3
		case !s.bound.ip.IsUnspecified():
			fits = 2
		default:
			fits = 1
		}
		switch {
		case fits == 0 || fits < best:
		case fits > best || !s.reusePort || !found.reusePort:
			best, found, shared = fits, s, 1
		default:
			if shared++; spread(m.from)%shared == 0 {
				found = s
			}
		}
	}
	return found
}

// spread is a number that is the same for the same sender.
func spread(from netip.AddrPort) int {
	sum := int(from.Port())
	for _, b := range from.Addr().As16() {
		sum = sum*31 + int(b)
	}
	return sum & (1<<30 - 1)
}

// deliverToMany gives a copy to each socket of the host that wants what goes to many.
func (h *Host) deliverToMany(m *message) {
	for _, s := range h.ports[udp][m.to.Port()] {
		if !s.grams.wants(s, m) {
			continue
		}
		c := h.network.message(m.p)
		c.from, c.to, c.at, c.dest, c.many, c.id, c.sum, c.label = m.from, m.to, m.at, m.dest, true, m.id, m.sum, m.label
		s.grams.put(s, c)
	}
}

// answerNobody sends back that nobody has a datagram.
func (h *Host) answerNobody(m *message) {
	n := h.network
	a := n.message(nil)
	a.answer, a.from, a.to, a.at, a.dest = true, m.to, m.from, h, m.at
	if n.told != nil {
		a.label = m.label + " refused"
	}
	a.setOut("")
}

// heardNobody has the socket know whose datagram reached nobody.
func (h *Host) heardNobody(m *message) {
	for _, s := range h.ports[udp][m.to.Port()] {
		if g := s.grams; s.bound.covers(m.to.Addr()) && (!g.peer.IsValid() || g.peer == m.from) {
			g.report(s, errRefused, addrOf(m.from, s.family))
		}
	}
}
