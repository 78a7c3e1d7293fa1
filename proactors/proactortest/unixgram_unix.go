//go:build unix

package proactortest

import "golang.org/x/sys/unix"

// unixgrams is two datagram sockets that are connected to each other.
func (b *bench) unixgrams() (x, y uintptr) {
	b.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_DGRAM, 0)
	b.must(err)
	b.Cleanup(func() { _, _ = unix.Close(fds[0]), unix.Close(fds[1]) })
	for _, fd := range fds {
		unix.CloseOnExec(fd)
		b.must(unix.SetNonblock(fd, true))
		b.must(b.p.Attach(uintptr(fd)))
	}
	return uintptr(fds[0]), uintptr(fds[1])
}
