package sock

import "golang.org/x/sys/unix"

// SetUDPSegment has each datagram that is sent cut into several of that many bytes, the
// last of which may be shorter (UDP_SEGMENT of udp(7)); 0 ends it. It is
// errors.ErrUnsupported elsewhere than on Linux.
func SetUDPSegment(fd uintptr, size int) error {
	return setInt(fd, unix.SOL_UDP, unix.UDP_SEGMENT, size)
}

// SetUDPGRO has the system hand over, in one piece, several datagrams of one sender's
// (UDP_GRO of udp(7)), which Inbox.Receive takes apart. It is errors.ErrUnsupported
// elsewhere than on Linux.
func SetUDPGRO(fd uintptr, on bool) error { return setInt(fd, unix.SOL_UDP, unix.UDP_GRO, btoi(on)) }

// SetRecvErr has the system queue, with the peer's address, what it hears about datagrams
// that were sent (IP_RECVERR of ip(7)), on sockets that are not connected, too. It is
// errors.ErrUnsupported elsewhere than on Linux.
func SetRecvErr(fd uintptr, on bool) error {
	f, err := FamilyOf(fd)
	if err == nil && f == Inet6 {
		err = setInt(fd, unix.IPPROTO_IPV6, unix.IPV6_RECVERR, btoi(on))
	}
	if err != nil {
		return err
	}
	return setInt(fd, unix.IPPROTO_IP, unix.IP_RECVERR, btoi(on)) // of IPv6 sockets for IPv4 peers
}
