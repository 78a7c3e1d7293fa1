package sock

import (
	"unsafe"

	"golang.org/x/sys/windows"
)

const (
	protoIP           = windows.IPPROTO_IP
	protoIPv6         = windows.IPPROTO_IPV6
	optMulticastTTL   = windows.IP_MULTICAST_TTL
	optMulticastHops  = windows.IPV6_MULTICAST_HOPS
	optMulticastLoop  = windows.IP_MULTICAST_LOOP
	optMulticastLoop6 = windows.IPV6_MULTICAST_LOOP
	optMulticastIf6   = windows.IPV6_MULTICAST_IF
)

func membership4(fd uintptr, group [4]byte, iface int, join bool) error {
	opt := windows.IP_ADD_MEMBERSHIP
	if !join {
		opt = windows.IP_DROP_MEMBERSHIP
	}
	of, err := addressOf(iface)
	if err != nil {
		return err
	}
	m := windows.IPMreq{Multiaddr: group, Interface: of}
	return windows.Setsockopt(windows.Handle(fd), protoIP, int32(opt), (*byte)(unsafe.Pointer(&m)), int32(unsafe.Sizeof(m)))
}

func membership6(fd uintptr, group [16]byte, iface int, join bool) error {
	opt := windows.IPV6_JOIN_GROUP
	if !join {
		opt = windows.IPV6_LEAVE_GROUP
	}
	m := windows.IPv6Mreq{Multiaddr: group, Interface: uint32(iface)}
	return windows.Setsockopt(windows.Handle(fd), protoIPv6, int32(opt), (*byte)(unsafe.Pointer(&m)), int32(unsafe.Sizeof(m)))
}

func multicastInterface4(fd uintptr, iface int) error {
	of, err := addressOf(iface)
	if err != nil {
		return err
	}
	return windows.SetsockoptInet4Addr(windows.Handle(fd), protoIP, windows.IP_MULTICAST_IF, of)
}

func setByte(fd uintptr, level, opt, value int) error { return setInt(fd, level, opt, value) }
