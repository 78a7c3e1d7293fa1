//go:build unix

package asyncio_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/sock"
	"github.com/go-asyncio/asyncio/internal/testkit"
)

// TestUnixServerPathOfOthers: what only some systems can have at a path.
func TestUnixServerPathOfOthers(t *testing.T) {
	t.Parallel()
	for what, occupy := range map[string]func(n *netTest, path string){
		"bound-and-does-not-listen": func(n *netTest, path string) {
			fd := testkit.BoundUnix(n, path, sock.Stream)
			n.Cleanup(func() { sock.Close(fd) })
		},
		"datagram-socket": func(n *netTest, path string) {
			fd := testkit.BoundUnix(n, path, sock.Datagram)
			n.Cleanup(func() { sock.Close(fd) })
		},
		"fifo": func(n *netTest, path string) { n.check(unix.Mkfifo(path, 0o600)) },
	} {
		unixRow(t, what, func(n *netTest, path string) {
			occupy(n, path)
			before, err := os.Lstat(path)
			n.check(err)
			n.run(func(ctx context.Context) {
				if _, err := n.l.CreateUnixServer(ctx, plainFactory, path, nil); !errors.Is(err, asyncio.ErrAddrInUse) {
					n.Errorf("got %v", err)
				}
			})
			if after, err := os.Lstat(path); err != nil || !os.SameFile(before, after) {
				n.Errorf("it was touched: %v", err)
			}
		})
	}
	unixRow(t, "server-that-does-not-serve-yet", func(n *netTest, path string) {
		n.run(func(ctx context.Context) {
			s := n.serveUnix(ctx, path, &asyncio.ServerOptions{DeferServing: true}, echoes)
			if _, err := n.l.CreateUnixServer(ctx, plainFactory, path, nil); !errors.Is(err, asyncio.ErrAddrInUse) {
				n.Errorf("got %v", err)
			}
			n.check(s.StartServing(ctx))
			n.talks(ctx, path)
			n.ends(ctx, s)
		})
	})
}

// TestUnixRelativePath: the file of a relative path is removed, whatever directory is the
// current one by then. The test changes that, so it is alone.
func TestUnixRelativePath(t *testing.T) {
	dir := filepath.Dir(testkit.SocketPath(t))
	t.Chdir(dir)
	n := newTestOf(t, func(o ...asyncio.LoopOption) (asyncio.EventLoop, error) {
		return asyncio.NewSelectorEventLoop(nil, o...)
	})
	n.run(func(ctx context.Context) {
		s := n.serveUnix(ctx, "s", nil, echoes)
		if got := s.Addrs()[0].String(); got != "s" {
			n.Errorf("listens on %q", got)
		}
		n.talks(ctx, "s")
		t.Chdir("/")
		n.ends(ctx, s)
		if n.exists(filepath.Join(dir, "s")) {
			n.Error("the file is still there")
		}
	})
}
