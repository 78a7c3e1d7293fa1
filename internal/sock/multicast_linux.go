package sock

import "golang.org/x/sys/unix"

func membership4(fd uintptr, group [4]byte, iface int, join bool) error {
	return unix.SetsockoptIPMreqn(int(fd), protoIP, option4(join), &unix.IPMreqn{Multiaddr: group, Ifindex: int32(iface)})
}

func multicastInterface4(fd uintptr, iface int) error {
	return unix.SetsockoptIPMreqn(int(fd), protoIP, unix.IP_MULTICAST_IF, &unix.IPMreqn{Ifindex: int32(iface)})
}
