package asyncio_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/sock"
	"github.com/go-asyncio/asyncio/internal/testkit"
)

// taking is a call that is given a socket.
type taking func(ctx context.Context, loop asyncio.EventLoop, factory func() asyncio.Protocol, fd uintptr) (asyncio.Transport, error)

var takings = map[string]taking{
	"CreateConnection": func(ctx context.Context, loop asyncio.EventLoop, factory func() asyncio.Protocol, fd uintptr) (asyncio.Transport, error) {
		tr, _, err := loop.CreateConnection(ctx, factory, "", "", &asyncio.ConnectionOptions{Sock: fd})
		return tr, err
	},
	"ConnectAcceptedSocket": func(ctx context.Context, loop asyncio.EventLoop, factory func() asyncio.Protocol, fd uintptr) (asyncio.Transport, error) {
		tr, _, err := loop.ConnectAcceptedSocket(ctx, factory, fd, nil)
		return tr, err
	},
	"CreateServer": func(ctx context.Context, loop asyncio.EventLoop, factory func() asyncio.Protocol, fd uintptr) (asyncio.Transport, error) {
		s, err := loop.CreateServer(ctx, factory, "", "", &asyncio.ServerOptions{Sock: fd})
		if err == nil {
			s.Close()
		}
		return nil, err
	},
	"CreateDatagramEndpoint": func(ctx context.Context, loop asyncio.EventLoop, factory func() asyncio.Protocol, fd uintptr) (asyncio.Transport, error) {
		tr, _, err := loop.CreateDatagramEndpoint(ctx, datagramsOf(factory), &asyncio.DatagramOptions{Sock: fd})
		if err == nil {
			tr.Abort()
		}
		return nil, err
	},
	"CreateUnixConnection": func(ctx context.Context, loop asyncio.EventLoop, factory func() asyncio.Protocol, fd uintptr) (asyncio.Transport, error) {
		tr, _, err := loop.CreateUnixConnection(ctx, factory, "", &asyncio.ConnectionOptions{Sock: fd})
		return tr, err
	},
	"CreateUnixServer": func(ctx context.Context, loop asyncio.EventLoop, factory func() asyncio.Protocol, fd uintptr) (asyncio.Transport, error) {
		s, err := loop.CreateUnixServer(ctx, factory, "", &asyncio.ServerOptions{Sock: fd})
		if err == nil {
			s.Close()
		}
		return nil, err
	},
}

// givenSocket is a socket to give away: a connected one, or for a server and for datagrams a
// bound one. wrongSocket is one of the kind that the call does not take.
func (s *scene) givenSocket(call string) uintptr {
	s.Helper()
	switch call {
	case "CreateServer":
		return s.boundSocket(sock.Stream)
	case "CreateUnixServer":
		return s.boundUnix()
	case "CreateUnixConnection":
		return s.unixSocket()
	case "CreateDatagramEndpoint":
		return s.boundSocket(sock.Datagram)
	}
	return s.socket()
}

// wrongSocket is a socket of the kind that the call does not take.
func (s *scene) wrongSocket(call string) uintptr {
	s.Helper()
	if call == "CreateDatagramEndpoint" {
		return s.boundSocket(sock.Stream)
	}
	return s.boundSocket(sock.Datagram)
}

