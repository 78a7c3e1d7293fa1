package asyncio

import (
	"context"
	"net/netip"
)

// Resolver looks names up for a loop: for GetAddrInfo, GetNameInfo and all calls that take
// an address. *net.Resolver is one, and its comments say what the methods do; to change
// a part, embed one.
//
// The methods are called off the loop, in its default executor, several at a time, and must
// return when ctx is done, for the loop's Close waits for them. They are never asked for what
// is an IP address or a port number already.
type Resolver interface {
	// LookupNetIP returns the addresses of a host, in the order in which they should be tried.
	// network is "ip", "ip4" or "ip6"; addresses of another family are left out, and
	// none at all is an error.
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
	// LookupPort returns the port of a service of network "tcp" or "udp", with "4" or "6"
	// for one family only.
	LookupPort(ctx context.Context, network, service string) (port int, err error)
	// LookupAddr returns the names of an IP address, of which the first one counts. None, or
	// a *net.DNSError that is IsNotFound, says that it has no name.
	LookupAddr(ctx context.Context, addr string) (names []string, err error)
}

// WithResolver sets who looks names up for the loop; nil is the system, by
// net.DefaultResolver, as without the option. (In Python, a loop that overrides getaddrinfo,
// which works here, too: see WithSelf.)
func WithResolver(r Resolver) LoopOption { return func(c *loopConfig) { c.names = r } }
