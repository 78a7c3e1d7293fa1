package asyncio_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/sock"
	"github.com/go-asyncio/asyncio/internal/testkit"
)

// TestUnixServer is how unix sockets are served.
func TestUnixServer(t *testing.T) {
	t.Parallel()
	unixRow(t, "events.024.create-unix-server", func(n *netTest, path string) {
		n.run(func(ctx context.Context) {
			var server *recorder
			s := n.serveUnix(ctx, path, nil, func(r *recorder) { server = r })
			if got := s.Addrs(); len(got) != 1 || got[0].Network() != "unix" || got[0].String() != path || s.String() != "<Server "+path+">" {
				n.Errorf("%v listens on %v", s, got)
			}
			client := &recorder{onMade: func(t asyncio.Transport) { t.Write([]byte("xxx")) }}
			tr, _, err := n.l.CreateUnixConnection(ctx, func() asyncio.Protocol { return client }, path, nil)
			if err != nil {
				n.Fatal(err)
			}
			n.until(ctx, "the bytes", func() bool { return server != nil && string(server.data) == "xxx" })
			n.check(tr.Close())
			n.until(ctx, "the end", func() bool { return client.lost && server.lost })
			if client.lostErr != nil || server.lostErr != nil {
				n.Errorf("ended with %v and %v", client.lostErr, server.lostErr)
			}
			n.ends(ctx, s)
		})
	})
	unixRow(t, "unix-as-a-network", func(n *netTest, path string) {
		n.run(func(ctx context.Context) {
			paths := []string{path, path + "2", path + "3"}
			s, err := n.l.CreateServer(ctx, func() asyncio.Protocol { r := &recorder{}; echoes(r); return r }, "unix", path, &asyncio.ServerOptions{Addresses: append(paths, path)})
			if err != nil {
				n.Fatal(err)
			}
			for _, path := range paths {
				client := &recorder{onMade: func(t asyncio.Transport) { t.Write([]byte("hello")) }}
				tr, _, err := n.l.CreateConnection(ctx, func() asyncio.Protocol { return client }, "unix", path, nil)
				n.check(err)
				n.until(ctx, "the answer", func() bool { return string(client.data) == "hello" })
				tr.Abort()
			}
			if got := len(s.Addrs()); got != len(paths) {
				n.Errorf("%d addresses", got)
			}
			n.ends(ctx, s)
			for _, path := range paths {
				if n.exists(path) {
					n.Errorf("%s is still there", path)
				}
			}
			// A path that cannot be had takes those before it away again.
			n.check(os.WriteFile(paths[2], nil, 0o600))
			_, err = n.l.CreateServer(ctx, plainFactory, "unix", "", &asyncio.ServerOptions{Addresses: paths})
			if !errors.Is(err, asyncio.ErrAddrInUse) || n.exists(paths[0]) || n.exists(paths[1]) || !n.exists(paths[2]) {
				n.Errorf("got %v", err)
			}
		})
	})
	unixRow(t, "sockets.026d.unix-server-start-serving", func(n *netTest, path string) {
		n.run(func(ctx context.Context) {
			s := n.serveUnix(ctx, path, &asyncio.ServerOptions{DeferServing: true}, echoes)
			if s.IsServing() {
				n.Error("serving")
			}
			task := asyncio.CreateTask(n.l, func(ctx context.Context) (struct{}, error) { return struct{}{}, s.ServeForever(ctx) })
			n.until(ctx, "serving", s.IsServing)
			n.talks(ctx, path)
			task.Cancel()
			if _, err := task.Await(ctx); !errors.Is(err, asyncio.ErrCancelled) {
				n.Errorf("ended with %v", err)
			}
			if s.IsServing() || len(s.Addrs()) != 0 || len(s.Sockets()) != 0 {
				n.Errorf("serving %v, %v", s.IsServing(), s.Addrs())
			}
		})
	})
	unixRow(t, "loop-closed-under-it", func(n *netTest, path string) {
		n.run(func(ctx context.Context) { n.serveUnix(ctx, path, nil, nil) })
		n.check(n.l.Close())
		if n.exists(path) {
			n.Error("the file is still there")
		}
	})
	unixRow(t, "loop-closed-first", func(n *netTest, path string) {
		var s *asyncio.Server
		n.run(func(ctx context.Context) { s = n.serveUnix(ctx, path, nil, nil) })
		n.check(n.l.Close())
		other := listenUnix(n, path)
		s.Close()
		if !n.exists(path) {
			n.Error("somebody else's file was removed")
		}
		n.check(other.Close())
	})
	unixRow(t, "from-listener", func(n *netTest, path string) {
		n.run(func(ctx context.Context) {
			l := listenUnix(n, path)
			s := n.serveUnix(ctx, "", &asyncio.ServerOptions{Listener: l}, echoes)
			n.talks(ctx, path)
			n.ends(ctx, s)
			if !n.exists(path) {
				n.Error("the file is the listener's, and was removed")
			}
		})
	})
}

