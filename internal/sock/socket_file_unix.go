//go:build unix

package sock

import (
	"errors"
	"syscall"
)

// isAbandoned reports whether nobody has the socket at a's path. A datagram socket is
// connected to it, which no stream socket notices: if anybody has that the kinds do not
// match (EPROTOTYPE), whether it listens or not. See connect(2).
func isAbandoned(a Addr) bool {
	fd, err := Open(Unix, Datagram)
	if err != nil {
		return false
	}
	defer Close(fd)
	return Refused(Connect(fd, a))
}

// NoUnixSockets reports whether err says that this system has no unix sockets.
func NoUnixSockets(err error) bool {
	return errors.Is(err, syscall.EAFNOSUPPORT) || errors.Is(err, syscall.EPROTONOSUPPORT)
}
