package asyncio_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/sock"
)

// TestAccept is how connections are accepted and set up. It is not parallel, and has one
// loop at a time: select has no room for the descriptors of all of them together, nor for
// those of other tests.
func TestAccept(t *testing.T) {
	var one sync.Mutex
	netRow(t, "selev.713.accept-backlog-one-more", func(n *netTest) {
		one.Lock()
		n.Cleanup(one.Unlock) // after those of the clients
		n.expectErrors = true
		n.run(func(ctx context.Context) {
			for _, c := range []struct{ backlog, clients int }{{0, 5}, {1, 7}, {100, 103}} {
				acceptedAtOnce(ctx, n, c.backlog, c.clients)
			}
		})
	})
	netRow(t, "selev.715.accept-factory-failure", func(n *netTest) {
		for _, debug := range []bool{false, true} {
			n.l.SetDebug(debug)
			n.expectErrors, n.reported = true, nil
			n.run(func(ctx context.Context) {
				s, addr := n.serve(ctx, func(*recorder) { panic("no protocol") })
				c := dialPlain(n, addr)
				n.until(ctx, "the report", func() bool { return len(n.reported) > 0 })
				wantEnd(n, c)
				if p := (*asyncio.PanicError)(nil); len(n.reported) != 1 || !errors.As(n.reported[0].Err, &p) || asyncio.Active(s) != 0 {
					n.Errorf("debug %v: reported %+v; %d connections", debug, n.reported, asyncio.Active(s))
				}
				s.Close()
				n.check(s.WaitClosed(ctx))
			})
		}
	})
	netRow(t, "base.082.accept-out-of-fds", func(n *netTest) {
		for _, failure := range outOfResources {
			n.expectErrors, n.reported = true, nil
			eng := &scripted{Engine: asyncio.Engine(n.l)}
			fake := &fakeListener{}
			eng.listener = func(fd uintptr, h engine.ListenHandler) (engine.Listener, error) {
				l, err := eng.Engine.Listener(fd, h)
				fake.Listener, fake.h = l, h
				return fake, err
			}
			asyncio.SetEngine(n.l, eng)
			n.run(func(ctx context.Context) {
				s, addr := n.serve(ctx, nil)
				fake.StopAccepting() // as the engine does when it fails
				fake.h.AcceptFailed(failure)
				if len(n.reported) != 1 || n.reported[0].Message != "socket.accept() out of system resource" || !errors.Is(n.reported[0].Err, failure) {
					n.Errorf("reported %+v", n.reported)
				}
				if !s.IsServing() || fake.closed {
					n.Error("the listener was given up")
				}
				a := asyncio.Acceptor(s)
				if !a.Resting() {
					n.Error("accepting does not rest")
				}
				dialPlain(n, addr)
				n.passes(ctx)
				if fake.starts != 1 || asyncio.Active(s) != 0 {
					n.Errorf("accepting was begun %d times, %d accepted", fake.starts, asyncio.Active(s))
				}
				// The time is up: as if the timer were due.
				a.Again()
				n.until(ctx, "the client that waited", func() bool { return asyncio.Active(s) == 1 })
				// Closing the server in such a pause ends the pause.
				fake.h.AcceptFailed(failure)
				s.Close()
				if a.Resting() {
					n.Error("the timer of a closed server is still set")
				}
				a.Again()
				s.AbortClients()
				n.check(s.WaitClosed(ctx))
			})
			asyncio.SetEngine(n.l, eng.Engine)
		}
	})
	netRow(t, "other-failure", func(n *netTest) {
		n.expectErrors = true
		n.run(func(ctx context.Context) {
			s, addr := n.serve(ctx, nil)
			k := asyncio.Acceptor(s)
			k.AcceptFailed(syscall.EPERM)
			if len(n.reported) != 1 || n.reported[0].Message != "socket.accept() failed" || fmt.Sprint(n.reported[0].Extra["socket"]) != k.String() {
				n.Errorf("reported %+v", n.reported)
			}
			if !strings.Contains(k.String(), addr) {
				n.Errorf("socket described as %s", k)
			}
			s.Close()
		})
	})
	netRow(t, "stream-refused", func(n *netTest) {
		// The engine has no room for the connection (select beyond its limit).
		n.expectErrors = true
		n.script().stream = func(uintptr, engine.StreamHandler) (engine.Stream, error) { return nil, errOdd }
		n.run(func(ctx context.Context) {
			s, addr := n.serve(ctx, nil)
			c := dialPlain(n, addr)
			n.until(ctx, "the report", func() bool { return len(n.reported) == 1 })
			if n.reported[0].Err != errOdd || asyncio.Active(s) != 0 {
				n.Errorf("reported %+v, %d active", n.reported, asyncio.Active(s))
			}
			if _, err := c.Read([]byte{0}); err == nil {
				n.Error("the socket is still open")
			}
			s.Close()
			n.check(s.WaitClosed(ctx))
		})
	})
}

