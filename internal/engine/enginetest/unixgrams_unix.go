//go:build unix

package enginetest

import "golang.org/x/sys/unix"

// unixgrams is two datagram sockets that are connected to each other.
func (b *bench) unixgrams() (x, y uintptr) {
	b.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_DGRAM, 0)
	b.must(err)
	for _, fd := range fds {
		unix.CloseOnExec(fd)
		_, err := b.e.Sockets().Adopt(uintptr(fd))
		b.must(err)
	}
	return uintptr(fds[0]), uintptr(fds[1])
}
