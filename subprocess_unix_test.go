//go:build unix

package asyncio_test

import (
	"context"
	"io/fs"
	"syscall"
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
)

// errTooLong is what the system says of arguments that are too long.
const errTooLong = syscall.E2BIG

// errNotExecutable is what it says of a file that is no program.
var errNotExecutable = fs.ErrPermission

// haveSessions: a child can lead a session.
const haveSessions = true

// withPipes are the loops on which a child can have pipes.
func withPipes(m testkit.Mechanism) bool { return testkit.Unpinned(m) }

// codeOfSignal is the return code of a child that a signal has ended.
func codeOfSignal(sig syscall.Signal) int { return -int(sig) }

// withOwnPipes are the loops on which a loop of a user's can connect a child's pipes.
func withOwnPipes(m testkit.Mechanism) bool { return testkit.Unpinned(m) }

// TestSubprocessWatch: how the end of a child is noticed.
func TestSubprocessWatch(t *testing.T) {
	for row, plain := range map[string]bool{"unix.707.watcher-by-system": false, "unix.708.watcher-fallback": true} {
		t.Run(row, func(t *testing.T) {
			t.Parallel()
			overLoops(t, testkit.Unpinned, func(t *testing.T) {
				n := newNetTest(t)
				by := noticedBy
				if plain {
					asyncio.PlainChildren(n.l)
					by = "goroutine"
				}
				n.run(func(ctx context.Context) {
					r := n.start(ctx, childOf(), "cat", "exit:3")
					want(n, "its end is noticed by", asyncio.NoticedBy(r.transport), by)
					stdin := r.transport.GetPipeTransport(0)
					_, err := stdin.Write([]byte("text"))
					n.check(err)
					n.check(stdin.Close())
					n.over(ctx, r)
					want(n, "output", string(r.data[1]), "text")
					want(n, "return code", n.code(r), 3)
				})
			})
		})
	}
}
