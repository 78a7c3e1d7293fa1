package sock

import (
	"encoding/binary"
	"math/bits"
)

// Mix returns a number that is the same for the same IP address and port, and mostly another
// one for others, the more its highest bits: for tables that are looked into for each
// datagram.
func (a *Addr) Mix() uint32 {
	low, high := binary.NativeEndian.Uint64(a.ip[:8]), binary.NativeEndian.Uint64(a.ip[8:])
	x := low ^ bits.RotateLeft64(high, 29) ^ uint64(a.port)<<16
	return uint32((x ^ x>>32) * 0x9e3779b97f4a7c15 >> 32)
}

// IPBytes returns the bytes of the IP address, of which the first n count: 4 of IPv4, 16
// of IPv6, none of others.
func (a *Addr) IPBytes() (ip [16]byte, n int) {
	switch a.family {
	case Inet4:
		n = 4
	case Inet6:
		n = 16
	}
	return a.ip, n
}
