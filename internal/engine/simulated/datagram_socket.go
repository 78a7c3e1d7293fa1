package simulated

import (
	"net/netip"
	"slices"
	"syscall"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/sock"
)

// failure is what a datagram socket is ready for beside reading and writing: it has an error to
// tell of a datagram that was sent earlier.
const failure engine.Mask = 1 << 7

// longestUDP is how long a datagram of UDP may be.
const longestUDP = 65535 - headerSize

// grams is what a datagram socket has that others do not.
type grams struct {
	peer   netip.AddrPort // whom it is connected to; invalid: nobody
	remote sock.Addr      // the same

	first, last *message // what has come
	count       int      // of these
	bytes       int      // they take of the buffer

	failed  syscall.Errno // of something sent earlier, if nobody wants to know more of it
	reports []report      // if somebody does

	broadcast, recvErr bool
	alone              bool // what it sends to a group does not come back to its host
	inside             bool // nor does it leave it
	ttl                int
	groups             []netip.Addr

	unixgrams
	labelled [2]netip.AddrPort // whom label is about
	label    string
}

// report is an error of something sent earlier.
type report struct {
	err syscall.Errno
	to  sock.Addr
}

// mostReports is how many errors wait to be told.
const mostReports = 64

func newGrams() *grams { return &grams{ttl: 1} }

// readiness is what the socket is ready for.
func (g *grams) readiness() (m engine.Mask) {
	if g.first != nil {
		m = engine.Read
	}
	if g.writable() {
		m |= engine.Write
	}
	if g.failed != 0 || len(g.reports) > 0 {
		m |= engine.Read | engine.Write | failure
	}
	return m
}

// put has a datagram wait to be received, or be lost if there is no room for it.
func (g *grams) put(s *socket, m *message) {
	if g.bytes >= s.host.stack.DatagramBuffer {
		m.network.tellOfMessage("lost", m, s.host, m.at, " no room")
		m.network.drop(m)
		return
	}
	g.push(s, m)
}

// push has a datagram wait to be received.
func (g *grams) push(s *socket, m *message) {
	g.bytes += len(m.p) + overhead
	if g.last == nil {
		g.first = m
	} else {
		g.last.next = m
	}
	g.last = m
	g.count++
	s.changed()
}

// take receives a datagram, which is the caller's to drop; nil: there is none.
func (g *grams) take() *message {
	m := g.first
	if m == nil {
		return nil
	}
	if g.first = m.next; g.first == nil {
		g.last = nil
	}
	m.next = nil
	g.count--
	g.bytes -= len(m.p) + overhead
	g.hasRoom()
	return m
}

// source is who has sent a datagram, as a socket has it.
func (m *message) source(s *socket) sock.Addr {
	if s.family == sock.Unix {
		return m.sender
	}
	return addrOf(m.from, s.family)
}

// report notes an error of something that the socket has sent.
func (g *grams) report(s *socket, err syscall.Errno, to sock.Addr) {
	switch {
	case g.recvErr:
		if len(g.reports) < mostReports {
			g.reports = append(g.reports, report{err, to})
		}
	case g.peer.IsValid():
		g.failed = err
	default:
		return // whom it is about cannot be told
	}
	s.changed()
}

// failing takes the next error that is to be told.
func (g *grams) failing() (r report, ok bool) {
	if len(g.reports) > 0 {
		r = g.reports[0]
		g.reports = slices.Delete(g.reports, 0, 1)
		return r, true
	}
	if g.failed != 0 {
		r = report{g.failed, g.remote}
		g.failed = 0
		return r, true
	}
	return r, false
}

// end forgets everything: the socket is no more.
func (g *grams) end(s *socket) {
	for m := g.first; m != nil; {
		next := m.next
		m.network.drop(m)
		m = next
	}
	g.first, g.last, g.count, g.bytes = nil, nil, 0, 0
	g.reports, g.failed, g.groups = nil, 0, nil
	g.part(s)
}