// TestUnixServerPath: what is at the path already.
func TestUnixServerPath(t *testing.T) {
	t.Parallel()
	unixRow(t, "unix.012.unix-server-stale-path", func(n *netTest, path string) {
		n.run(func(ctx context.Context) {
			for _, typ := range testkit.UnixKinds() {
				testkit.StaleSocketOf(n, path, typ)
				s := n.serveUnix(ctx, path, nil, echoes)
				n.talks(ctx, path)
				n.ends(ctx, s)
			}
		})
	})
	unixRow(t, "unix.015.unix-server-regular-file", func(n *netTest, path string) {
		n.run(func(ctx context.Context) {
			n.check(os.WriteFile(path, []byte("precious"), 0o600))
			_, err := n.l.CreateUnixServer(ctx, plainFactory, path, nil)
			if !errors.Is(err, asyncio.ErrAddrInUse) || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "CreateUnixServer") {
				n.Errorf("got %v", err)
			}
			if got, err := os.ReadFile(path); string(got) != "precious" {
				n.Errorf("the file has %q, %v", got, err)
			}
		})
	})
	unixRow(t, "what-is-no-socket-is-left-alone", func(n *netTest, path string) {
		n.run(func(ctx context.Context) {
			stale := path + "-stale"
			testkit.StaleSocket(n, stale)
			for what, occupy := range map[string]func(at string) error{
				"directory": func(at string) error { return os.Mkdir(at, 0o700) },
				"link":      func(at string) error { return os.Symlink(stale, at) },
				"nothing":   func(at string) error { return os.Symlink(path+"-none", at) },
			} {
				at := path + what
				if err := occupy(at); err != nil {
					n.Log(err) // Windows lets not everybody make links
					continue
				}
				before, err := os.Lstat(at)
				n.check(err)
				if _, err := n.l.CreateUnixServer(ctx, plainFactory, at, nil); !errors.Is(err, asyncio.ErrAddrInUse) {
					n.Errorf("%s: got %v", what, err)
				}
				if after, err := os.Lstat(at); err != nil || !os.SameFile(before, after) || !n.exists(stale) {
					n.Errorf("%s: %v", what, err)
				}
			}
		})
	})
	unixRow(t, "live-socket-is-left-alone", func(n *netTest, path string) {
		n.run(func(ctx context.Context) {
			refused := func(what string) {
				n.Helper()
				if _, err := n.l.CreateUnixServer(ctx, plainFactory, path, nil); !errors.Is(err, asyncio.ErrAddrInUse) {
					n.Errorf("%s: got %v", what, err)
				}
			}
			s := n.serveUnix(ctx, path, nil, echoes)
			refused("a server")
			n.talks(ctx, path)
			if got := len(asyncio.Transports(n.l)); got != 0 {
				n.Errorf("looking has left %d connections", got)
			}
			n.ends(ctx, s)

			l := listenUnix(n, path) // of which nothing is accepted
			refused("a listener")
			n.check(l.Close())
		})
	})
	unixRow(t, "no-directory", func(n *netTest, path string) {
		n.run(func(ctx context.Context) {
			_, err := n.l.CreateUnixServer(ctx, plainFactory, filepath.Join(path, "s"), nil)
			if !errors.Is(err, fs.ErrNotExist) {
				n.Errorf("got %v", err)
			}
		})
	})
}

