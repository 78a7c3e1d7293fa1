package asyncio_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/sock"
	"github.com/go-asyncio/asyncio/internal/testkit"
)

// TestCreateConnection is how connections are made over real sockets.
func TestCreateConnection(t *testing.T) {
	t.Parallel()
	netRow(t, "events.013.create-connection", func(n *netTest) {
		n.run(func(ctx context.Context) {
			s, addr := n.serve(ctx, func(r *recorder) {
				r.onData = func(p []byte) { r.transport.Write(append([]byte("re: "), p...)) }
			})
			client := &recorder{}
			client.onMade = func(t asyncio.Transport) { t.Write([]byte("question")) }
			tr, p, err := n.l.CreateConnection(ctx, func() asyncio.Protocol { return client }, "tcp", addr, nil)
			if err != nil {
				n.Fatal(err)
			}
			if tr != client.transport || p != asyncio.Protocol(client) {
				n.Error("not the transport that ConnectionMade got, or not the protocol")
			}
			if a := tr.GetExtraInfo("sockname"); a == nil || a.(net.Addr).String() != tr.LocalAddr().String() || tr.RemoteAddr().String() != addr {
				n.Errorf("from %v to %v", a, tr.RemoteAddr())
			}
			n.until(ctx, "the answer", func() bool { return string(client.data) == "re: question" })
			s.CloseClients()
			n.until(ctx, "the end", func() bool { return client.lost })
			if client.lostErr != nil {
				n.Error(client.lostErr)
			}
			s.Close()
			n.check(s.WaitClosed(ctx))
		})
	})
	netRow(t, "events.017.local-addr", func(n *netTest) {
		n.run(func(ctx context.Context) {
			s, addr := n.serve(ctx, nil)
			n.check(testkit.WithFreePort(n, func(free string) error {
				tr, _, err := n.l.CreateConnection(ctx, plainFactory, "tcp", addr, &asyncio.ConnectionOptions{LocalAddress: free})
				if err != nil {
					return err
				}
				if got := tr.LocalAddr().String(); got != free {
					n.Errorf("local address %s, want %s", got, free)
				}
				tr.Abort()
				return nil
			}))
			s.Close()
			n.check(s.WaitClosed(ctx))
		})
	})
	netRow(t, "events.018.local-addr-no-matching-family", func(n *netTest) {
		n.run(func(ctx context.Context) {
			_, _, err := n.l.CreateConnection(ctx, plainFactory, "tcp", "127.0.0.1:1", &asyncio.ConnectionOptions{LocalAddress: "[::1]:0"})
			if !errors.Is(err, asyncio.ErrAddrNotAvailable) || !strings.Contains(err.Error(), "no matching local address") {
				n.Errorf("got %v", err)
			}
		})
	})
	netRow(t, "events.019.connect-accepted-socket", func(n *netTest) {
		n.run(func(ctx context.Context) {
			for _, asConn := range []bool{false, true} {
				l, err := net.Listen("tcp", "127.0.0.1:0")
				n.check(err)
				client := dialPlain(n, l.Addr().String())
				accepted, err := l.Accept()
				n.check(err)
				l.Close()
				r := &recorder{}
				r.onData = func(p []byte) { r.transport.Write(p) }
				var fd uintptr
				o := &asyncio.ConnectionOptions{}
				if asConn {
					o.Conn = accepted
				} else {
					fd, err = sock.FromConn(accepted)
					n.check(err)
				}
				tr, p, err := n.l.ConnectAcceptedSocket(ctx, func() asyncio.Protocol { return r }, fd, o)
				if err != nil {
					n.Fatal(err)
				}
				accepted.Close()
				if tr != r.transport || p != asyncio.Protocol(r) || fd != 0 && tr.GetExtraInfo("socket") != any(fd) {
					n.Errorf("socket %v, want %d", tr.GetExtraInfo("socket"), fd)
				}
				client.Write([]byte("hello"))
				client.CloseWrite()
				got := readAll(n, client)
				n.until(ctx, "the end", func() bool { return r.lost })
				if string(<-got) != "hello" || string(r.data) != "hello" || r.lostErr != nil {
					n.Errorf("%q, %v", r.data, r.lostErr)
				}
			}
		})
	})
	netRow(t, "connected-socket", func(n *netTest) {
		n.run(func(ctx context.Context) {
			s, addr := n.serve(ctx, nil)
			c := dialPlain(n, addr)
			fd, err := sock.FromConn(c)
			n.check(err)
			c.Close()
			tr, _, err := n.l.CreateConnection(ctx, plainFactory, "tcp", "", &asyncio.ConnectionOptions{Sock: fd})
			if err != nil {
				n.Fatal(err)
			}
			if tr.RemoteAddr().String() != addr {
				n.Errorf("connected to %v", tr.RemoteAddr())
			}
			tr.Abort()
			p1, p2 := net.Pipe()
			defer p1.Close()
			defer p2.Close()
			if _, _, err := n.l.CreateConnection(ctx, plainFactory, "", "", &asyncio.ConnectionOptions{Conn: p1}); !errors.Is(err, errors.ErrUnsupported) {
				n.Errorf("a net.Pipe: %v", err)
			}
			if _, _, err := n.l.ConnectAcceptedSocket(ctx, plainFactory, boundSocket(n, sock.Datagram), nil); !errors.Is(err, asyncio.ErrInvalidArgument) {
				n.Errorf("a datagram socket: %v", err)
			}
			s.Close()
			n.check(s.WaitClosed(ctx))
		})
	})
	netRow(t, "base.052.connect-single-error", func(n *netTest) {
		n.run(func(ctx context.Context) {
			addr := testkit.Unserved(n)
			_, _, err := n.l.CreateConnection(ctx, plainFactory, "tcp", addr, nil)
			if !errors.Is(err, asyncio.ErrConnRefused) || !strings.Contains(err.Error(), addr) || strings.Contains(err.Error(), "Multiple") {
				n.Errorf("got %v", err)
			}
		})
	})
	netRow(t, "base.095.set-nodelay", func(n *netTest) {
		n.run(func(ctx context.Context) {
			client, server := n.pair(ctx)
			for _, r := range []*recorder{client, server} {
				if on, err := noDelay(r.transport.GetExtraInfo("socket").(uintptr)); !on || err != nil {
					n.Errorf("no-delay is %v, %v", on, err)
				}
			}
			client.transport.Abort()
			n.until(ctx, "the end", func() bool { return client.lost && server.lost })
		})
	})
	netRow(t, "protocols.013.buffered-end-to-end", func(n *netTest) {
		n.run(func(ctx context.Context) {
			want := pattern(9 << 10)
			var server *recorder
			s, addr := n.serve(ctx, func(r *recorder) {
				server = r
				r.onMade = func(t asyncio.Transport) { t.Write(want) }
				r.onData = func(p []byte) { r.transport.Close() }
			})
			b := &bufferedRecorder{size: 100}
			b.upd = func(int) {
				if len(b.data) == len(want) {
					b.transport.Write([]byte("thanks"))
				}
			}
			if _, _, err := n.l.CreateConnection(ctx, func() asyncio.Protocol { return b }, "tcp", addr, nil); err != nil {
				n.Fatal(err)
			}
			n.until(ctx, "the end", func() bool { return b.lost && server.lost })
			if string(b.data) != string(want) || string(server.data) != "thanks" || b.lostErr != nil {
				n.Errorf("%d bytes, answer %q, %v", len(b.data), server.data, b.lostErr)
			}
			s.Close()
			n.check(s.WaitClosed(ctx))
		})
	})
	netRow(t, "factory-panics", func(n *netTest) {
		n.expectErrors = true
		n.run(func(ctx context.Context) {
			s, addr := n.serve(ctx, nil)
			_, _, err := n.l.CreateConnection(ctx, func() asyncio.Protocol { panic("in factory") }, "tcp", addr, nil)
			if p := (*asyncio.PanicError)(nil); !errors.As(err, &p) || p.Value != "in factory" {
				n.Errorf("got %v", err)
			}
			if _, _, err := n.l.CreateConnection(ctx, func() asyncio.Protocol { return nil }, "tcp", addr, nil); !errors.Is(err, asyncio.ErrInvalidArgument) {
				n.Errorf("a nil protocol: %v", err)
			}
			s.Close()
			n.check(s.WaitClosed(ctx)) // both sockets were closed
		})
	})
	netRow(t, "cancelled-while-connecting", func(n *netTest) {
		n.run(func(ctx context.Context) {
			task := asyncio.CreateTask(n.l, func(ctx context.Context) (asyncio.Transport, error) {
				tr, _, err := n.l.CreateConnection(ctx, plainFactory, "tcp", blackHole(n), nil)
				return tr, err
			})
			n.passes(ctx)
			task.Cancel()
			if _, err := task.Await(ctx); !errors.Is(err, asyncio.ErrCancelled) {
				n.Errorf("got %v", err)
			}
		})
	})
	netRow(t, "caller-leaves", func(n *netTest) {
		// From another goroutine, whose context ends first: the attempt is withdrawn.
		stop := asyncio.NewFuture[struct{}](n.l)
		go func() {
			defer stop.SetResult(struct{}{})
			ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
			defer cancel()
			if _, _, err := n.l.CreateConnection(ctx, plainFactory, "tcp", blackHole(n), nil); !errors.Is(err, context.DeadlineExceeded) {
				n.Errorf("got %v", err)
			}
		}()
		n.check(n.l.RunUntilComplete(stop))
		n.run(func(ctx context.Context) { // what was left behind is cancelled by now
			n.until(ctx, "the attempt's end", func() bool { return len(asyncio.AllTasks(n.l)) == 1 })
		})
	})
}

