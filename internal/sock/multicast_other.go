//go:build unix && !linux

package sock

import (
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

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

// addressOf is an IPv4 address of an interface, by which these systems know it.
func addressOf(iface int) (a [4]byte, err error) {
	if iface == 0 {
		return a, nil
	}
	i, err := net.InterfaceByIndex(iface)
	if err != nil {
		return a, syscall.ENXIO
	}
	addrs, err := i.Addrs()
	if err != nil {
		return a, err
	}
	for _, n := range addrs {
		if n, ok := n.(*net.IPNet); ok {
			if ip := n.IP.To4(); ip != nil {
				return [4]byte(ip), nil
			}
		}
	}
	return a, syscall.EADDRNOTAVAIL
}
