//go:build unix

package enginetest

import "github.com/go-asyncio/asyncio/internal/sock"

// unixgrams is two unix sockets for datagrams that are connected to each other.
func (b *bench) unixgrams() (x, y uintptr) {
	b.Helper()
	s := b.e.Sockets()
	var fds [2]uintptr
	var addrs [2]sock.Addr
	for i := range fds {
		var err error
		fds[i], err = s.Open(sock.Unix, sock.Datagram)
		b.must(err)
		addrs[i], err = sock.UnixAddr(b.socketPath())
		b.must(err)
		file, err := s.BindFile(fds[i], addrs[i])
		b.must(err)
		b.cleanup = append(b.cleanup, func() { b.must(file.Remove()) })
	}
	b.connect(fds[0], addrs[1])
	b.connect(fds[1], addrs[0])
	return fds[0], fds[1]
}