// noSocket is a number that no descriptor has.
const noSocket = 1<<30 - 1

// TestConnectionArguments: what contradicts itself is refused.
func TestConnectionArguments(t *testing.T) {
	t.Parallel()
	name, empty := "example.org", ""
	refuses := func(row string, cases map[string]*asyncio.ConnectionOptions, says string) {
		netRow(t, row, func(n *netTest) {
			n.run(func(ctx context.Context) {
				for address, o := range cases {
					address = strings.Trim(address, "#")
					_, _, err := n.l.CreateConnection(ctx, plainFactory, "tcp", address, o)
					if !errors.Is(err, asyncio.ErrInvalidArgument) || !strings.Contains(err.Error(), says) {
						n.Errorf("%q, %+v: got %v, want %q", address, o, err, says)
					}
				}
			})
		})
	}
	type options = asyncio.ConnectionOptions
	refuses("base.044.connect-host-port-with-sock", map[string]*options{"host:80": {Sock: noSocket}, ":80": {Sock: noSocket}}, "at the same time")
	refuses("base.050.connect-nothing-given", map[string]*options{"": nil, "#": {}}, "neither an address nor a socket")
	refuses("base.059.server-hostname-without-tls", map[string]*options{"host:80": {ServerName: &name}, "host:80#": {ServerName: &empty}}, "only meaningful with TLS")
	refuses("base.060.tls-server-hostname-missing", map[string]*options{":80": {TLS: &tls.Config{}}, "": {TLS: &tls.Config{}, Sock: noSocket}}, "must set the server name")
	refuses("base.061.connect-handshake-timeout-without-tls", map[string]*options{"host:80": {TLSHandshakeTimeout: 1}, "host:80#": {TLSShutdownTimeout: 1}}, "only meaningful with TLS")
	refuses("odd-values", map[string]*options{"host:80": {HappyEyeballsDelay: -1}, "host:80#": {Interleave: -1}, "host": nil, "host:99999": nil}, "")
	netRow(t, "events.020.connect-accepted-socket-timeout-without-tls", func(n *netTest) {
		n.run(func(ctx context.Context) {
			for _, o := range []*options{{TLSHandshakeTimeout: 1}, {TLSShutdownTimeout: 1}} {
				_, _, err := n.l.ConnectAcceptedSocket(ctx, plainFactory, noSocket, o)
				if !errors.Is(err, asyncio.ErrInvalidArgument) || !strings.Contains(err.Error(), "only meaningful with TLS") {
					n.Errorf("got %v", err)
				}
			}
			if _, _, err := n.l.ConnectAcceptedSocket(ctx, plainFactory, 0, nil); !errors.Is(err, asyncio.ErrInvalidArgument) {
				n.Errorf("no socket: %v", err)
			}
		})
	})
}

// blackHole returns an address that never answers: the queue of its listener,
// which accepts nothing, is full.
func blackHole(n *netTest) string {
	n.Helper()
	fd := boundSocket(n, sock.Stream)
	n.Cleanup(func() { sock.Close(fd) })
	if err := sock.Listen(fd, 0); err != nil {
		n.Fatal(err)
	}
	a, err := sock.LocalAddr(fd)
	if err != nil {
		n.Fatal(err)
	}
	for range 3 {
		c, err := sock.Open(sock.Inet4, sock.Stream)
		if err != nil {
			n.Fatal(err)
		}
		n.Cleanup(func() { sock.Close(c) })
		to, err := sock.AddrOf(a)
		if err == nil {
			err = sock.Connect(c, to)
		}
		if err != nil && !sock.InProgress(err) {
			n.Fatal(err)
		}
	}
	return a.String()
}
