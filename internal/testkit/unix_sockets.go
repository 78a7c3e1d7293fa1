package testkit

import (
	"os"
	"path/filepath"
	"testing"

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
