package netaddr

import (
	"net/netip"
	"slices"
	"time"

	"github.com/go-asyncio/asyncio/internal/sock"
)

// Interleave returns addrs ordered so that the families take turns, beginning
// with the family of the first address, whose first n addresses come first
// (RFC 8305's First Address Family Count). The order within a family stays. If n
// is 0 or less, the whole order stays.
func Interleave(addrs []sock.Addr, n int) []sock.Addr {
	if n <= 0 || len(addrs) == 0 {
		return slices.Clone(addrs)
	}
	var order []sock.Family
	rest := make(map[sock.Family][]sock.Addr, 2)
	for _, a := range addrs {
		f := a.Family()
		if rest[f] == nil {
			order = append(order, f)
		}
		rest[f] = append(rest[f], a)
	}
	out := make([]sock.Addr, 0, len(addrs))
	first := order[0]
	head := min(n-1, len(rest[first]))
	out = append(out, rest[first][:head]...)
	rest[first] = rest[first][head:]
	for len(out) < len(addrs) {
		for _, f := range order {
			if left := rest[f]; len(left) > 0 {
				out = append(out, left[0])
				rest[f] = left[1:]
			}
		}
	}
	return out
}

// InterleaveCount is the n for Interleave of a connect with these options: the
// one that was asked for, and 1 if none was (0) but attempts are to overlap
// after a delay, which is of no use with addresses of one family in a row.
func InterleaveCount(interleave int, happyEyeballsDelay time.Duration) int {
	if interleave == 0 && happyEyeballsDelay > 0 {
		return 1
	}
	return interleave
}

// Dedup returns addrs without repetitions, in their order.
func Dedup(addrs []sock.Addr) []sock.Addr {
	seen := make(map[sock.Addr]struct{}, len(addrs))
	out := make([]sock.Addr, 0, len(addrs))
	for _, a := range addrs {
		if _, again := seen[a]; !again {
			seen[a] = struct{}{}
			out = append(out, a)
		}
	}
	return out
}

// Local returns the address to connect to where a listener has a: the loopback
// address for a wildcard, a itself otherwise. (Connecting to a wildcard is the
// same on most systems, and an error on Windows.)
func Local(a sock.Addr) sock.Addr {
	ip := a.AddrPort().Addr()
	switch {
	case !ip.IsValid() || !ip.IsUnspecified():
		return a
	case a.Family() == sock.Inet6:
		return mustAddr(netip.IPv6Loopback(), a.Port())
	}
	return mustAddr(netip.AddrFrom4([4]byte{127, 0, 0, 1}), a.Port())
}
