package sock

import "golang.org/x/sys/unix"

func accept(fd int) (int, Addr, error) {
	n, sa, err := unix.Accept4(fd, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
	return n, addrOfSockaddr(sa), err
}
