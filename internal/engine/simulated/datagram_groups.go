package simulated

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/sock"
)

// everybody is the address of all hosts of IPv4.
var everybody = netip.AddrFrom4([4]byte{255, 255, 255, 255})

// The interfaces of a host, by number; 0 is the system's choice, which is the network.
const (
	ifaceLoopback = 1
	ifaceNetwork  = 2
)

// sendToMany sends to a group, or to everybody: to all hosts, in the order in which they were
// made, by the link to each.
func (s *socket) sendToMany(p []byte, dest netip.AddrPort) error {
	g, h := s.grams, s.host
	group := dest.Addr().IsMulticast()
	if !group && !g.broadcast {
		return errAccess
	}
	at := slices.IndexFunc(h.addrs, func(a netip.Addr) bool { return a.Is4() == dest.Addr().Is4() })
	if at < 0 {
		return errNoNetwork
	}
	source, errno := s.sourceFor(h.addrs[at])
	if errno != 0 {
		return errno
	}
	for _, to := range h.network.hosts {
		if to == h && group && g.alone || to != h && group && (g.ttl == 0 || g.inside) || to != h && source.IsLoopback() {
			continue
		}
		if to != h && !slices.ContainsFunc(to.addrs, func(a netip.Addr) bool { return a.Is4() == dest.Addr().Is4() }) {
			continue
		}
		if !to.wantsMany(dest) {
			continue // it is filtered before anybody sees it
		}
		m := h.network.message(p)
		m.from, m.to, m.at, m.dest, m.many = netip.AddrPortFrom(source, s.bound.port), dest, h, to, true
		m.label = s.labelFor(m)
		second := m.twice()
		if m.setOut(""); second != nil {
			second.setOut(" twice")
		}
	}
	return nil
}

// wantsMany reports whether a socket of the host wants what is sent to many there.
func (h *Host) wantsMany(dest netip.AddrPort) bool {
	m := message{to: dest}
	return slices.ContainsFunc(h.ports[udp][dest.Port()], func(s *socket) bool { return s.grams.inMany(s, &m) })
}

// wants reports whether the socket wants what was sent to many.
func (g *grams) wants(s *socket, m *message) bool {
	return (!g.peer.IsValid() || g.peer == m.from) && g.inMany(s, m)
}

// inMany reports whether the socket is one of the many.
func (g *grams) inMany(s *socket, m *message) bool {
	to := m.to.Addr()
	if s.bound.ip != to && !(s.bound.ip.IsUnspecified() && s.bound.covers(to)) {
		return false
	}
	return !to.IsMulticast() || slices.Contains(g.groups, to)
}

// member checks the arguments of JoinGroup and LeaveGroup.
func (s *socket) member(group sock.Addr, iface int) (netip.Addr, error) {
	ip := pointOf(group).Addr()
	switch {
	case s.typ != sock.Datagram || s.family == sock.Unix:
		return ip, errOperation
	case !ip.IsMulticast() || ip.Is4() != (s.family == sock.Inet4):
		return ip, errInvalid
	case iface < 0 || iface > ifaceNetwork:
		return ip, errNoAddress
	}
	return ip, nil
}

func (s *socket) join(group sock.Addr, iface int) error {
	ip, err := s.member(group, iface)
	if err != nil {
		return err
	}
	if slices.Contains(s.grams.groups, ip) {
		return errInUse
	}
	s.grams.groups = append(s.grams.groups, ip)
	return nil
}

func (s *socket) leaveGroup(group sock.Addr, iface int) error {
	ip, err := s.member(group, iface)
	if err != nil {
		return err
	}
	i := slices.Index(s.grams.groups, ip)
	if i < 0 {
		return errNoAddress
	}
	s.grams.groups = slices.Delete(s.grams.groups, i, i+1)
	return nil
}

// setGramOption sets an option of a datagram socket.
func (s *socket) setGramOption(opt engine.Option, value int) error {
	g, on := s.grams, value != 0
	switch {
	case opt == engine.UDPSegment || opt == engine.UDPGRO:
		return fmt.Errorf("%w: a simulated network has no calls that could be saved by putting datagrams together", errors.ErrUnsupported)
	case g == nil || s.family == sock.Unix:
		return errOperation
	}
	switch opt {
	case engine.Broadcast:
		g.broadcast = on
	case engine.RecvErr:
		g.recvErr = on
	case engine.MulticastLoop:
		g.alone = !on
	case engine.MulticastTTL:
		if value < 0 || value > 255 {
			return errInvalid
		}
		g.ttl = value
	case engine.MulticastInterface:
		if value < 0 || value > ifaceNetwork {
			return errNoAddress
		}
		g.inside = value == ifaceLoopback
	}
	return nil
}
