package asyncio_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"syscall"
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/sock"
	"github.com/go-asyncio/asyncio/internal/testkit"
)

// noise is bytes that all differ from their neighbours.
func noise(size int) []byte {
	p := make([]byte, size)
	r := rand.NewChaCha8([32]byte{1})
	_, _ = r.Read(p)
	return p
}

// answering answers one request as a web server does, and closes.
func answering(c net.Conn) {
	_, _ = c.Read(make([]byte, 1024))
	_, _ = io.WriteString(c, "HTTP/1.0 200 OK\r\n\r\nhello")
	_ = c.Close()
}

// TestSockClient: what a client does with a socket.
func TestSockClient(t *testing.T) {
	t.Parallel()
	ask := func(ctx context.Context, n *netTest) *asyncio.Socket {
		peer, err := net.Listen("tcp4", "127.0.0.1:0")
		must(n, err)
		n.Cleanup(func() { peer.Close() })
		go func() {
			if c, err := peer.Accept(); err == nil {
				answering(c)
			}
		}()
		s := n.newSocket("tcp", "")
		must(n, n.l.SockConnect(ctx, s, peer.Addr().String()))
		sent, err := n.l.SockSendAll(ctx, s, []byte("GET / HTTP/1.0\r\n\r\n"))
		must(n, err)
		want(n, "sent", sent, 18)
		return s
	}
	sockRow(t, "sockets.002a.sock-client-roundtrip", func(ctx context.Context, n *netTest) {
		s := ask(ctx, n)
		want(n, "the status", string(n.receiveAll(ctx, s, 15)), "HTTP/1.0 200 OK")
		want(n, "the rest", string(n.receiveAll(ctx, s, 9)), "\r\n\r\nhello")
		_, err := n.l.SockRecv(ctx, s, 1)
		wantError(n, err, io.EOF)
		n.released(s)
	})
	sockRow(t, "sockets.002b.sock-recv-into", func(ctx context.Context, n *netTest) {
		s := ask(ctx, n)
		p := make([]byte, 24)
		k, err := n.l.SockRecvInto(ctx, s, p[:8])
		must(n, err)
		for k < len(p) {
			more, err := n.l.SockRecvInto(ctx, s, p[k:])
			must(n, err)
			k += more
		}
		want(n, "received", string(p), "HTTP/1.0 200 OK\r\n\r\nhello")
		k, err = n.l.SockRecvInto(ctx, s, nil)
		want(n, "into nothing", k, 0)
		must(n, err)
	})
	sockRow(t, "sockets.005.sock-huge-sendall", func(ctx context.Context, n *netTest) {
		s, c := n.connected(ctx)
		go func() { _, _ = io.Copy(c, c); c.Close() }()
		data := noise(1 << 20)
		var got []byte
		_, err := asyncio.Gather(ctx, func(ctx context.Context) (int, error) { return n.l.SockSendAll(ctx, s, data) },
			func(ctx context.Context) (int, error) { got = n.receiveAll(ctx, s, len(data)); return 0, nil })
		must(n, err)
		want(n, "the same came back", bytes.Equal(got, data), true)
		n.released(s)
	})
	sockRow(t, "sockets.012.create-connection-sock", func(ctx context.Context, n *netTest) {
		s, c := n.connected(ctx)
		own := s.LocalAddr().String()
		fd, err := s.Detach()
		must(n, err)
		_, err = n.l.SockRecv(ctx, s, 1)
		wantError(n, err, net.ErrClosed)
		r := &recorder{}
		tr, _, err := n.l.CreateConnection(ctx, func() asyncio.Protocol { return r }, "", "", &asyncio.ConnectionOptions{Sock: fd})
		must(n, err)
		want(n, "the transport's address", tr.LocalAddr().String(), own)
		_, err = c.Write([]byte("hello"))
		must(n, err)
		n.until(ctx, "data", func() bool { return string(r.data) == "hello" })
		tr.Abort()
		n.until(ctx, "the end", func() bool { return r.lost })
	})
}

