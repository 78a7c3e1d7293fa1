package asyncio_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io/fs"
	"net"
	"os"
	"strings"
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/sock"
	"github.com/go-asyncio/asyncio/internal/testkit"
)

// TestUnixConnection is how connections are made over unix sockets.
func TestUnixConnection(t *testing.T) {
	t.Parallel()
	unixRow(t, "events.014.create-unix-connection", func(n *netTest, path string) {
		n.run(func(ctx context.Context) {
			s := n.serveUnix(ctx, path, nil, func(r *recorder) {
				r.onData = func(p []byte) { r.transport.Write(append([]byte("re: "), p...)) }
			})
			client := &recorder{onMade: func(t asyncio.Transport) { t.Write([]byte("question")) }}
			tr, p, err := n.l.CreateUnixConnection(ctx, func() asyncio.Protocol { return client }, path, nil)
			if err != nil {
				n.Fatal(err)
			}
			if tr != client.transport || p != asyncio.Protocol(client) {
				n.Error("not the transport that ConnectionMade got, or not the protocol")
			}
			n.until(ctx, "the answer", func() bool { return string(client.data) == "re: question" })
			s.CloseClients()
			n.until(ctx, "the end", func() bool { return client.lost })
			if client.lostErr != nil {
				n.Error(client.lostErr)
			}
			n.ends(ctx, s)
		})
	})
	unixRow(t, "unix.014.unix-connection-missing-path", func(n *netTest, path string) {
		n.run(func(ctx context.Context) {
			_, _, err := n.l.CreateUnixConnection(ctx, plainFactory, path, nil)
			if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "CreateUnixConnection") {
				n.Errorf("got %v", err)
			}
			_, _, err = n.l.CreateUnixConnection(ctx, plainFactory, path, &asyncio.ConnectionOptions{AllErrors: true})
			if g := (*asyncio.GroupError)(nil); !errors.As(err, &g) || len(g.Errors) != 1 || !errors.Is(err, fs.ErrNotExist) {
				n.Errorf("all errors: got %v", err)
			}
		})
	})
	unixRow(t, "refused", func(n *netTest, path string) {
		n.run(func(ctx context.Context) {
			testkit.StaleSocket(n, path)
			_, _, err := n.l.CreateUnixConnection(ctx, plainFactory, path, nil)
			if !errors.Is(err, asyncio.ErrConnRefused) {
				n.Errorf("got %v", err)
			}
		})
	})
	unixRow(t, "names-and-credentials", func(n *netTest, path string) {
		n.run(func(ctx context.Context) {
			var server *recorder
			s := n.serveUnix(ctx, path, nil, func(r *recorder) { server = r })
			client := &recorder{}
			if _, _, err := n.l.CreateUnixConnection(ctx, func() asyncio.Protocol { return client }, path, nil); err != nil {
				n.Fatal(err)
			}
			n.until(ctx, "the server's side", func() bool { return server != nil && server.transport != nil })
			check := func(when string) {
				n.Helper()
				for _, c := range []struct {
					of   *recorder
					name string
					want string
				}{
					{client, "sockname", ""}, {client, "peername", path}, {server, "sockname", path}, {server, "peername", ""},
				} {
					if a, ok := c.of.transport.GetExtraInfo(c.name).(*net.UnixAddr); !ok || a.Name != c.want || a.Net != "unix" {
						n.Errorf("%s: the %s is %v, want %q", when, c.name, a, c.want)
					}
				}
				for _, r := range []*recorder{client, server} {
					who, ok := r.transport.GetExtraInfo("peercred").(asyncio.PeerCredentials)
					if !ok || who.PID != os.Getpid() && who.PID != -1 || who.UID != os.Geteuid() || who.GID != os.Getegid() {
						n.Errorf("%s: the peer is %+v", when, who)
					}
				}
			}
			check("connected")
			client.transport.Abort()
			n.until(ctx, "the end", func() bool { return client.lost && server.lost })
			check("afterwards")
			n.ends(ctx, s)
			tcp, other := n.pair(ctx)
			if got := tcp.transport.GetExtraInfo("peercred"); got != nil {
				n.Errorf("the peer of a TCP connection is %v", got)
			}
			tcp.transport.Abort()
			n.until(ctx, "the end", func() bool { return tcp.lost && other.lost })
		})
	})
	unixRow(t, "connected-socket", func(n *netTest, path string) {
		n.run(func(ctx context.Context) {
			s := n.serveUnix(ctx, path, nil, echoes)
			for _, asConn := range []bool{false, true} {
				c, err := net.Dial("unix", path)
				n.check(err)
				o := &asyncio.ConnectionOptions{}
				if asConn {
					o.Conn = c
				} else {
					o.Sock, err = sock.FromConn(c)
					n.check(err)
				}
				client := &recorder{onMade: func(t asyncio.Transport) { t.Write([]byte("hello")) }}
				tr, _, err := n.l.CreateUnixConnection(ctx, func() asyncio.Protocol { return client }, "", o)
				if err != nil {
					n.Fatal(err)
				}
				n.check(c.Close())
				n.until(ctx, "the answer", func() bool { return string(client.data) == "hello" })
				tr.Abort()
			}
			n.ends(ctx, s)
		})
	})
	unixRow(t, "accepted-socket", func(n *netTest, path string) {
		n.run(func(ctx context.Context) {
			l := listenUnix(n, path)
			c, err := net.Dial("unix", path)
			n.check(err)
			defer c.Close()
			accepted, err := l.Accept()
			n.check(err)
			r := &recorder{}
			echoes(r)
			tr, _, err := n.l.ConnectAcceptedSocket(ctx, func() asyncio.Protocol { return r }, 0, &asyncio.ConnectionOptions{Conn: accepted})
			if err != nil {
				n.Fatal(err)
			}
			n.check(accepted.Close())
			_, err = c.Write([]byte("hello"))
			n.check(err)
			n.until(ctx, "the question", func() bool { return len(r.data) > 0 })
			if got := n.reads(c, 5); string(got) != "hello" {
				n.Errorf("got %q", got)
			}
			tr.Abort()
		})
	})
	unixRow(t, "no-room", func(n *netTest, path string) { noRoom(n, path) })
}

