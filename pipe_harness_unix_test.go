//go:build unix

package asyncio_test

import (
	"context"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/go-asyncio/asyncio/internal/sock"
	"github.com/go-asyncio/asyncio/internal/testkit"
)

// hasPipes is the filter for loops that have pipes: all of them.
var hasPipes = testkit.Unpinned

// pipe makes a pipe.
func (n *netTest) pipe() (r, w *os.File) {
	n.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		n.Fatal(err)
	}
	n.Cleanup(func() { r.Close(); w.Close() })
	return r, w
}

// toRead makes a pipe that the loop reads, and returns its protocol and the other end.
func (n *netTest) toRead(ctx context.Context, options ...func(*recorder)) (*recorder, *os.File) {
	n.Helper()
	r, w := n.pipe()
	return n.readPipe(ctx, r, options...), w
}

// toWrite makes a pipe that the loop writes, and returns its protocol and the other end.
func (n *netTest) toWrite(ctx context.Context, options ...func(*recorder)) (*recorder, *os.File) {
	n.Helper()
	r, w := n.pipe()
	return n.writePipe(ctx, w, options...), r
}

// sameFile returns a question: is a descriptor the file that fd is now.
func sameFile(fd uintptr) func(uintptr) bool {
	var at unix.Stat_t
	_ = unix.Fstat(int(fd), &at)
	return func(fd uintptr) bool {
		var now unix.Stat_t
		return unix.Fstat(int(fd), &now) == nil && now.Dev == at.Dev && now.Ino == at.Ino
	}
}

// socketFiles makes two connected sockets.
func (n *netTest) socketFiles() (a, b *os.File) {
	n.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		n.Fatal(err)
	}
	for _, fd := range fds {
		unix.CloseOnExec(fd)
		n.check(unix.SetNonblock(fd, true))
	}
	a, b = os.NewFile(uintptr(fds[0]), "socket"), os.NewFile(uintptr(fds[1]), "socket")
	n.Cleanup(func() { a.Close(); b.Close() })
	return a, b
}

// fifo makes a FIFO and opens it.
func (n *netTest) fifo(flags int) *os.File {
	n.Helper()
	path := filepath.Join(n.TempDir(), "fifo")
	n.check(unix.Mkfifo(path, 0o600))
	f, err := os.OpenFile(path, flags, 0)
	if err != nil {
		n.Fatal(err)
	}
	n.Cleanup(func() { f.Close() })
	return f
}

// loopPipe makes a pipe that the loop reads and writes.
func (n *netTest) loopPipe(ctx context.Context) (r, w *recorder) {
	n.Helper()
	rf, wf := n.pipe()
	return n.readPipe(ctx, rf), n.writePipe(ctx, wf)
}

// isClosed reports whether nothing has the descriptor. Another test that runs meanwhile may
// get the number: so it is asked for what only the pipe of the test is.
func isClosed(fd uintptr, is func(fd uintptr) bool) bool {
	if _, err := sock.KindOf(fd); err != nil {
		return true
	}
	return !is(fd)
}