// TestSockConnect: a socket is connected, or the reason said.
func TestSockConnect(t *testing.T) {
	t.Parallel()
	sockRow(t, "sockets.009.sock-connect-refused", func(ctx context.Context, n *netTest) {
		held := n.newSocket("tcp4", "127.0.0.1:0") // which does not listen
		s := n.newSocket("tcp4", "")
		address := held.LocalAddr().String()
		err := n.l.SockConnect(ctx, s, address)
		wantError(n, err, asyncio.ErrConnRefused)
		want(n, "the error names", strings.Contains(err.Error(), "SockConnect") && strings.Contains(err.Error(), address), true)
		n.released(s)
	})
	sockRow(t, "sockets.004.sock-connect-cancel-race", func(ctx context.Context, n *netTest) {
		peer := n.listening()
		s := n.newSocket("tcp4", "")
		first := asyncio.GoErr(ctx, func(ctx context.Context) error {
			return n.l.SockConnect(ctx, s, peer.LocalAddr().String())
		})
		passes(n, ctx, 1)
		first.Cancel()
		second := asyncio.GoErr(ctx, func(ctx context.Context) error {
			return n.l.SockConnect(ctx, s, peer.LocalAddr().String())
		})
		_, err := second.Await(ctx)
		if errno := syscall.Errno(0); err != nil && !errors.As(err, &errno) {
			n.Errorf("the second connect ended with %v, which is nothing of the system's", err)
		}
		_, _ = first.Await(ctx)
		n.released(s)
	})
	for network, typ := range map[string]string{"tcp4": "stream", "udp4": "datagram"} {
		netRow(t, "selev.006.sock-connect-resolves-with-socket-params/"+typ, func(n *netTest) {
			r := &askedNames{}
			asyncio.SetResolver(n.l, r)
			n.run(func(ctx context.Context) {
				peer := n.listening()
				if typ == "datagram" {
					peer = n.newSocket("udp4", "127.0.0.1:0")
				}
				_, port, err := net.SplitHostPort(peer.LocalAddr().String())
				must(n, err)
				r.answer, err = sock.AddrOf(peer.LocalAddr())
				must(n, err)
				s := n.newSocket(network, "")
				must(n, n.l.SockConnect(ctx, s, "host.test:"+port))
				want(n, "asked for", r.asked, network+" host.test:"+port)
				want(n, "connected to", s.RemoteAddr().String(), peer.LocalAddr().String())
			})
		})
	}
	netRow(t, "base.057.sock-connect-unknown-family", func(n *netTest) {
		// The system that has no such sockets is a scripted one.
		r := &pathSockets{recordedSockets: n.record()}
		asyncio.Engine(n.l).(*scripted).sockets = r
		asyncio.SetResolver(n.l, &askedNames{})
		n.run(func(ctx context.Context) {
			fd, err := r.Open(sock.Inet4, sock.Stream)
			must(n, err)
			s, err := asyncio.SocketFromFD(fd)
			must(n, err)
			defer s.Close()
			must(n, n.l.SockConnect(ctx, s, "host.test:80"))
			want(n, "connected to", r.to, "host.test:80")
		})
	})
}

// askedNames knows one name.
type askedNames struct {
	asked  string
	answer sock.Addr
}

func (r *askedNames) Resolve(_ context.Context, network, host, service string) ([]sock.Addr, error) {
	r.asked = network + " " + host + ":" + service
	if !r.answer.IsValid() {
		return nil, errors.New("nobody should ask")
	}
	return []sock.Addr{r.answer, r.answer.WithPort(9)}, nil
}

// pathSockets takes all sockets for ones that have paths.
type pathSockets struct {
	*recordedSockets
	to string
}

func (*pathSockets) FamilyOf(uintptr) (sock.Family, error) { return sock.Unix, nil }

func (r *pathSockets) Connect(_ uintptr, to sock.Addr) error {
	r.to = to.Path()
	return nil
}