// noRoom: where the listener's queue is full a connection waits until there is room.
func noRoom(n *netTest, path string) {
	n.run(func(ctx context.Context) {
		fd := testkit.BoundUnix(n, path, sock.Stream)
		defer sock.Close(fd)
		n.check(sock.Listen(fd, 0))
		a, err := sock.UnixAddr(path)
		n.check(err)
		var held []uintptr
		for {
			c, err := sock.Open(sock.Unix, sock.Stream)
			n.check(err)
			defer sock.Close(c)
			if err = sock.Connect(c, a); err != nil {
				if !sock.WouldBlock(err) {
					return // a system that refuses who finds no room
				}
				break
			}
			held = append(held, c)
		}
		begin := func() *asyncio.Task[asyncio.Transport] {
			return asyncio.CreateTask(n.l, func(ctx context.Context) (asyncio.Transport, error) {
				tr, _, err := n.l.CreateUnixConnection(ctx, plainFactory, path, nil)
				return tr, err
			})
		}
		task, given := begin(), begin()
		for range 20 { // several tries
			n.check(asyncio.Sleep(ctx, 1))
		}
		if task.Done() || given.Done() {
			n.Fatalf("it did not wait: %v", task.Exception())
		}
		given.Cancel()
		if _, err := given.Await(ctx); !errors.Is(err, asyncio.ErrCancelled) {
			n.Errorf("cancelled: %v", err)
		}
		for range len(held) {
			c, err := sock.Accept(fd)
			n.check(err)
			defer sock.Close(c)
		}
		tr, err := task.Await(ctx)
		if err != nil {
			n.Fatal(err)
		}
		tr.Abort()
	})
}

// TestUnixConnectionArguments: what contradicts itself is refused.
func TestUnixConnectionArguments(t *testing.T) {
	t.Parallel()
	type options = asyncio.ConnectionOptions
	name := "example.org"
	refuses := func(row, path string, o *options, says string) {
		netRow(t, row, func(n *netTest) {
			n.run(func(ctx context.Context) {
				_, _, err := n.l.CreateUnixConnection(ctx, plainFactory, path, o)
				if !errors.Is(err, asyncio.ErrInvalidArgument) || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), "CreateUnixConnection") {
					n.Errorf("got %v, want %q", err, says)
				}
			})
		})
	}
	refuses("unix.022.unix-connection-path-and-sock", "here", &options{Sock: noSocket}, "a path and a socket can not be specified at the same time")
	refuses("unix.023.unix-connection-hostname-without-tls", "here", &options{ServerName: &name}, "only meaningful with TLS")
	refuses("unix.024.unix-connection-tls-without-hostname", "host:here", &options{TLS: &tls.Config{}}, "must set the server name")
	refuses("unix.025.unix-connection-timeout-without-tls", "here", &options{TLSHandshakeTimeout: 1}, "only meaningful with TLS")
	refuses("shutdown-timeout-without-tls", "here", &options{TLSShutdownTimeout: 1}, "only meaningful with TLS")
	refuses("nothing-given", "", nil, "neither a path nor a socket was specified")
	refuses("path-too-long", strings.Repeat("x", 200), nil, "too long")
	refuses("zero-byte", "a\x00b", nil, "zero byte")
	refuses("local-address", "here", &options{LocalAddress: "127.0.0.1:0"}, "LocalAddress")
	refuses("happy-eyeballs", "here", &options{HappyEyeballsDelay: 1}, "HappyEyeballsDelay")
	refuses("interleave", "here", &options{Interleave: 1}, "Interleave")
	unixRow(t, "unix.020.unix-connection-wrong-socket", func(n *netTest, path string) {
		f := &fakeSockets{}
		n.script().sockets = f
		n.run(func(ctx context.Context) {
			for _, fd := range []uintptr{boundSocket(n, sock.Stream), boundSocket(n, sock.Datagram)} {
				f.opened = map[uintptr]bool{fd: true}
				_, _, err := n.l.CreateUnixConnection(ctx, plainFactory, "", &options{Sock: fd})
				if !errors.Is(err, asyncio.ErrInvalidArgument) || !strings.Contains(err.Error(), "a unix stream socket was expected") {
					n.Errorf("got %v", err)
				}
				if len(f.opened) != 0 {
					n.Error("the socket is still open")
				}
			}
		})
	})
}
