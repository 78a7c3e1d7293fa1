//go:build unix

package asyncio_test

import (
	"context"
	"net"
	"os"
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
	"golang.org/x/sys/unix"
)

// TestServerSockets: what a server tells of its sockets is enough to look at them from
// outside, without having them.
func TestServerSockets(t *testing.T) {
	t.Parallel()
	t.Run("events.705.server-socket-wrapper", func(t *testing.T) {
		t.Parallel()
		overLoops(t, testkit.Unpinned, func(t *testing.T) {
			inLoop(t, func(ctx context.Context, loop asyncio.EventLoop) {
				s, err := loop.CreateServer(ctx, silentProtocol, "tcp", "127.0.0.1:0", nil)
				must(t, err)
				fds := s.Sockets()
				want(t, "sockets", len(fds), 1)
				flags, err := unix.FcntlInt(fds[0], unix.F_GETFD, 0)
				must(t, err)
				want(t, "not inherited", flags&unix.FD_CLOEXEC, unix.FD_CLOEXEC)
				flags, err = unix.FcntlInt(fds[0], unix.F_GETFL, 0)
				must(t, err)
				want(t, "not blocking", flags&unix.O_NONBLOCK, unix.O_NONBLOCK)

				copied, err := unix.FcntlInt(fds[0], unix.F_DUPFD_CLOEXEC, 0)
				must(t, err)
				f := os.NewFile(uintptr(copied), "listener")
				l, err := net.FileListener(f)
				must(t, err)
				want(t, "name of a duplicate", l.Addr().String(), s.Addrs()[0].String())
				must(t, f.Close())
				must(t, l.Close())
				s.Close()
				must(t, s.WaitClosed(ctx))
				want(t, "sockets of a closed server", len(s.Sockets()), 0)
			})
		})
	})
}

func silentProtocol() asyncio.Protocol { return &asyncio.BaseProtocol{} }