// TestSockDatagrams: datagrams come and go whole, with addresses.
func TestSockDatagrams(t *testing.T) {
	t.Parallel()
	sockRow(t, "sockets.006.sock-recvfrom", func(ctx context.Context, n *netTest) {
		a, b := n.newSocket("udp4", "127.0.0.1:0"), n.newSocket("udp", "127.0.0.1:0")
		data := noise(4096)
		k, err := n.l.SockSendTo(ctx, a, data, b.LocalAddr())
		must(n, err)
		want(n, "sent", k, len(data))
		got, from, err := n.l.SockRecvFrom(ctx, b, 4096)
		must(n, err)
		want(n, "the same", bytes.Equal(got, data), true)
		want(n, "from", from.String(), a.LocalAddr().String())
		want(n, "network", from.Network(), "udp")
	})
	sockRow(t, "sockets.007.sock-recvfrom-into", func(ctx context.Context, n *netTest) {
		a, b := n.newSocket("udp4", "127.0.0.1:0"), n.newSocket("udp4", "127.0.0.1:0")
		data := noise(4096)
		for _, limit := range []int{0, 4096} {
			_, err := n.l.SockSendTo(ctx, a, data, b.LocalAddr())
			must(n, err)
			p := make([]byte, 8192)
			k, from, err := n.l.SockRecvFromInto(ctx, b, p, limit)
			must(n, err)
			want(n, "received", k, 4096)
			want(n, "the same", bytes.Equal(p[:k], data), true)
			want(n, "beyond it", bytes.Equal(p[k:], make([]byte, 4096)), true)
			want(n, "from", from.String(), a.LocalAddr().String())
		}
	})
	sockRow(t, "sockets.708.recvfrom-into-wrong-size", func(ctx context.Context, n *netTest) {
		a, b := n.newSocket("udp4", "127.0.0.1:0"), n.newSocket("udp4", "127.0.0.1:0")
		_, err := n.l.SockSendTo(ctx, a, []byte("hello"), b.LocalAddr())
		must(n, err)
		for _, limit := range []int{9, -1} {
			_, _, err = n.l.SockRecvFromInto(ctx, b, make([]byte, 8), limit)
			wantError(n, err, asyncio.ErrInvalidArgument)
		}
		_, _, err = n.l.SockRecvFromInto(ctx, b, nil, 0)
		wantError(n, err, asyncio.ErrInvalidArgument)
		got, _, err := n.l.SockRecvFrom(ctx, b, 8)
		must(n, err)
		want(n, "it is still there", string(got), "hello")
	})
	netRow(t, "sockets.008.sock-sendto-would-block", func(n *netTest) {
		r := n.record()
		n.run(func(ctx context.Context) {
			a, b := n.newSocket("udp4", "127.0.0.1:0"), n.newSocket("udp4", "127.0.0.1:0")
			r.blocks["SendTo"] = 2
			_, err := n.l.SockSendTo(ctx, a, []byte("hello"), b.LocalAddr())
			must(n, err)
			want(n, "tries", strings.Join(r.tries, " "), "SendTo SendTo SendTo")
			got, _, err := n.l.SockRecvFrom(ctx, b, 8)
			must(n, err)
			want(n, "received", string(got), "hello")
			n.released(a)
		})
	})
	sockRow(t, "an empty one", func(ctx context.Context, n *netTest) {
		a, b := n.newSocket("udp4", "127.0.0.1:0"), n.newSocket("udp4", "127.0.0.1:0")
		_, err := n.l.SockSendTo(ctx, a, nil, b.LocalAddr())
		must(n, err)
		got, from, err := n.l.SockRecvFrom(ctx, b, 8)
		must(n, err)
		want(n, "received", len(got), 0)
		want(n, "from", from.String(), a.LocalAddr().String())
	})
}

