//go:build !linux

package sock

import (
	"net"
	"syscall"
)

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