// sendGram is a try to send a datagram, to the peer of a connected socket if to is the zero
// Addr.
func (s *socket) sendGram(p []byte, to sock.Addr) error {
	g := s.grams
	switch {
	case s.family == sock.Unix:
		return s.sendUnixgram(p, to)
	case to.IsValid() && to.Family() != s.family:
		return errFamily
	case len(p) > longestUDP:
		return errTooLong
	}
	dest := g.peer
	if to.IsValid() {
		dest = pointOf(to)
	}
	switch {
	case !dest.IsValid():
		return errDestination
	case dest.Port() == 0:
		return errInvalid
	case s.v6only && dest.Addr().Is4():
		return errNoNetwork
	}
	if !s.bound.ip.IsValid() {
		if err := s.bind(addrOf(netip.AddrPortFrom(wildcard(s.family), 0), s.family)); err != nil {
			return err
		}
	}
	if ip := dest.Addr(); ip.IsMulticast() || ip == everybody {
		return s.sendToMany(p, dest)
	}
	host, source, errno := s.host.route(dest.Addr())
	if errno == errNoNetwork {
		return errno
	}
	if source, errno = s.sourceFor(source); errno != 0 {
		return errno
	}
	if dest.Addr().IsUnspecified() {
		dest = netip.AddrPortFrom(source, dest.Port())
	}
	if host == nil {
		return nil // nobody is there, and nobody says so
	}
	m := s.host.network.message(p)
	m.from, m.to, m.at, m.dest = netip.AddrPortFrom(source, s.bound.port), dest, s.host, host
	m.label = s.labelFor(m)
	second := m.twice()
	if m.setOut(""); second != nil {
		second.setOut(" twice")
	}
	return nil
}

// sourceFor is the address that a datagram comes from: the socket's own, if it has one alone.
func (s *socket) sourceFor(source netip.Addr) (netip.Addr, syscall.Errno) {
	own := s.bound.ip
	switch {
	case own.IsUnspecified() || own.IsMulticast() || own == everybody:
		return source, 0
	case own.IsLoopback() && !source.IsLoopback() && !s.host.has(source):
		return own, errInvalid
	}
	return own, 0
}

// labelFor is what a trace calls the way of a datagram.
func (s *socket) labelFor(m *message) string {
	if s.host.network.told == nil {
		return ""
	}
	g := s.grams
	if ends := [2]netip.AddrPort{m.from, m.to}; g.label == "" || g.labelled != ends {
		g.labelled, g.label = ends, "udp "+m.from.String()+" > "+m.to.String()
	}
	return g.label
}

// connectGram connects a datagram socket, at once.
func (s *socket) connectGram(a sock.Addr) error {
	switch {
	case s.family == sock.Unix:
		return s.connectUnixgram(a)
	case a.Family() != s.family:
		return errFamily
	}
	p := pointOf(a)
	if p.Port() == 0 {
		return errInvalid
	}
	_, source, errno := s.host.route(p.Addr())
	if errno == errNoNetwork {
		return errno
	}
	if p.Addr().IsUnspecified() {
		p = netip.AddrPortFrom(source, p.Port())
	}
	if err := s.bindFor(source); err != nil {
		return err
	}
	s.grams.peer, s.grams.remote = p, addrOf(p, s.family)
	s.changed()
	return nil
}

// receiveGram is a try to receive a datagram; what has no room is lost.
func (s *socket) receiveGram(p []byte) (n int, from sock.Addr, err error) {
	g := s.grams
	if r, ok := g.failing(); ok {
		return 0, from, r.err
	}
	m := g.take()
	if m == nil {
		return 0, from, errAgain
	}
	n, from = copy(p, m.p), m.source(s)
	m.network.drop(m)
	return n, from, nil
}

// tryGram is a try of a user's to send a datagram: an error of an earlier one is told first.
func (s *socket) tryGram(p []byte, to sock.Addr) (int, error) {
	if s.grams.failed != 0 {
		r, _ := s.grams.failing()
		return 0, r.err
	}
	if err := s.sendGram(p, to); err != nil {
		return 0, err
	}
	return len(p), nil
}