// TestSockAccept: connections are taken, and by nobody who does not wait any more.
func TestSockAccept(t *testing.T) {
	t.Parallel()
	sockRow(t, "sockets.010.sock-accept", func(ctx context.Context, n *netTest) {
		s := n.listening()
		accepted := asyncio.Go(ctx, func(ctx context.Context) (*asyncio.Socket, error) {
			c, addr, err := n.l.SockAccept(ctx, s)
			if err == nil {
				want(n, "its peer's address", addr.String(), c.RemoteAddr().String())
			}
			return c, err
		})
		n.waits(ctx, s, "read")
		peer, err := net.Dial("tcp4", s.LocalAddr().String())
		must(n, err)
		defer peer.Close()
		c, err := accepted.Await(ctx)
		must(n, err)
		defer c.Close()
		want(n, "its peer", c.RemoteAddr().String(), peer.LocalAddr().String())
		n.released(s)
		// It does not block.
		got := asyncio.Go(ctx, func(ctx context.Context) ([]byte, error) { return n.l.SockRecv(ctx, c, 8) })
		n.waits(ctx, c, "read")
		_, err = peer.Write([]byte("hello"))
		must(n, err)
		p, err := got.Await(ctx)
		must(n, err)
		want(n, "received", string(p), "hello")
	})
	sockRow(t, "sockets.011.sock-accept-cancel", func(ctx context.Context, n *netTest) {
		s := n.listening()
		_, err := asyncio.WaitFor(ctx, instant, func(ctx context.Context) (*asyncio.Socket, error) {
			c, _, err := n.l.SockAccept(ctx, s)
			return c, err
		})
		wantError(n, err, asyncio.ErrTimeout)
		n.unwatched(s)
		address := s.LocalAddr().String()
		before, err := net.Dial("tcp4", address)
		must(n, err)
		defer before.Close()
		c, _, err := n.l.SockAccept(ctx, s) // it was left for this one
		must(n, err)
		must(n, c.Close())
		must(n, s.Close())
		if after, err := net.Dial("tcp4", address); err == nil {
			after.Close() // of another test, which has got the port by now
		} else {
			wantError(n, err, asyncio.ErrConnRefused)
		}
	})
}

// TestSockCancel: a wait that is cancelled takes nothing from those that follow.
func TestSockCancel(t *testing.T) {
	t.Parallel()
	sockRow(t, "events.041.prompt-cancellation", func(ctx context.Context, n *netTest) {
		s, _ := n.connected(ctx)
		receiving := asyncio.Go(ctx, func(ctx context.Context) ([]byte, error) { return n.l.SockRecv(ctx, s, 1) })
		woken := asyncio.GoErr(ctx, func(ctx context.Context) error { _, err := receiving.Await(ctx); return err })
		n.waits(ctx, s, "read")
		receiving.Cancel()
		passes(n, ctx, 2)
		want(n, "the awaiter is done", woken.Done(), true)
		wantError(n, woken.Exception(), asyncio.ErrCancelled)
		n.unwatched(s)
	})
	sockRow(t, "sockets.003a.sock-recv-cancel-race", func(ctx context.Context, n *netTest) {
		s, c := n.connected(ctx)
		first := asyncio.Go(ctx, func(ctx context.Context) ([]byte, error) { return n.l.SockRecv(ctx, s, 8) })
		n.waits(ctx, s, "read")
		first.Cancel()
		second := asyncio.Go(ctx, func(ctx context.Context) ([]byte, error) { return n.l.SockRecv(ctx, s, 8) })
		passes(n, ctx, 3)
		wantError(n, first.Exception(), asyncio.ErrCancelled)
		_, err := c.Write([]byte("hello"))
		must(n, err)
		got, err := second.Await(ctx)
		must(n, err)
		want(n, "received", string(got), "hello")
		n.released(s)
	})
	sockRow(t, "sockets.003b.sock-send-cancel-race", func(ctx context.Context, n *netTest) {
		s, c := n.connected(ctx)
		filler, message := noise(32<<20), []byte("the second one's")
		sent := 0
		first := asyncio.GoErr(ctx, func(ctx context.Context) (err error) {
			sent, err = n.l.SockSendAll(ctx, s, filler)
			return err
		})
		n.waits(ctx, s, "write")
		first.Cancel()
		second := asyncio.Go(ctx, func(ctx context.Context) (int, error) { return n.l.SockSendAll(ctx, s, message) })
		passes(n, ctx, 3)
		wantError(n, first.Exception(), asyncio.ErrCancelled)
		all := make(chan []byte, 1)
		go func() { p, _ := io.ReadAll(c); all <- p }()
		_, err := second.Await(ctx)
		must(n, err)
		must(n, s.Close())
		got := receive(ctx, n, "the peer", all)
		want(n, "bytes", len(got), sent+len(message))
		want(n, "the first one's", bytes.Equal(got[:min(sent, len(got))], filler[:sent]), true)
		want(n, "the second one's", bytes.HasSuffix(got, message), true)
	})
}

