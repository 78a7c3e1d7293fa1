package testkit

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio/internal/sock"
)

// HasUnixSockets tells whether the system has unix sockets.
func HasUnixSockets() bool {
	fd, err := sock.Open(sock.Unix, sock.Stream)
	if err == nil {
		_ = sock.Close(fd)
	}
	return !sock.NoUnixSockets(err)
}

// SocketPath is a path for a unix socket in a directory of the test's own: shorter than one
// of the test's name would be, for which a system may have no room.
func SocketPath(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "s")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return filepath.Join(dir, "s")
}

// UnixKinds are the kinds of unix sockets that the system has, Stream first.
func UnixKinds() []sock.Type {
	kinds := []sock.Type{sock.Stream}
	if fd, err := sock.Open(sock.Unix, sock.Datagram); err == nil {
		_ = sock.Close(fd)
		kinds = append(kinds, sock.Datagram)
	}
	return kinds
}

// BoundUnix returns a unix socket that is bound to a path, for the caller to close.
func BoundUnix(t testing.TB, path string, typ sock.Type) uintptr {
	t.Helper()
	fd, err := sock.Open(sock.Unix, typ)
	if err != nil {
		t.Fatal(err)
	}
	a, err := sock.UnixAddr(path)
	if err == nil {
		err = sock.Bind(fd, a)
	}
	if err != nil {
		_ = sock.Close(fd)
		t.Fatal(err)
	}
	return fd
}

// StaleSocket leaves the file of a unix socket that nobody has any more.
func StaleSocket(t testing.TB, path string) { StaleSocketOf(t, path, sock.Stream) }

// StaleSocketOf is StaleSocket for a kind of socket.
func StaleSocketOf(t testing.TB, path string, typ sock.Type) {
	t.Helper()
	fd := BoundUnix(t, path, typ)
	if err := sock.Close(fd); err != nil {
		t.Fatal(err)
	}
	a, err := sock.UnixAddr(path)
	if err != nil {
		t.Fatal(err)
	}
	// A process that another test starts may have it for a moment: what is forked has it
	// until it is another program.
	kinds := UnixKinds()
	for end := time.Now().Add(staleTime); !refuses(t, a, kinds[len(kinds)-1]); {
		if time.Now().After(end) {
			t.Fatal("somebody has the socket")
		}
	}
}

// staleTime is how long another process may have a socket that is closed here.
const staleTime = 30 * time.Second

// refuses reports whether nobody has the socket at a.
func refuses(t testing.TB, a sock.Addr, typ sock.Type) bool {
	t.Helper()
	fd, err := sock.Open(sock.Unix, typ)
	if err != nil {
		t.Fatal(err)
	}
	defer sock.Close(fd)
	return sock.Refused(sock.Connect(fd, a))
}
