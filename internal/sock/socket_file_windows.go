package sock

import (
	"errors"

	"golang.org/x/sys/windows"
)

// isAbandoned reports whether nobody listens on the socket at a's path. There are only
// stream sockets here, so that it is tried by a connection, which ends at once. The socket
// blocks: that is a matter between two processes of this machine.
func isAbandoned(a Addr) bool {
	fd, err := openBlocking(Unix, Stream)
	if err != nil {
		return false
	}
	defer Close(fd)
	return Refused(connect(fd, a))
}

// NoUnixSockets reports whether err says that this system has no unix sockets: Windows
// has them since version 1803 of Windows 10.
func NoUnixSockets(err error) bool {
	for _, e := range []error{windows.WSAEAFNOSUPPORT, windows.WSAEPROTONOSUPPORT, windows.WSAESOCKTNOSUPPORT, windows.WSAEPROTOTYPE} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}