// TestSockBlocking: a socket that blocks is made one that does not, and nothing is refused.
func TestSockBlocking(t *testing.T) {
	t.Parallel()
	blocking := func(n *netTest) *asyncio.Socket {
		fd, err := sock.Open(sock.Inet4, sock.Stream)
		must(n, err)
		must(n, sock.SetNonblock(fd, false))
		s, err := asyncio.SocketFromFD(fd)
		must(n, err)
		n.Cleanup(func() { n.check(s.Close()) })
		return s
	}
	sockRow(t, "sockets.001.sock-blocking-refused", func(ctx context.Context, n *netTest) {
		n.l.SetDebug(true)
		listener := n.listening()
		a, b := blocking(n), blocking(n)
		must(n, n.l.SockConnect(ctx, a, listener.LocalAddr().String()))
		first, _, err := n.l.SockAccept(ctx, listener)
		must(n, err)
		defer first.Close()
		must(n, n.l.SockConnect(ctx, b, listener.LocalAddr().String()))
		fd, err := first.Detach()
		must(n, err)
		must(n, sock.SetNonblock(fd, false))
		s, err := asyncio.SocketFromFD(fd)
		must(n, err)
		defer s.Close()
		for name, call := range map[string]func(ctx context.Context) error{
			"SockRecv":     func(ctx context.Context) error { _, err := n.l.SockRecv(ctx, a, 1); return err },
			"SockRecvInto": func(ctx context.Context) error { _, err := n.l.SockRecvInto(ctx, s, make([]byte, 1)); return err },
			"SockSendAll":  func(ctx context.Context) error { _, err := n.l.SockSendAll(ctx, b, noise(32<<20)); return err },
		} {
			// The loop goes on, and so ends the wait.
			_, err := asyncio.WaitFor(ctx, instant, func(ctx context.Context) (int, error) { return 0, call(ctx) })
			if !errors.Is(err, asyncio.ErrTimeout) {
				n.Errorf("%s: %v", name, err)
			}
		}
	})
	t.Run("proactor.705.connect-blocking-refused", func(t *testing.T) {
		t.Parallel()
		overLoops(t, testkit.Proactors, func(t *testing.T) {
			n := newNetTest(t)
			n.run(func(ctx context.Context) {
				n.l.SetDebug(true)
				s, peer := blocking(n), n.listening()
				must(n, n.l.SockConnect(ctx, s, peer.LocalAddr().String()))
				want(n, "connected to", s.RemoteAddr().String(), peer.LocalAddr().String())
			})
		})
	})
}

