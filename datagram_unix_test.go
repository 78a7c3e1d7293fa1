//go:build unix

package asyncio_test

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-asyncio/asyncio"
)

// room is a directory for the sockets of a test. Their paths must be short.
func room(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "dg")
	must(t, err)
	t.Cleanup(func() { must(t, os.RemoveAll(dir)) })
	return dir
}

// TestDatagramUnix proves the rows about unix datagram sockets.
func TestDatagramUnix(t *testing.T) {
	t.Parallel()
	netRow(t, "base.076.datagram-unix-family", func(n *netTest) {
		n.run(func(ctx context.Context) {
			r := n.endpoint(ctx, asyncio.DatagramOptions{Network: "unixgram"})
			if r.transport.RemoteAddr() != nil {
				n.Errorf("connected to %v", r.transport.RemoteAddr())
			}
			n.check(r.transport.Close())
			n.until(ctx, "the end", func() bool { return r.lost })
			if r.history() != "made lost" || r.lostErr != nil {
				n.Errorf("%s with %v", r.history(), r.lostErr)
			}
		})
	})
	netRow(t, "base.077.datagram-unix-stale-path", func(n *netTest) {
		dir := room(n.T)
		n.run(func(ctx context.Context) {
			o := asyncio.DatagramOptions{Network: "unixgram", LocalAddress: filepath.Join(dir, "s")}
			first := n.endpoint(ctx, o)
			if r, err := n.create(ctx, o); !errors.Is(err, asyncio.ErrAddrInUse) || r != nil {
				n.Errorf("where a socket is in use: %v", err)
			}
			n.aborts(ctx, first)
			if info, err := os.Lstat(o.LocalAddress); err != nil || info.Mode()&os.ModeSocket == 0 {
				n.Errorf("after the end the file is %v, %v", info, err)
			}
			second := n.endpoint(ctx, o)
			n.aborts(ctx, second)
			n.check(errors.Join(os.Remove(o.LocalAddress), os.WriteFile(o.LocalAddress, []byte("mine"), 0o600)))
			if r, err := n.create(ctx, o); !errors.Is(err, asyncio.ErrAddrInUse) || r != nil {
				n.Errorf("where another file is: %v", err)
			}
			if text, err := os.ReadFile(o.LocalAddress); string(text) != "mine" || err != nil {
				n.Errorf("the file is now %q, %v", text, err)
			}
		})
	})
	netRow(t, "asked-and-answered", func(n *netTest) {
		dir := room(n.T)
		n.run(func(ctx context.Context) {
			path := filepath.Join(dir, "server")
			server := n.endpoint(ctx, asyncio.DatagramOptions{Network: "unixgram", LocalAddress: path})
			client := n.endpoint(ctx, asyncio.DatagramOptions{Network: "unixgram", LocalAddress: filepath.Join(dir, "client"), RemoteAddress: path})
			nameless := n.endpoint(ctx, asyncio.DatagramOptions{Network: "unixgram"})
			n.check(client.transport.SendTo([]byte("question"), nil))
			n.until(ctx, "the question", func() bool { return len(server.got) == 1 })
			n.check(server.transport.SendTo([]byte("answer"), server.from[0]))
			n.until(ctx, "the answer", func() bool { return len(client.got) == 1 })
			n.check(nameless.transport.SendTo(nil, server.transport.LocalAddr()))
			n.until(ctx, "what has no sender", func() bool { return len(server.got) == 2 })
			if from, ok := server.from[0].(*net.UnixAddr); !ok || from.Net != "unixgram" || from.Name != client.transport.LocalAddr().String() {
				n.Errorf("asked from %#v", server.from[0])
			}
			if server.from[1] != nil || server.got[1] != "" || client.got[0] != "answer" {
				n.Errorf("%q from %v; answered %q", server.got, server.from, client.got)
			}
			err := client.transport.SendTo(nil, &net.UnixAddr{Name: "/elsewhere", Net: "unixgram"})
			wantError(n, err, asyncio.ErrInvalidArgument)
			if err := nameless.transport.SendTo(nil, udpAddr("127.0.0.1:9")); !errors.Is(err, asyncio.ErrInvalidArgument) || !strings.Contains(err.Error(), "family unix") {
				n.Errorf("to an address of UDP: %v", err)
			}
			n.check(nameless.transport.SendTo(nil, &net.UnixAddr{Name: filepath.Join(dir, "nobody"), Net: "unixgram"}))
			if len(nameless.errs) != 1 || !errors.Is(nameless.errs[0], os.ErrNotExist) {
				n.Errorf("told %v", nameless.errs)
			}
			for _, r := range []*receiver{server, client, nameless} {
				n.aborts(ctx, r)
			}
		})
	})
	netRow(t, "held-back-in-order", func(n *netTest) {
		dir := room(n.T)
		n.run(func(ctx context.Context) { heldBack(ctx, n, filepath.Join(dir, "slow")) })
	})
}

// heldBack has an endpoint send more than the system takes for a peer that does not read: it
// is paused, goes on when there is room again, and all comes in order, before the end.
func heldBack(ctx context.Context, n *netTest, path string) {
	n.Helper()
	slow, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	n.check(err)
	defer slow.Close()
	r := n.endpoint(ctx, asyncio.DatagramOptions{Network: "unixgram", RemoteAddress: path})
	var want []string
	send := func(text string) {
		want = append(want, text)
		n.check(r.transport.SendTo([]byte(text), nil))
	}
	for range 100 {
		send(strings.Repeat(string(rune('a'+len(want)%26)), 2000+len(want)))
	}
	if size := r.transport.GetWriteBufferSize(); size < 64<<10 || r.history() != "made pause" {
		n.Errorf("%d bytes buffered, %s", size, r.history())
	}
	n.check(r.transport.Close())
	read := make(chan []string, 1)
	go func() {
		var got []string
		p := make([]byte, 1<<16)
		for range want {
			k, err := slow.Read(p)
			if err != nil {
				break
			}
			got = append(got, string(p[:k]))
		}
		read <- got
	}()
	if got := receive(ctx, n, "what the peer reads", read); !slices.Equal(got, want) {
		n.Errorf("%d datagrams came of %d, or in another order", len(got), len(want))
	}
	n.until(ctx, "the end", func() bool { return r.lost })
	if r.history() != "made pause resume lost" || r.lostErr != nil {
		n.Errorf("%s with %v", r.history(), r.lostErr)
	}
}
