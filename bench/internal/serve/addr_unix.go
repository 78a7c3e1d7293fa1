//go:build unix

package serve

import (
	"net"

	"golang.org/x/sys/unix"
)

// TCPAddr is a socket's address in net's form.
func TCPAddr(address unix.Sockaddr) *net.TCPAddr {
	switch a := address.(type) {
	case *unix.SockaddrInet4:
		return &net.TCPAddr{IP: a.Addr[:], Port: a.Port}
	case *unix.SockaddrInet6:
		return &net.TCPAddr{IP: a.Addr[:], Port: a.Port}
	}
	return nil
}