// TestSockArguments: what cannot be done is refused, with the call's name.
func TestSockArguments(t *testing.T) {
	t.Parallel()
	refused := func(n *netTest, err error, kind error, parts ...string) {
		n.Helper()
		if !errors.Is(err, kind) {
			n.Errorf("error is %v, want %v", err, kind)
			return
		}
		for _, part := range parts {
			if !strings.Contains(err.Error(), part) {
				n.Errorf("error is %q, which lacks %q", err, part)
			}
		}
	}
	sockRow(t, "values", func(ctx context.Context, n *netTest) {
		s, _ := n.connected(ctx)
		_, err := n.l.SockRecv(ctx, nil, 1)
		refused(n, err, asyncio.ErrInvalidArgument, "SockRecv", "nil")
		refused(n, n.l.SockConnect(ctx, nil, "127.0.0.1:1"), asyncio.ErrInvalidArgument, "SockConnect", "nil")
		for _, size := range []int{0, -1} {
			_, err = n.l.SockRecv(ctx, s, size)
			refused(n, err, asyncio.ErrInvalidArgument, "SockRecv", "n is")
			_, _, err = n.l.SockRecvFrom(ctx, s, size)
			refused(n, err, asyncio.ErrInvalidArgument, "SockRecvFrom", "n is")
		}
		u := n.newSocket("udp4", "127.0.0.1:0")
		_, err = n.l.SockSendTo(ctx, u, nil, nil)
		refused(n, err, asyncio.ErrInvalidArgument, "SockSendTo", "SockSendAll")
		_, err = n.l.SockSendTo(ctx, u, nil, &net.UDPAddr{IP: net.IPv6loopback, Port: 1})
		refused(n, err, asyncio.ErrInvalidArgument, "SockSendTo", "family")
		_, err = n.l.SockSendTo(ctx, u, nil, &net.IPAddr{})
		refused(n, err, asyncio.ErrInvalidArgument, "SockSendTo", "address")
		for _, address := range []string{"", "127.0.0.1", "127.0.0.1:99999"} {
			refused(n, n.l.SockConnect(ctx, u, address), asyncio.ErrInvalidArgument, "SockConnect")
		}
		for _, args := range [][2]string{{"ip", ""}, {"tcp", "nowhere"}, {"tcp", "localhost:1"}, {"tcp4", "[::1]:1"}, {"udp", "127.0.0.1:domain"}, {"unix", strings.Repeat("x", 200)}} {
			_, err := asyncio.NewSocket(args[0], args[1])
			refused(n, err, asyncio.ErrInvalidArgument, "NewSocket")
		}
		_, err = asyncio.NewSocket("tcp4", n.listening().LocalAddr().String())
		refused(n, err, asyncio.ErrAddrInUse, "NewSocket", "127.0.0.1")
		_, err = asyncio.SocketFrom(nil)
		refused(n, err, asyncio.ErrInvalidArgument, "SocketFrom")
		x, y := net.Pipe()
		_, err = asyncio.SocketFrom(x)
		refused(n, err, errors.ErrUnsupported, "SocketFrom", "pipe")
		x.Close()
		y.Close()
		_, err = asyncio.SocketFromFD(sock.Invalid)
		refused(n, err, asyncio.ErrInvalidArgument, "SocketFromFD")
		must(n, s.Close())
		must(n, s.Close())
		_, err = n.l.SockSendAll(ctx, s, []byte("x"))
		refused(n, err, net.ErrClosed, "SockSendAll")
		refused(n, s.Listen(1), net.ErrClosed, "Listen")
		_, err = s.Detach()
		refused(n, err, net.ErrClosed, "Detach")
		want(n, "addresses of a closed socket", s.LocalAddr() == nil && s.RemoteAddr() == nil, true)
	})
	sockRow(t, "from where", func(ctx context.Context, n *netTest) {
		s, _ := n.connected(ctx)
		other := mustLoop(n)
		_, err := other.SockRecv(ctx, s, 1)
		refused(n, err, asyncio.ErrWrongLoop, "SockRecv")
		in := make(chan error, 1)
		soonOn(n, n.l, func() { _, err := n.l.SockRecv(context.Background(), s, 1); in <- err })
		passes(n, ctx, 2)
		refused(n, <-in, asyncio.ErrAwaitInCallback, "SockRecv")
		must(n, other.Close())
		elsewhere(func() { _, err = other.SockRecv(context.Background(), s, 1) })
		refused(n, err, asyncio.ErrLoopClosed, "SockRecv")
	})
	sockRow(t, "whose descriptor", func(ctx context.Context, n *netTest) {
		s, c := n.connected(ctx)
		_, err := asyncio.SocketFromFD(s.FD())
		refused(n, err, asyncio.ErrInvalidArgument, "SocketFromFD", "left alone", "detach")
		_, _, err = n.l.CreateConnection(ctx, func() asyncio.Protocol { return &recorder{} }, "", "", &asyncio.ConnectionOptions{Sock: s.FD()})
		refused(n, err, asyncio.ErrInvalidArgument, "left alone")
		var used *engine.UsedError
		want(n, "who has it is said", errors.As(err, &used), true)
		client, _ := n.pair(ctx)
		_, err = asyncio.SocketFromFD(asyncio.StreamOf(client.transport).FD())
		refused(n, err, asyncio.ErrInvalidArgument, "SocketFromFD", "left alone")
		client.transport.Abort()

		// A callback and a call do not share a descriptor.
		must(n, n.l.AddReader(s.FD(), func() {}))
		_, err = n.l.SockRecv(ctx, s, 1)
		refused(n, err, asyncio.ErrInvalidArgument, "SockRecv", "AddReader")
		_, err = c.Write([]byte("x"))
		must(n, err)
		n.until(ctx, "a byte, which can be tried for", func() bool {
			p, err := n.l.SockRecv(ctx, s, 1)
			return err == nil && string(p) == "x"
		})
		_, err = n.l.RemoveReader(s.FD())
		must(n, err)
		waiting := asyncio.GoErr(ctx, func(ctx context.Context) error { _, err := n.l.SockRecv(ctx, s, 1); return err })
		n.waits(ctx, s, "read")
		refused(n, n.l.AddWriter(s.FD(), func() {}), asyncio.ErrInvalidArgument, "AddWriter", "Sock call")
		_, err = s.Detach()
		refused(n, err, asyncio.ErrInvalidState, "Detach")
		waiting.Cancel()
		_, err = waiting.Await(ctx)
		wantError(n, err, asyncio.ErrCancelled)
		must(n, n.l.AddWriter(s.FD(), func() {}))
		_, err = n.l.RemoveWriter(s.FD())
		must(n, err)
	})
}