// TestUnixServerFile: what becomes of the file.
func TestUnixServerFile(t *testing.T) {
	t.Parallel()
	gone := func(n *netTest, path string) {
		n.Helper()
		if n.exists(path) {
			n.Error("the file is still there")
		}
	}
	stays := func(n *netTest, path string) {
		n.Helper()
		if !n.exists(path) {
			n.Error("the file is gone")
		}
	}
	unixRow(t, "unix.701.server-path-removed", func(n *netTest, path string) {
		n.run(func(ctx context.Context) {
			s := n.serveUnix(ctx, path, nil, nil)
			stays(n, path)
			s.Close()
			gone(n, path)
			s.Close()
		})
	})
	unixRow(t, "unix.702.server-path-removed-given-sock", func(n *netTest, path string) {
		n.run(func(ctx context.Context) {
			s := n.serveUnix(ctx, "", &asyncio.ServerOptions{Sock: testkit.BoundUnix(n, path, sock.Stream)}, echoes)
			n.talks(ctx, path)
			stays(n, path)
			s.Close()
			gone(n, path)
			// A call that fails closes the socket, and what is left of it would be of no use.
			_, err := n.l.CreateUnixServer(ctx, nil, "", &asyncio.ServerOptions{Sock: testkit.BoundUnix(n, path, sock.Stream)})
			if gone(n, path); !errors.Is(err, asyncio.ErrInvalidArgument) {
				n.Errorf("got %v", err)
			}
		})
	})
	unixRow(t, "unix.703.server-path-gone", func(n *netTest, path string) {
		n.run(func(ctx context.Context) {
			s := n.serveUnix(ctx, path, nil, nil)
			n.check(os.Remove(path))
			n.ends(ctx, s)
		})
	})
	unixRow(t, "unix.704.server-path-kept", func(n *netTest, path string) {
		keep := &asyncio.ServerOptions{KeepSocketFile: true}
		n.run(func(ctx context.Context) {
			s := n.serveUnix(ctx, path, keep, nil)
			n.ends(ctx, s)
			stays(n, path)
			s = n.serveUnix(ctx, path, nil, nil) // and it is stale now
			n.ends(ctx, s)
			o := *keep
			o.Sock = testkit.BoundUnix(n, path, sock.Stream)
			s = n.serveUnix(ctx, "", &o, nil)
			n.ends(ctx, s)
			stays(n, path)
			n.serveUnix(ctx, path, keep, nil)
		})
		n.check(n.l.Close())
		stays(n, path)
	})
	unixRow(t, "unix.705.server-path-moved", func(n *netTest, path string) {
		n.run(func(ctx context.Context) {
			s := n.serveUnix(ctx, path, nil, echoes)
			moved := path + "-moved"
			n.check(os.Rename(path, moved))
			n.talks(ctx, moved)
			n.check(os.WriteFile(path, nil, 0o600))
			n.ends(ctx, s)
			stays(n, moved)
			stays(n, path)
		})
	})
	unixRow(t, "somebody-else-s-socket-stays", func(n *netTest, path string) {
		n.run(func(ctx context.Context) {
			s := n.serveUnix(ctx, path, nil, nil)
			n.check(os.Remove(path))
			other := n.serveUnix(ctx, path, nil, echoes)
			n.ends(ctx, s)
			n.talks(ctx, path)
			n.ends(ctx, other)
			gone(n, path)
		})
	})
	unixRow(t, "mode-changed", func(n *netTest, path string) {
		n.run(func(ctx context.Context) {
			s := n.serveUnix(ctx, path, nil, nil)
			n.check(os.Chmod(path, 0o600)) // as one does who lets only few connect
			n.ends(ctx, s)
			gone(n, path)
		})
	})
	unixRow(t, "unix.706.server-path-error-logged", func(n *netTest, path string) {
		eng := n.script()
		f := &stubbornFiles{fakeSockets: &fakeSockets{}}
		eng.sockets = f
		n.run(func(ctx context.Context) {
			s := n.serveUnix(ctx, path, nil, nil)
			n.ends(ctx, s)
			if s.IsServing() {
				n.Error("close did not go on")
			}
		})
		if text := n.log.String(); !strings.Contains(text, "unable to clean up listening unix socket") || !strings.Contains(text, errOdd.Error()) || !strings.Contains(text, "ERROR") {
			n.Errorf("logged: %s", text)
		}
		n.run(func(ctx context.Context) { n.serveUnix(ctx, path+"2", nil, nil) })
		n.check(n.l.Close())
		if text := n.log.String(); strings.Count(text, "unable to clean up") != 2 {
			n.Errorf("logged: %s", text)
		}
	})
}

// stubbornFiles are sockets whose files cannot be removed.
type stubbornFiles struct{ *fakeSockets }

func (s *stubbornFiles) BindFile(fd uintptr, a sock.Addr) (engine.SocketFile, error) {
	f, err := s.fakeSockets.BindFile(fd, a)
	return stubbornFile{f}, err
}

type stubbornFile struct{ engine.SocketFile }

func (stubbornFile) Remove() error { return errOdd }

