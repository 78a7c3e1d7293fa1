//go:build unix && !linux

package sock

import "golang.org/x/sys/unix"

func membership4(fd uintptr, group [4]byte, iface int, join bool) error {
	of, err := addressOf(iface)
	if err != nil {
		return err
	}
	return unix.SetsockoptIPMreq(int(fd), protoIP, option4(join), &unix.IPMreq{Multiaddr: group, Interface: of})
}

func multicastInterface4(fd uintptr, iface int) error {
	of, err := addressOf(iface)
	if err != nil {
		return err
	}
	return unix.SetsockoptInet4Addr(int(fd), protoIP, unix.IP_MULTICAST_IF, of)
}