// soonOn schedules a callback.
func soonOn(t testing.TB, loop asyncio.EventLoop, f func()) {
	t.Helper()
	_, err := loop.CallSoon(f)
	must(t, err)
}

// TestSocketFrom: what Go has is a Socket's too, and stays Go's.
func TestSocketFrom(t *testing.T) {
	t.Parallel()
	sockRow(t, "connection", func(ctx context.Context, n *netTest) {
		peer, err := net.Listen("tcp4", "127.0.0.1:0")
		must(n, err)
		listener, err := asyncio.SocketFrom(peer)
		must(n, err)
		defer listener.Close()
		must(n, peer.Close()) // the Socket has a descriptor of its own
		c, err := net.Dial("tcp4", listener.LocalAddr().String())
		must(n, err)
		defer c.Close()
		a, _, err := n.l.SockAccept(ctx, listener)
		must(n, err)
		defer a.Close()
		b, err := asyncio.SocketFrom(c)
		must(n, err)
		defer b.Close()
		_, err = n.l.SockSendAll(ctx, b, []byte("hello"))
		must(n, err)
		want(n, "received", string(n.receiveAll(ctx, a, 5)), "hello")
	})
	netRow(t, "packets", func(n *netTest) {
		if testkit.UnderWine() {
			n.Skip("package net has no UDP under Wine 8")
		}
		n.run(func(ctx context.Context) {
			p, err := net.ListenPacket("udp4", "127.0.0.1:0")
			must(n, err)
			defer p.Close()
			s, err := asyncio.SocketFrom(p)
			must(n, err)
			defer s.Close()
			a := n.newSocket("udp4", "127.0.0.1:0")
			_, err = n.l.SockSendTo(ctx, a, []byte("hello"), p.LocalAddr())
			must(n, err)
			got, from, err := n.l.SockRecvFrom(ctx, s, 8)
			must(n, err)
			want(n, "received", string(got)+" "+from.String(), "hello "+a.LocalAddr().String())
		})
	})
}
