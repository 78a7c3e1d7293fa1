package netaddr

import (
	"context"
	"fmt"
	"math"
	"net"
	"net/netip"
	"strings"

	"github.com/go-asyncio/asyncio/internal/sock"
)

// Resolver finds the addresses of a host and a service.
//
// Resolve is called off the loop, from any goroutine and from several at a
// time, and may block until ctx is done. The network is "tcp", "udp" or one of
// them with "4" or "6"; the answer has addresses of that family only, in the
// order in which they should be tried, at least one if there is no error. The
// empty host is every interface: the wildcard addresses (Local makes ones to
// connect to of them). The empty service is port 0. What is returned is the
// caller's.
//
// It is asyncio's loop.getaddrinfo, and the part by which a simulation gets
// names of its own.
type Resolver interface {
	Resolve(ctx context.Context, network, host, service string) ([]sock.Addr, error)
}

// Names finds addresses by names, and names by addresses. *net.Resolver does, and its
// comments are the contract; LookupNetIP's network is "ip", "ip4" or "ip6".
type Names interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
	LookupPort(ctx context.Context, network, service string) (port int, err error)
	LookupAddr(ctx context.Context, addr string) (names []string, err error)
}

// System is the Resolver that asks the operating system or its name servers, or
// whatever its Names ask. The zero value asks by net.DefaultResolver.
type System struct {
	Names Names
}

var _ Resolver = System{}

// names returns what is asked.
func (s System) names() Names {
	if s.Names == nil {
		return net.DefaultResolver
	}
	return s.Names
}

// NameOf returns the first name of an address. One that has none is a *net.DNSError that
// is IsNotFound.
func (s System) NameOf(ctx context.Context, ip netip.Addr) (string, error) {
	names, err := s.names().LookupAddr(ctx, ip.String())
	if err != nil {
		return "", err
	}
	if len(names) == 0 {
		return "", &net.DNSError{Err: "no such host", Name: ip.String(), IsNotFound: true}
	}
	return strings.TrimSuffix(names[0], "."), nil
}

// Resolve implements Resolver. A name that does not exist is a *net.DNSError.
func (s System) Resolve(ctx context.Context, network, host, service string) ([]sock.Addr, error) {
	n, ok := networks[network]
	if !ok || n.family == sock.Unix {
		return nil, net.UnknownNetworkError(network)
	}
	if addrs, ok := Literal(network, host, service); ok {
		return addrs, nil
	}
	r := s.names()
	p, err := lookupPort(ctx, r, network, service)
	if err != nil {
		return nil, err
	}
	if host == "" {
		return wildcards(n.family, p), nil
	}
	return lookup(ctx, r, n.family, host, p)
}

func lookupPort(ctx context.Context, r Names, network, service string) (uint16, error) {
	p, digits, ok := port(service)
	switch {
	case ok:
		return p, nil
	case digits:
		return 0, &net.AddrError{Err: "port out of range", Addr: service}
	}
	n, err := r.LookupPort(ctx, network, service)
	if err == nil && (n < 0 || n > math.MaxUint16) {
		return 0, &net.AddrError{Err: fmt.Sprintf("port %d out of range", n), Addr: service}
	}
	return uint16(n), err
}

func lookup(ctx context.Context, r Names, family sock.Family, host string, port uint16) ([]sock.Addr, error) {
	ips, err := lookupIPs(ctx, r, family, host)
	if err != nil {
		return nil, err
	}
	addrs := make([]sock.Addr, 0, len(ips))
	for _, ip := range ips {
		a, err := sock.InetAddr(netip.AddrPortFrom(ip, port))
		if err != nil {
			return nil, err // a zone that this machine does not have
		}
		if family == 0 || a.Family() == family {
			addrs = append(addrs, a)
		}
	}
	if len(addrs) == 0 {
		return nil, &net.DNSError{Err: "no suitable address", Name: host, IsNotFound: true}
	}
	return Dedup(addrs), nil
}

// lookupIPs may return addresses of the wrong family too.
func lookupIPs(ctx context.Context, r Names, family sock.Family, host string) ([]netip.Addr, error) {
	if ip, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{ip}, nil // what Literal declined: one with a zone, or for a named service
	}
	system, ok := r.(*net.Resolver)
	if !ok || family == sock.Inet4 {
		found, err := r.LookupNetIP(ctx, ipNetworks[family], host)
		ips := make([]netip.Addr, 0, len(found)) // what was returned may be kept by who did
		for _, ip := range found {
			if ip.IsValid() {
				ips = append(ips, ip.Unmap())
			}
		}
		return ips, err
	}
	// Not by its LookupNetIP, which loses the zones of what it finds.
	found, err := system.LookupIPAddr(ctx, host)
	if err != nil {
		return nil, err
	}
	ips := make([]netip.Addr, 0, len(found))
	for _, f := range found {
		if ip, ok := netip.AddrFromSlice(f.IP); ok {
			ips = append(ips, ip.Unmap().WithZone(f.Zone))
		}
	}
	return ips, nil
}

// ipNetworks are the networks of LookupNetIP.
var ipNetworks = map[sock.Family]string{0: "ip", sock.Inet4: "ip4", sock.Inet6: "ip6"}

// wildcards returns the addresses that mean every interface. A listener takes
// each of them on a socket of its own, the IPv6 one for IPv6 only.
func wildcards(family sock.Family, port uint16) []sock.Addr {
	var addrs []sock.Addr
	if family != sock.Inet4 {
		addrs = append(addrs, mustAddr(netip.IPv6Unspecified(), port))
	}
	if family != sock.Inet6 {
		addrs = append(addrs, mustAddr(netip.IPv4Unspecified(), port))
	}
	return addrs
}

// Wildcard is the address of a family that means every interface, with a port of the
// system's.
func Wildcard(family sock.Family) sock.Addr { return wildcards(family, 0)[0] }

// mustAddr is for addresses without a zone, which cannot fail.
func mustAddr(ip netip.Addr, port uint16) sock.Addr {
	a, err := sock.InetAddr(netip.AddrPortFrom(ip, port))
	if err != nil {
		panic(err)
	}
	return a
}

// Literal answers for a host that is an IP address already, by one address and
// without a look-up. It declines, with false, what is for a Resolver: a name, an
// address that is not of the network's family, one with a zone (its name
// belongs to an interface), an empty host, and a port that is not a number. The
// empty port is 0. It is what asyncio does before it calls getaddrinfo.
func Literal(network, host, service string) ([]sock.Addr, bool) {
	n, ok := networks[network]
	if !ok || n.family == sock.Unix || strings.IndexByte(host, '%') >= 0 {
		return nil, false
	}
	p, _, ok := port(service)
	if !ok {
		return nil, false
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return nil, false
	}
	a := mustAddr(ip, p)
	if n.family != 0 && a.Family() != n.family {
		return nil, false
	}
	return []sock.Addr{a}, true
}
