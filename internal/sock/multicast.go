package sock

import "syscall"

// JoinGroup has a datagram socket receive what is sent to a multicast group, as far as it
// comes in by the interface of that number; 0 lets the system choose one.
func JoinGroup(fd uintptr, group Addr, iface int) error { return membership(fd, group, iface, true) }

// LeaveGroup ends a JoinGroup.
func LeaveGroup(fd uintptr, group Addr, iface int) error { return membership(fd, group, iface, false) }

func membership(fd uintptr, group Addr, iface int, join bool) error {
	switch group.family {
	case Inet4:
		return membership4(fd, [4]byte(group.ip[:4]), iface, join)
	case Inet6:
		return membership6(fd, group.ip, iface, join)
	}
	return syscall.EAFNOSUPPORT
}

// SetMulticastTTL sets how many hops away what is sent to a multicast group gets: 0 stays
// on this machine, 1, as it is at first, on this network.
func SetMulticastTTL(fd uintptr, hops int) error {
	return byFamily(fd, hops, optMulticastTTL, optMulticastHops)
}

// SetMulticastLoop sets whether what is sent to a multicast group comes to this machine's
// own members of it, as at first. (On Windows the receiver's setting counts.)
func SetMulticastLoop(fd uintptr, on bool) error {
	return byFamily(fd, btoi(on), optMulticastLoop, optMulticastLoop6)
}

// SetMulticastInterface sets by which interface, of this number, what is sent to
// multicast groups leaves; 0 lets the system choose one.
func SetMulticastInterface(fd uintptr, iface int) error {
	f, err := FamilyOf(fd)
	switch {
	case err != nil:
		return err
	case f == Inet4:
		return multicastInterface4(fd, iface)
	case f == Inet6:
		return setInt(fd, protoIPv6, optMulticastIf6, iface)
	}
	return syscall.EAFNOSUPPORT
}

// byFamily sets an option that each family of addresses has in its own place.
func byFamily(fd uintptr, value, opt4, opt6 int) error {
	f, err := FamilyOf(fd)
	switch {
	case err != nil:
		return err
	case f == Inet4:
		return setByte(fd, protoIP, opt4, value)
	case f == Inet6:
		return setInt(fd, protoIPv6, opt6, value)
	}
	return syscall.EAFNOSUPPORT
}
