package asynciotest

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"strings"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
)

// unixCases are the behaviours of unix sockets.
var unixCases = []behaviour{
	{"unix-echo", overUnix(func(e *env, path string) {
		e.servedAt(path, func(*conversation) asyncio.Protocol { return &echo{} }, func(ctx context.Context, c *conversation) {
			client := c.connect(ctx)
			for _, s := range []string{"a", "bc", strings.Repeat("d", 100_000)} {
				_, err := client.transport.Write([]byte(s))
				e.must(err)
				client.expect(ctx, s)
			}
			want(e, "the peer's name", client.transport.RemoteAddr().String(), path)
			want(e, "its network", client.transport.RemoteAddr().Network(), "unix")
			e.must(client.transport.Close())
			client.lost.wait(ctx)
			want(e, "error at the end", client.err, nil)
		})
	})},
	{"unix-half-close", overUnix(halfClose)},
	{"unix-file-goes-with-its-server", overFiles(func(e *env, path string) {
		e.servedAt(path, newPeer, func(context.Context, *conversation) {
			want(e, "the file is there", exists(path), true)
		})
		want(e, "the file stays", exists(path), false)
	})},
	{"unix-file-goes-with-its-loop", overFiles(func(e *env, path string) {
		l := e.loop()
		c := &conversation{e: e, loop: l, address: path, isUnix: true}
		e.run(l, func(ctx context.Context) error {
			c.serve(ctx, newPeer)
			return nil
		})
		e.must(l.Close())
		want(e, "the file stays", exists(path), false)
	})},
	{"unix-stale-file-is-replaced", overFiles(func(e *env, path string) {
		testkit.StaleSocket(e, path)
		want(e, "a file is left", exists(path), true)
		e.servedAt(path, func(*conversation) asyncio.Protocol { return &echo{} }, func(ctx context.Context, c *conversation) {
			client := c.connect(ctx)
			_, err := client.transport.Write([]byte("hello"))
			e.must(err)
			client.expect(ctx, "hello")
		})
	})},
	{"unix-path-in-use", overFiles(func(e *env, path string) {
		e.servedAt(path, func(*conversation) asyncio.Protocol { return &echo{} }, func(ctx context.Context, c *conversation) {
			for _, at := range []string{path, path + "-file"} {
				if at != path {
					e.must(os.WriteFile(at, []byte("mine"), 0o600))
				}
				s, err := c.loop.CreateUnixServer(ctx, func() asyncio.Protocol { return &echo{} }, at, nil)
				if err == nil {
					s.Close()
					e.Fatalf("a server on %s, which is in use", at)
				}
				if !strings.Contains(err.Error(), at) {
					e.Errorf("error %v does not name %s", err, at)
				}
			}
			client := c.connect(ctx) // the first one serves
			_, err := client.transport.Write([]byte("hello"))
			e.must(err)
			client.expect(ctx, "hello")
		})
	})},
	{"unix-nobody-listens", overUnix(func(e *env, path string) {
		l := e.loop()
		e.run(l, func(ctx context.Context) error {
			_, _, err := l.CreateUnixConnection(ctx, func() asyncio.Protocol { e.Error("a protocol was made"); return &echo{} }, path, nil)
			e.wantIs(err, fs.ErrNotExist)
			return nil
		})
	})},
	{"unix-arguments", func(e *env) {
		l := e.loop()
		e.run(l, func(ctx context.Context) error {
			factory := func() asyncio.Protocol { return &echo{} }
			for _, path := range []string{"", strings.Repeat("x", 300), "a\x00b"} {
				_, err := l.CreateUnixServer(ctx, factory, path, nil)
				e.wantIs(err, asyncio.ErrInvalidArgument)
				_, _, err = l.CreateUnixConnection(ctx, factory, path, nil)
				e.wantIs(err, asyncio.ErrInvalidArgument)
			}
			return nil
		})
	}},
}

// overUnix gives a test a path; where neither the system nor a simulated one has unix sockets
// it looks whether that is said.
func overUnix(test func(e *env, path string)) func(e *env) {
	return func(e *env) {
		path := testkit.SocketPath(e)
		if testkit.HasUnixSockets() {
			test(e, path)
			return
		}
		l := e.loop()
		if asyncio.IsSimulated(l) {
			test(e, path)
			return
		}
		e.run(l, func(ctx context.Context) error {
			_, err := l.CreateUnixServer(ctx, func() asyncio.Protocol { return &echo{} }, path, nil)
			e.wantIs(err, errors.ErrUnsupported)
			return nil
		})
	}
}

// overFiles is overUnix for a test that looks for the files of unix sockets, which simulated
// hosts do not have.
func overFiles(test func(e *env, path string)) func(e *env) {
	return overUnix(func(e *env, path string) {
		if asyncio.IsSimulated(e.loop()) {
			e.Skip("the names of a simulated host's unix sockets are no files")
		}
		test(e, path)
	})
}

// exists reports whether there is a file.
func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