// TestUnixServerRefuses: what contradicts itself, and what the system refuses.
func TestUnixServerRefuses(t *testing.T) {
	t.Parallel()
	refuses := func(row, path string, o *asyncio.ServerOptions, says string) {
		unixRow(t, row, func(n *netTest, _ string) {
			n.run(func(ctx context.Context) {
				_, err := n.l.CreateUnixServer(ctx, plainFactory, path, o)
				if !errors.Is(err, asyncio.ErrInvalidArgument) || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), "CreateUnixServer") {
					n.Errorf("got %v, want %q", err, says)
				}
				if path != "" && n.exists(path) {
					n.Errorf("%s was made", path)
				}
			})
		})
	}
	long := strings.Repeat("x", 200)
	refuses("unix.016.unix-server-tls-bool", "here", &asyncio.ServerOptions{TLS: &tls.Config{}}, "needs a certificate")
	refuses("unix.017.unix-server-nothing-given", "", nil, "neither a path nor a socket was specified")
	refuses("path-and-socket", "here", &asyncio.ServerOptions{Sock: noSocket}, "a path and a socket can not be specified at the same time")
	refuses("path-too-long", "", &asyncio.ServerOptions{Addresses: []string{long}}, "too long")
	refuses("zero-byte", "", &asyncio.ServerOptions{Addresses: []string{"a\x00b"}}, "zero byte")
	refuses("empty-path", "", &asyncio.ServerOptions{Addresses: []string{""}}, "empty")
	refuses("reuse-port", "here", &asyncio.ServerOptions{ReusePort: true}, "ReusePort")
	refuses("keep-alive", "here", &asyncio.ServerOptions{KeepAlive: true}, "KeepAlive")
	refuses("timeout-without-tls", "here", &asyncio.ServerOptions{TLSHandshakeTimeout: 1}, "only meaningful with TLS")
	refuses("negative-backlog", "here", &asyncio.ServerOptions{Backlog: -1}, "backlog")
	netRow(t, "file-of-tcp", func(n *netTest) {
		n.run(func(ctx context.Context) {
			_, err := n.l.CreateServer(ctx, plainFactory, "tcp", "127.0.0.1:0", &asyncio.ServerOptions{KeepSocketFile: true})
			if !errors.Is(err, asyncio.ErrInvalidArgument) || !strings.Contains(err.Error(), "KeepSocketFile") {
				n.Errorf("got %v", err)
			}
		})
	})
	unixRow(t, "unix.018.unix-server-wrong-socket", func(n *netTest, path string) {
		f := &fakeSockets{}
		n.script().sockets = f
		n.run(func(ctx context.Context) {
			wrong := map[string]uintptr{"ip": boundSocket(n, sock.Stream), "udp": boundSocket(n, sock.Datagram)}
			for _, typ := range testkit.UnixKinds()[1:] {
				wrong["unix datagram"] = testkit.BoundUnix(n, path, typ)
			}
			for what, fd := range wrong {
				f.opened = map[uintptr]bool{fd: true}
				_, err := n.l.CreateUnixServer(ctx, plainFactory, "", &asyncio.ServerOptions{Sock: fd})
				if !errors.Is(err, asyncio.ErrInvalidArgument) || !strings.Contains(err.Error(), "a unix stream socket was expected") {
					n.Errorf("%s: got %v", what, err)
				}
				if len(f.opened) != 0 {
					n.Errorf("%s: the socket is still open", what)
				}
			}
		})
	})
	unixRow(t, "unix.019.unix-server-type-bits", func(n *netTest, path string) {
		n.run(func(ctx context.Context) {
			fd := testkit.BoundUnix(n, path, sock.Stream) // non-blocking, close-on-exec
			n.ends(ctx, n.serveUnix(ctx, "", &asyncio.ServerOptions{Sock: fd}, nil))
		})
	})
	unixRow(t, "unix.021.unix-server-bind-error", func(n *netTest, path string) {
		eng := n.script()
		f := &unboundFiles{fakeSockets: &fakeSockets{}}
		eng.sockets = f
		n.run(func(ctx context.Context) {
			for _, f.err = range []error{asyncio.ErrAddrNotAvailable, errOdd} {
				_, err := n.l.CreateUnixServer(ctx, plainFactory, path, nil)
				if !errors.Is(err, f.err) || !strings.Contains(err.Error(), path) || len(f.opened) != 0 {
					n.Errorf("got %v, want %v; %d sockets left", err, f.err, len(f.opened))
				}
			}
			if f.closed != 2 {
				n.Errorf("%d sockets closed", f.closed)
			}
		})
	})
}

// unboundFiles are sockets that no path can be bound to.
type unboundFiles struct {
	*fakeSockets
	err error
}

func (s *unboundFiles) BindFile(uintptr, sock.Addr) (engine.SocketFile, error) { return nil, s.err }

// TestUnixUnsupported: where the system has no unix sockets the calls say so, and what to
// use instead.
func TestUnixUnsupported(t *testing.T) {
	t.Parallel()
	if testkit.HasUnixSockets() {
		t.Skip("the system has unix sockets")
	}
	netRow(t, "refused", func(n *netTest) {
		n.run(func(ctx context.Context) {
			path := testkit.SocketPath(n)
			_, err := n.l.CreateUnixServer(ctx, plainFactory, path, nil)
			_, _, err2 := n.l.CreateUnixConnection(ctx, plainFactory, path, nil)
			for op, err := range map[string]error{"CreateUnixServer": err, "CreateUnixConnection": err2} {
				if !errors.Is(err, errors.ErrUnsupported) || !strings.Contains(err.Error(), op) || !strings.Contains(err.Error(), "127.0.0.1") {
					n.Errorf("%s: got %v", op, err)
				}
			}
		})
	})
}