// acceptedAtOnce checks how many of the clients that wait already one pass takes: one more
// than backlog. Each is set up by itself: the third one fails.
func acceptedAtOnce(ctx context.Context, n *netTest, backlog, clients int) {
	n.reported = nil
	fd := boundSocket(n, sock.Stream)
	n.check(sock.Listen(fd, 300))
	a, err := sock.LocalAddr(fd)
	n.check(err)
	for range clients {
		dialPlain(n, a.String())
	}
	made := 0
	s, err := n.l.CreateServer(ctx, func() asyncio.Protocol {
		if made++; made == 3 {
			panic("the third one")
		}
		return &recorder{}
	}, "", "", &asyncio.ServerOptions{Sock: fd, DeferServing: true})
	if err != nil {
		n.Fatal(err)
	}
	n.check(asyncio.StartServing(s, backlog))
	most, before := 0, 0
	for end := n.l.Time() + patience; (made < clients || before < clients-1) && n.l.Time() < end; {
		n.check(asyncio.Sleep(ctx, 0)) // one pass
		most = max(most, asyncio.Active(s)-before)
		before = asyncio.Active(s)
	}
	if most != backlog+1 {
		n.Errorf("backlog %d: %d accepted in one pass", backlog, most)
	}
	if k := len(asyncio.TransportsOf(s)); k != clients-1 {
		n.Errorf("%d connections, want %d", k, clients-1)
	}
	if len(n.reported) != 1 || !strings.Contains(n.reported[0].Message, "incoming connection") {
		n.Errorf("reported %+v", n.reported)
	}
	s.Close()
	s.AbortClients()
	n.check(s.WaitClosed(ctx))
}

// fakeListener counts.
type fakeListener struct {
	engine.Listener
	h      engine.ListenHandler
	starts int
	closed bool
}

func (f *fakeListener) StartAccepting(backlog int) error {
	f.starts++
	return f.Listener.StartAccepting(backlog)
}

func (f *fakeListener) Close() error {
	f.closed = true
	return f.Listener.Close()
}

// TestLoopClosedWhileServing: a loop that is closed while connections wait to be
// set up, and a task makes a server, leaves no descriptor (TestMain counts).
func TestLoopClosedWhileServing(t *testing.T) {
	t.Parallel()
	netRow(t, "accepted-not-set-up", func(n *netTest) {
		var s *asyncio.Server
		var c net.Conn
		n.run(func(ctx context.Context) {
			var addr string
			s, addr = n.serve(ctx, nil)
			c = dialPlain(n, addr)
		})
		fd, err := sock.FromConn(c)
		n.check(err)
		before := asyncio.Active(s)
		asyncio.AcceptIdle(s, fd) // its step is in the next pass, which never comes
		if !asyncio.Accepted(n.l) || asyncio.Active(s) != before+1 {
			n.Fatal("the connection does not wait to be set up")
		}
		n.check(n.l.Close())
		n.check(c.Close())
	})
	netRow(t, "half-made-server", func(n *netTest) {
		n.expectErrors = true // a task is destroyed
		f := &fakeSockets{}
		n.script().sockets = f
		asyncio.SetResolver(n.l, &namesOf{block: make(chan struct{})})
		n.run(func(ctx context.Context) {
			asyncio.CreateTask(n.l, func(ctx context.Context) (struct{}, error) {
				_, err := n.l.CreateServer(ctx, plainFactory, "tcp", "127.0.0.1:0", &asyncio.ServerOptions{Addresses: []string{"host:0"}})
				return struct{}{}, err
			})
			n.until(ctx, "the first socket", func() bool { return len(f.opened) == 1 })
		})
		n.check(n.l.Close())
		if len(f.opened) != 0 {
			n.Error("the socket of a half-made server is left open")
		}
	})
}
