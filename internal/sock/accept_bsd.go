//go:build dragonfly || freebsd || netbsd || openbsd

package sock

import "syscall"

// accept uses package syscall, which has accept4 on all four.
func accept(fd int) (int, Addr, error) {
	n, sa, err := syscall.Accept4(fd, syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC)
	if err != nil {
		return -1, Addr{}, err
	}
	var a Addr
	switch sa := sa.(type) {
	case *syscall.SockaddrInet4:
		a = Addr{family: Inet4, port: uint16(sa.Port)}
		copy(a.ip[:], sa.Addr[:])
	case *syscall.SockaddrInet6:
		a = Addr{family: Inet6, port: uint16(sa.Port), scope: sa.ZoneId, ip: sa.Addr}
	case *syscall.SockaddrUnix:
		a = Addr{family: Unix, path: sa.Name}
	}
	return n, a, nil
}