func (s *scene) boundSocket(typ sock.Type) uintptr {
	s.Helper()
	fd, err := sock.Open(sock.Inet4, typ)
	must(s, err)
	a, err := sock.AddrOf(&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	must(s, err)
	must(s, sock.Bind(fd, a))
	return fd
}

// TestGivenSocket: whatever a call fails for, the socket that it was given is closed. It
// counts descriptors.
func TestGivenSocket(t *testing.T) {
	for name, call := range takings {
		if strings.Contains(name, "Unix") && !testkit.HasUnixSockets() {
			continue
		}
		t.Run(name, func(t *testing.T) {
			oneKindAfterTheOther(t, func(t *testing.T) {
				s := newScene(t)
				if strings.Contains(name, "Unix") {
					s.withUnix()
				}
				s.open()
				ctx := context.Background()
				fails := func(what string, f func(ctx context.Context) error) {
					t.Helper()
					runIn(t, s.loop, func(ctx context.Context) {
						if f(ctx) == nil {
							t.Errorf("%s: no error", what)
						}
					})
					s.settles(what, 0)
				}
				give := func(ctx context.Context, factory func() asyncio.Protocol) error {
					_, err := call(ctx, s.loop, factory, s.givenSocket(name))
					return err
				}
				fails("no factory", func(ctx context.Context) error { return give(ctx, nil) })
				if !strings.Contains(name, "Server") {
					t.Run("base.715.connect-factory-failure-closes", func(t *testing.T) { failsInFactory(t, s, give) })
				}
				fails("a context that is done", func(ctx context.Context) error {
					over, cancel := context.WithCancel(ctx)
					cancel()
					return give(over, s.protocol)
				})
				fails("a socket of another kind", func(ctx context.Context) error {
					_, err := call(ctx, s.loop, s.protocol, s.wrongSocket(name))
					return err
				})
				fails("a goroutine whose context is done", func(context.Context) (err error) {
					over, cancel := context.WithCancel(ctx)
					cancel()
					elsewhere(func() { err = give(over, s.protocol) })
					return err
				})
				fails("a task factory that refuses", func(ctx context.Context) (err error) {
					must(t, s.loop.SetTaskFactory(func(asyncio.EventLoop, *asyncio.TaskSpec) error { return errBoom }))
					ended := make(chan error, 1)
					go func() { ended <- give(context.Background(), s.protocol) }()
					for len(ended) == 0 {
						must(t, asyncio.Sleep(ctx, instant))
					}
					must(t, s.loop.SetTaskFactory(nil))
					return <-ended
				})
				_, err := s.loop.CallSoon(func() {
					wantError(t, give(ctx, s.protocol), asyncio.ErrAwaitInCallback)
				})
				must(t, err)
				s.pass()
				s.settles("a callback", 0)
				other := newLoop(t)
				runIn(t, other, func(ctx context.Context) { wantError(t, give(ctx, s.protocol), asyncio.ErrWrongLoop) })
				must(t, other.Close())
				s.settles("another loop's coroutine", 0)
				must(t, s.loop.Close())
				s.files = s.outside
				wantError(t, give(ctx, s.protocol), asyncio.ErrLoopClosed)
				s.settles("a closed loop", 0)
			})
		})
	}
	t.Run("contradictions", func(t *testing.T) {
		s := newScene(t)
		s.open()
		ctx := context.Background()
		for _, o := range []asyncio.ConnectionOptions{{Interleave: -1}, {TLSHandshakeTimeout: 1}, {HappyEyeballsDelay: -1}} {
			o.Sock = s.socket()
			_, _, err := s.loop.CreateConnection(ctx, s.protocol, "", "", &o)
			wantError(t, err, asyncio.ErrInvalidArgument)
			o.Sock = s.socket()
			_, _, err = s.loop.ConnectAcceptedSocket(ctx, s.protocol, o.Sock, &o)
			wantError(t, err, asyncio.ErrInvalidArgument)
		}
		_, _, err := s.loop.CreateConnection(ctx, s.protocol, "tcp", "127.0.0.1:1", &asyncio.ConnectionOptions{Sock: s.socket()})
		wantError(t, err, asyncio.ErrInvalidArgument)
		_, err = s.loop.CreateServer(ctx, s.protocol, "tcp", "127.0.0.1:0", &asyncio.ServerOptions{Sock: s.boundSocket(sock.Stream)})
		wantError(t, err, asyncio.ErrInvalidArgument)
		_, err = s.loop.CreateServer(ctx, s.protocol, "", "", &asyncio.ServerOptions{Sock: s.boundSocket(sock.Stream), Backlog: -1})
		wantError(t, err, asyncio.ErrInvalidArgument)
		s.settles("options that contradict each other", 0)
		must(t, s.loop.Close())
	})
}

// failsInFactory: a factory that panics, exits or makes nothing.
func failsInFactory(t *testing.T, s *scene, give func(context.Context, func() asyncio.Protocol) error) {
	for what, factory := range map[string]func() asyncio.Protocol{
		"panics":        func() asyncio.Protocol { panic("in the factory") },
		"exits":         func() asyncio.Protocol { goexit(); return nil },
		"makes nothing": func() asyncio.Protocol { return nil },
	} {
		task := asyncio.CreateTask(s.loop, func(ctx context.Context) (int, error) { return 0, give(ctx, factory) })
		_ = s.loop.RunUntilComplete(task)
		if task.Exception() == nil {
			t.Errorf("a factory that %s: no error", what)
		}
		s.settles("a factory that "+what, 0)
	}
}

// greeter is a protocol of a test that hears.
type greeter struct {
	asyncio.BaseProtocol
	tr   asyncio.Transport
	got  string
	lost bool
}

func (g *greeter) ConnectionMade(t asyncio.Transport) { g.tr = t }
func (g *greeter) DataReceived(p []byte)              { g.got += string(p) }
func (g *greeter) ConnectionLost(error)               { g.lost = true }

// TestSocketInUse: a socket that something of this or of another loop has is refused and
// left alone, whatever else is wrong.
func TestSocketInUse(t *testing.T) {
	t.Parallel()
	plainRow(t, "refused-and-left-alone", func(t *testing.T) {
		owner, other := newLoop(t), newLoop(t)
		noReports(t, owner)
		var s *asyncio.Server
		client, server := &greeter{}, &greeter{}
		runIn(t, owner, func(ctx context.Context) {
			var err error
			s, err = owner.CreateServer(ctx, func() asyncio.Protocol { return server }, "tcp", "127.0.0.1:0", nil)
			must(t, err)
			_, _, err = owner.CreateConnection(ctx, func() asyncio.Protocol { return client }, "tcp", s.Addrs()[0].String(), nil)
			must(t, err)
			for server.tr == nil {
				must(t, asyncio.Sleep(ctx, instant))
			}
		})
		fd := client.tr.GetExtraInfo("socket").(uintptr)
		a, b, err := sock.Pair()
		must(t, err)
		defer sock.Close(b)
		must(t, owner.AddReader(a, func() {}))
		for name, call := range takings {
			refused := func(what string, ctx context.Context, loop asyncio.EventLoop, factory func() asyncio.Protocol) {
				t.Helper()
				for whose, fd := range map[string]uintptr{"transport": fd, "server": s.Sockets()[0], "AddReader": a} {
					_, err := call(ctx, loop, factory, fd)
					if !errors.Is(err, asyncio.ErrInvalidArgument) || factory != nil && !strings.Contains(err.Error(), "is used by") {
						t.Errorf("%s of %s, %s: %v", name, whose, what, err)
					}
				}
			}
			for _, loop := range []asyncio.EventLoop{owner, other} {
				runIn(t, loop, func(ctx context.Context) {
					refused("in a coroutine", ctx, loop, plain)
					refused("no factory", ctx, loop, nil)
					over, cancel := context.WithCancel(ctx)
					cancel()
					refused("a context that is done", over, loop, plain)
					elsewhere(func() { refused("from a goroutine", context.Background(), loop, plain) })
				})
			}
		}
		removed, err := owner.RemoveReader(a)
		must(t, err)
		want(t, "there was a reader", removed, true)
		runIn(t, owner, func(ctx context.Context) {
			_, err := client.tr.Write([]byte("hello"))
			must(t, err)
			for server.got != "hello" {
				if client.lost || server.lost {
					t.Fatalf("the connection is lost (client %v, server %v) after %q", client.lost, server.lost, server.got)
				}
				must(t, asyncio.Sleep(ctx, instant))
			}
			more := &greeter{}
			tr, _, err := owner.CreateConnection(ctx, func() asyncio.Protocol { return more }, "tcp", s.Addrs()[0].String(), nil)
			must(t, err) // the server serves
			tr.Abort()
			given, _, err := owner.ConnectAcceptedSocket(ctx, plain, a, nil) // which nobody has any more
			must(t, err)
			given.Abort()
			client.tr.Abort()
			for !client.lost || !server.lost {
				must(t, asyncio.Sleep(ctx, instant))
			}
			s.Close()
			must(t, s.WaitClosed(ctx))
		})
	})
	plainRow(t, "given-twice", func(t *testing.T) {
		loop := newLoop(t)
		runIn(t, loop, func(ctx context.Context) {
			a, b, err := sock.Pair()
			must(t, err)
			defer sock.Close(b)
			call := func(ctx context.Context) (asyncio.Transport, error) {
				tr, _, err := loop.ConnectAcceptedSocket(ctx, plain, a, nil)
				return tr, err
			}
			first, second := asyncio.Go(ctx, call), asyncio.Go(ctx, call)
			_, err = second.Await(ctx)
			wantError(t, err, asyncio.ErrInvalidArgument)
			tr, err := first.Await(ctx)
			must(t, err)
			tr.Abort()
		})
	})
}
