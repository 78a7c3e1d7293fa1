//go:build unix

package sock

import (
	"syscall"

	"golang.org/x/sys/unix"
)

const (
	protoIP           = unix.IPPROTO_IP
	protoIPv6         = unix.IPPROTO_IPV6
	optMulticastTTL   = unix.IP_MULTICAST_TTL
	optMulticastHops  = unix.IPV6_MULTICAST_HOPS
	optMulticastLoop  = unix.IP_MULTICAST_LOOP
	optMulticastLoop6 = unix.IPV6_MULTICAST_LOOP
	optMulticastIf6   = unix.IPV6_MULTICAST_IF
)

func membership6(fd uintptr, group [16]byte, iface int, join bool) error {
	opt := unix.IPV6_JOIN_GROUP
	if !join {
		opt = unix.IPV6_LEAVE_GROUP
	}
	return unix.SetsockoptIPv6Mreq(int(fd), protoIPv6, opt, &unix.IPv6Mreq{Multiaddr: group, Interface: uint32(iface)})
}

// setByte sets an option that is one byte on the BSDs, and may be one on Linux.
func setByte(fd uintptr, level, opt, value int) error {
	if value < 0 || value > 255 {
		return syscall.EINVAL
	}
	return unix.SetsockoptByte(int(fd), level, opt, byte(value))
}

func option4(join bool) int {
	if join {
		return unix.IP_ADD_MEMBERSHIP
	}
	return unix.IP_DROP_MEMBERSHIP
}
