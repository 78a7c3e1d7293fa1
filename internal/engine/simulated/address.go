package simulated

import (
	"net/netip"
	"slices"
	"syscall"

	"github.com/go-asyncio/asyncio/internal/sock"
)

// The ports that are given to who asks for none, as on Linux.
const (
	firstPort = 32768
	ports     = 60999 - firstPort + 1
)

var (
	loopback4 = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	loopback6 = netip.IPv6Loopback()
)

// pointOf is an address without family: an IPv4 one in IPv6 form is IPv4.
func pointOf(a sock.Addr) netip.AddrPort {
	p := a.AddrPort()
	return netip.AddrPortFrom(p.Addr().Unmap().WithZone(""), p.Port())
}

// addrOf is an address in the form that a family of sockets has it.
func addrOf(p netip.AddrPort, f sock.Family) sock.Addr {
	a, err := sock.InetAddr(p)
	if err != nil {
		return sock.Addr{}
	}
	b, _ := a.In(f)
	return b
}

// protocol is what a port is of.
type protocol uint8

const (
	tcp protocol = iota
	udp
	protocols
)

// binding is the address of a socket's own, and what it has of it.
type binding struct {
	ip   netip.Addr // invalid: none yet
	port uint16
	both bool // the IPv6 wildcard is the IPv4 one, too
}

// covers reports whether what is sent to an address is sent to this one.
func (b *binding) covers(ip netip.Addr) bool {
	if !b.ip.IsUnspecified() {
		return b.ip == ip
	}
	return b.ip.Is4() == ip.Is4() || b.both
}

// meets reports whether two have an address in common.
func (b *binding) meets(c *binding) bool {
	switch {
	case !b.ip.IsUnspecified():
		return c.covers(b.ip)
	case !c.ip.IsUnspecified():
		return b.covers(c.ip)
	}
	return b.ip.Is4() == c.ip.Is4() || b.both || c.both
}

// has reports whether an address is the host's own.
func (h *Host) has(ip netip.Addr) bool { return ip.IsLoopback() || slices.Contains(h.addrs, ip) }

// route is the host that an address leads to, and the address of one's own from which.
func (h *Host) route(ip netip.Addr) (to *Host, source netip.Addr, err syscall.Errno) {
	loopback := loopback4
	if ip.Is6() {
		loopback = loopback6
	}
	switch {
	case ip.IsUnspecified() || ip.IsLoopback():
		return h, loopback, 0
	case slices.Contains(h.addrs, ip):
		return h, ip, 0
	}
	for _, own := range h.addrs {
		if own.Is4() == ip.Is4() {
			if to = h.network.byAddr[ip]; to == nil {
				return nil, own, errNoHost
			}
			return to, own, 0
		}
	}
	return nil, source, errNoNetwork
}

// bind gives a socket its own address.
func (s *socket) bind(a sock.Addr) error {
	switch {
	case s.bound.ip.IsValid():
		return errInvalid
	case a.Family() != s.family:
		return errFamily
	}
	p := pointOf(a)
	ip := p.Addr()
	if !ip.IsUnspecified() && !s.host.has(ip) && !(s.grams != nil && (ip.IsMulticast() || ip == everybody)) || s.v6only && ip.Is4() {
		return errNoAddress
	}
	b := binding{ip: ip, port: p.Port(), both: s.family == sock.Inet6 && !s.v6only}
	if b.port == 0 {
		if b.port = s.host.ephemeral(s.protocol); b.port == 0 {
			return errInUse
		}
	} else if s.host.taken(s, b) {
		return errInUse
	}
	s.enter(b)
	s.local = a.WithPort(b.port)
	return nil
}

// bindFor gives a socket that has none an address to connect from.
func (s *socket) bindFor(source netip.Addr) error {
	if !s.bound.ip.IsValid() {
		return s.bind(addrOf(netip.AddrPortFrom(source, 0), s.family))
	}
	if s.bound.ip.IsUnspecified() {
		s.local = addrOf(netip.AddrPortFrom(source, s.bound.port), s.family)
	}
	return nil
}

// enter notes that a socket has an address.
func (s *socket) enter(b binding) {
	s.bound = b
	h := s.host
	if h.ports[s.protocol] == nil {
		h.ports[s.protocol] = map[uint16][]*socket{}
	}
	h.ports[s.protocol][b.port] = append(h.ports[s.protocol][b.port], s)
}

// leave gives a socket's address up.
func (s *socket) leave() {
	if !s.bound.ip.IsValid() {
		return
	}
	at := s.host.ports[s.protocol]
	if rest := slices.DeleteFunc(at[s.bound.port], func(t *socket) bool { return t == s }); len(rest) > 0 {
		at[s.bound.port] = rest
	} else {
		delete(at, s.bound.port)
	}
	s.bound = binding{}
}

// taken reports whether others have an address, and do not share it with this socket.
func (h *Host) taken(s *socket, b binding) bool {
	for _, t := range h.ports[s.protocol][b.port] {
		if t == s || !t.bound.meets(&b) || s.reusePort && t.reusePort {
			continue
		}
		if s.reuseAddr && t.reuseAddr && !t.listening {
			continue
		}
		return true
	}
	return false
}

// listened reports whether others listen at a socket's address, and do not share it.
func (h *Host) listened(s *socket) bool {
	return slices.ContainsFunc(h.ports[tcp][s.bound.port], func(t *socket) bool {
		return t != s && t.listening && t.bound.meets(&s.bound) && !(s.reusePort && t.reusePort)
	})
}

// ephemeral draws a port that nobody has, 0 if there is none. Who draws always the first gets
// one after the other, so that none is used again soon.
func (h *Host) ephemeral(p protocol) uint16 {
	start := h.port + h.network.chance.N(Port, ports)
	for i := range int64(ports) {
		port := uint16(firstPort + (start+i)%ports)
		if len(h.ports[p][port]) == 0 {
			h.port = (start + i + 1) % ports
			return port
		}
	}
	return 0
}

// listenerAt is who listens at an address: the one for it alone, then the one for all; of
// several that share it, one that is drawn.
func (h *Host) listenerAt(ip netip.Addr, port uint16) *socket {
	var all [8]*socket
	found, exact := all[:0], false
	for _, s := range h.ports[tcp][port] {
		if !s.listening || !s.bound.covers(ip) {
			continue
		}
		if own := s.bound.ip == ip; own != exact {
			if !own {
				continue
			}
			found, exact = found[:0], true
		}
		found = append(found, s)
	}
	switch len(found) {
	case 0:
		return nil
	case 1:
		return found[0]
	}
	return found[h.network.chance.N(Order, int64(len(found)))]
}
