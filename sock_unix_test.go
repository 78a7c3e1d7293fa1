//go:build unix

package asyncio_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-asyncio/asyncio"
)

// TestSockUnix: a unix socket's calls.
func TestSockUnix(t *testing.T) {
	t.Parallel()
	sockRow(t, "unix", func(ctx context.Context, n *netTest) {
		path := filepath.Join(n.TempDir(), "s")
		s, err := asyncio.NewSocket("unix", path)
		must(n, err)
		defer s.Close()
		must(n, s.Listen(0))
		c := n.newSocket("unix", "")
		connecting := asyncio.GoErr(ctx, func(ctx context.Context) error { return n.l.SockConnect(ctx, c, path) })
		a, addr, err := n.l.SockAccept(ctx, s)
		must(n, err)
		defer a.Close()
		_, err = connecting.Await(ctx)
		must(n, err)
		want(n, "the peer's address", addr == nil || addr.String() == "", true)
		_, err = n.l.SockSendAll(ctx, c, []byte("hello"))
		must(n, err)
		want(n, "received", string(n.receiveAll(ctx, a, 5)), "hello")
		wantError(n, n.l.SockConnect(ctx, c, strings.Repeat("x", 200)), asyncio.ErrInvalidArgument)
		wantError(n, n.l.SockConnect(ctx, c, ""), asyncio.ErrInvalidArgument)
	})
}
