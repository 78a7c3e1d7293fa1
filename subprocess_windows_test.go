package asyncio_test

import (
	"context"
	"io/fs"
	"syscall"
	"testing"

	"golang.org/x/sys/windows"

	"github.com/go-asyncio/asyncio/internal/testkit"
)

// errTooLong is what the system says of arguments that are too long.
const errTooLong = windows.ERROR_FILENAME_EXCED_RANGE

// errNotExecutable is what a file is taken for that is no program by its name.
var errNotExecutable = fs.ErrNotExist

// haveSessions: a child can lead a session.
const haveSessions = false

// withPipes are the loops on which a child can have pipes.
func withPipes(m testkit.Mechanism) bool { return testkit.Proactors(m) }

// codeOfSignal is the return code of a child that was ended: Windows has no signals.
func codeOfSignal(syscall.Signal) int { return 1 }

// withOwnPipes are the loops on which a loop of a user's can connect a child's pipes: none,
// since what an os.File has is its own completion port's.
func withOwnPipes(m testkit.Mechanism) bool { return false }

// TestSubprocessOverlapped: a child's three pipes overlap here, and are ordinary there.
func TestSubprocessOverlapped(t *testing.T) {
	childRow(t, "windows.012.popen-overlapped", func(ctx context.Context, n *netTest) {
		r := n.start(ctx, childOf(), "cat", "err:to stderr")
		stdin := r.transport.GetPipeTransport(0)
		_, err := stdin.Write([]byte("to stdin and stdout"))
		n.check(err)
		n.check(stdin.Close())
		n.over(ctx, r)
		want(n, "output", string(r.data[1]), "to stdin and stdout")
		want(n, "errors", string(r.data[2]), "to stderr")
		want(n, "return code", n.code(r), 0)
	})
}
