package loopgroup_test

import (
	"context"
	"errors"
	"io"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/sock"
	"github.com/go-asyncio/asyncio/internal/testkit"
	"github.com/go-asyncio/asyncio/internal/testkit/folder"
	"github.com/go-asyncio/asyncio/internal/testkit/loops"
	"github.com/go-asyncio/asyncio/loopgroup"
	"github.com/go-asyncio/asyncio/streams"
)

// TestServer: each connection is served, on one loop, and all end with a shutdown that waits
// for them.
func TestServer(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, m testkit.Mechanism, spread loopgroup.Spread) {
		g := started(t, loopgroup.WithLoops(3), over(m))
		s := listener(t, g, spread)
		if s.Spread() != spread || !s.IsServing() {
			t.Errorf("spread %v, serving %v", s.Spread(), s.IsServing())
		}
		var clients []net.Conn
		for range 12 {
			c := dial(t, s)
			must(t, exchange(c, "hello"))
			clients = append(clients, c)
		}
		on := s.Connections()
		if sum(on) != 12 {
			t.Errorf("connections %v, want 12", on)
		}
		if spread == loopgroup.HandOver && (on[0] != 4 || on[1] != 4 || on[2] != 4) {
			t.Errorf("connections %v, want 4 on each loop", on)
		}
		over := make(chan error, 1)
		go func() { over <- g.Shutdown(within(t)) }()
		eventually(t, "it accepts no more", func() bool { return !s.IsServing() })
		for _, c := range clients {
			must(t, exchange(c, "still there"))
			must(t, c.Close())
		}
		must(t, <-over)
	})
}

// TestLeastConnections: a loop that has lost connections gets the next ones.
func TestLeastConnections(t *testing.T) {
	t.Parallel()
	g := started(t, loopgroup.WithLoops(2))
	s := listener(t, g, loopgroup.HandOver)
	var on [2][]net.Conn
	for range 6 {
		before := s.Connections()
		c := dial(t, s)
		must(t, exchange(c, "x"))
		at := 0
		if s.Connections()[1] > before[1] {
			at = 1
		}
		on[at] = append(on[at], c)
	}
	for _, c := range on[1] {
		must(t, c.Close())
	}
	eventually(t, "the connections are gone", func() bool { return s.Connections()[1] == 0 })
	for range 3 {
		must(t, exchange(dial(t, s), "x"))
	}
	if n := s.Connections(); n[0] != 3 || n[1] != 3 {
		t.Errorf("connections %v, want 3 on each", n)
	}
}

// TestUnix: the clients of a unix socket are handed over, and its file goes with the group.
func TestUnix(t *testing.T) {
	t.Parallel()
	path := filepath.Join(folder.New(t), "s")
	g := started(t, loopgroup.WithLoops(2))
	s, err := g.CreateServer(within(t), newEcho, "unix", path, nil, loopgroup.Auto)
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skip("no unix sockets here:", err)
	}
	must(t, err)
	a, b := dial(t, s), dial(t, s)
	must(t, exchange(a, "a"))
	must(t, exchange(b, "b"))
	if n := s.Connections(); n[0] != 1 || n[1] != 1 {
		t.Errorf("connections %v, want one on each", n)
	}
	_ = g.Close()
	if c, err := net.Dial("unix", path); err == nil {
		_ = c.Close()
		t.Error("the file is still there, and somebody listens")
	}
}

// TestStreams: coroutines serve, on the loop that has the connection.
func TestStreams(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, m testkit.Mechanism, spread loopgroup.Spread) {
		g := started(t, loopgroup.WithLoops(2), over(m))
		s, err := loopgroup.StartServer(within(t), g, func(ctx context.Context, r *streams.StreamReader, w *streams.StreamWriter) error {
			defer w.Close()
			data, err := r.Read(ctx, 100)
			if err != nil {
				return err
			}
			_, err = w.Write(data)
			return err
		}, "tcp", "127.0.0.1:0", nil, spread)
		must(t, err)
		for range 6 {
			c := dial(t, s)
			must(t, exchange(c, "hello"))
			if _, err := c.Read(make([]byte, 1)); err != io.EOF {
				t.Errorf("read %v, want EOF", err)
			}
		}
		must(t, g.Shutdown(within(t)))
	})
}

// TestServerMisuse: each wrong argument has one error.
func TestServerMisuse(t *testing.T) {
	t.Parallel()
	g := started(t, loopgroup.WithLoops(2))
	for name, c := range map[string]struct {
		opts    asyncio.ServerOptions
		spread  loopgroup.Spread
		network string
		want    error
	}{
		"deferred":      {opts: asyncio.ServerOptions{DeferServing: true}, want: asyncio.ErrInvalidArgument},
		"assigned":      {opts: asyncio.ServerOptions{Assigned: true}, want: asyncio.ErrInvalidArgument},
		"assign":        {opts: asyncio.ServerOptions{Assign: func() *asyncio.Server { return nil }}, want: asyncio.ErrInvalidArgument},
		"reuse-port":    {opts: asyncio.ServerOptions{ReusePort: true}, want: asyncio.ErrInvalidArgument},
		"spread":        {spread: 9, want: asyncio.ErrInvalidArgument},
		"unix-by-port":  {network: "unix", spread: loopgroup.ReusePort, want: errors.ErrUnsupported},
		"no-such-thing": {network: "sctp", want: asyncio.ErrInvalidArgument},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			network := "tcp"
			if c.network != "" {
				network = c.network
			}
			_, err := g.CreateServer(within(t), newEcho, network, "127.0.0.1:0", &c.opts, c.spread)
			wantError(t, err, c.want)
		})
	}
	_, err := g.CreateServer(within(t), nil, "tcp", "127.0.0.1:0", nil, loopgroup.Auto)
	wantError(t, err, asyncio.ErrInvalidArgument)
}

// TestSimulatedLoops: who has a network in memory cannot have the system's connections, which
// the call says, and not the end of each of them. The socket that was given is closed.
func TestSimulatedLoops(t *testing.T) {
	t.Parallel()
	testkit.Over(t, testkit.Simulated, func(t *testing.T, m testkit.Mechanism) {
		g := started(t, loopgroup.WithLoops(2), loopgroup.WithLoopFactory(func(int) (asyncio.EventLoop, error) { return loops.New(m) }))
		const text = "unsupported operation: loop 0 of the group, which WithLoopFactory has made, is simulated"
		for _, spread := range []loopgroup.Spread{loopgroup.Auto, loopgroup.ReusePort, loopgroup.HandOver} {
			s, err := g.CreateServer(within(t), newEcho, "tcp", "127.0.0.1:0", nil, spread)
			if spread == loopgroup.ReusePort && !loopgroup.PortIsSpread {
				wantError(t, err, errors.ErrUnsupported) // for the system's reason
				continue
			}
			if wantError(t, err, errors.ErrUnsupported); s != nil || !strings.Contains(err.Error(), text) {
				t.Errorf("%v: %v, %v", spread, s, err)
			}
		}
		own, peer, err := sock.Pair()
		must(t, err)
		defer sock.Close(peer)
		_, err = g.CreateServer(within(t), newEcho, "", "", &asyncio.ServerOptions{Sock: own}, loopgroup.HandOver)
		wantError(t, err, errors.ErrUnsupported)
		for end := time.Now().Add(patience); ; time.Sleep(time.Millisecond) { // until its peer hears of the end
			if _, err := sock.Read(peer, make([]byte, 1)); !sock.WouldBlock(err) {
				break
			}
			if time.Now().After(end) {
				t.Fatal("the socket is open")
			}
		}
	})
}

// TestAddressInUse: who would share the port of somebody else is told, and leaves nothing.
func TestAddressInUse(t *testing.T) {
	t.Parallel()
	for _, spread := range spreads() {
		t.Run(spread.String(), func(t *testing.T) {
			t.Parallel()
			one := listener(t, started(t, loopgroup.WithLoops(2)), spread)
			other := started(t, loopgroup.WithLoops(2))
			s, err := other.CreateServer(within(t), newEcho, "tcp", one.Addrs()[0].String(), nil, spread)
			if s != nil || err == nil {
				t.Errorf("it serves on a port that is another's: %v", err)
			}
		})
	}
}

// TestServerClosed: a server that is closed keeps its connections, and others go on.
func TestServerClosed(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, m testkit.Mechanism, spread loopgroup.Spread) {
		g := started(t, loopgroup.WithLoops(2), over(m))
		one, other := listener(t, g, spread), listener(t, g, spread)
		a, b := dial(t, one), dial(t, other)
		must(t, exchange(a, "a"))
		must(t, exchange(b, "b"))
		one.Close()
		one.Close()
		waited := make(chan error, 1)
		go func() { waited <- one.WaitClosed(within(t)) }()
		must(t, exchange(a, "a"))
		one.AbortClients()
		must(t, <-waited)
		if err := exchange(a, "a"); err == nil {
			t.Error("a connection outlives its end")
		}
		must(t, exchange(b, "b"))
		must(t, exchange(dial(t, other), "b"))
	})
}

// TestHandlerIsWork: a shutdown waits for handlers whose clients have gone.
func TestHandlerIsWork(t *testing.T) {
	t.Parallel()
	g := started(t, loopgroup.WithLoops(2))
	entered, release, finished := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	s, err := loopgroup.StartServer(within(t), g, func(ctx context.Context, r *streams.StreamReader, w *streams.StreamWriter) {
		close(entered)
		_ = w.Close()
		_, err := asyncio.ToThread(ctx, func() (int, error) { <-release; return 0, nil })
		finished <- err
	}, "tcp", "127.0.0.1:0", nil, loopgroup.HandOver)
	must(t, err)
	c := dial(t, s)
	<-entered
	must(t, c.Close())
	over := make(chan error, 1)
	go func() { over <- g.Shutdown(within(t)) }()
	must(t, s.WaitClosed(within(t)))
	close(release)
	must(t, <-finished)
	must(t, <-over)
	_, err = loopgroup.StartServer[func(context.Context, *streams.StreamReader, *streams.StreamWriter)](within(t), g, nil, "tcp", "127.0.0.1:0", nil, loopgroup.Auto)
	wantError(t, err, asyncio.ErrInvalidArgument)
}

// TestClosedWhileClientsCome: whoever was accepted before a server is closed is served, also by
// a loop that has not heard of him then; nobody is told of an error.
func TestClosedWhileClientsCome(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, m testkit.Mechanism, spread loopgroup.Spread) {
		var logged testkit.LogBook
		g := started(t, loopgroup.WithLoops(2), over(m), loopgroup.WithLogger(logged.Logger()))
		instants(func(wait func()) {
			s := listener(t, g, spread)
			var clients sync.WaitGroup
			for range 4 {
				clients.Go(func() {
					for visit(t, s.Addrs()[0]) {
					}
				})
			}
			wait()
			s.Close()
			clients.Wait()
			must(t, s.WaitClosed(within(t)))
		})
		must(t, g.Shutdown(within(t)))
		if text := logged.String(); text != "" {
			t.Errorf("logged: %.500s", text)
		}
	})
}

// TestCloseClients: what is buffered is sent before connections end.
func TestCloseClients(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, m testkit.Mechanism, spread loopgroup.Spread) {
		g := started(t, loopgroup.WithLoops(2), over(m))
		s := listener(t, g, spread)
		c := dial(t, s)
		must(t, exchange(c, "hello"))
		s.CloseClients()
		if rest, err := io.ReadAll(c); len(rest) > 0 || err != nil {
			t.Errorf("the client reads %q, %v", rest, err)
		}
		visitUntilServed(t, s.Addrs()[0]) // the other loop may hear of it only now
	})
}

// TestNobodyServes: a client who comes while the only loop is dead, and its successor is not
// there yet, is let go of with a warning, and the next one is served.
func TestNobodyServes(t *testing.T) {
	t.Parallel()
	var book testkit.LogBook
	ready := make(chan struct{})
	var made atomic.Int32
	g := started(t, loopgroup.WithLoops(1), loopgroup.WithReplacement(1, time.Hour), new(failures).option(), loopgroup.WithLogger(book.Logger()),
		loopgroup.WithLoopFactory(func(int) (asyncio.EventLoop, error) {
			if made.Add(1) > 1 {
				<-ready
			}
			return asyncio.NewDefaultEventLoop()
		}))
	s := listener(t, g, loopgroup.HandOver)
	before := g.Loop(0)
	before.Stop()
	eventually(t, "the loop is closed", before.IsClosed)
	if err := exchange(dial(t, s), "hello"); err == nil {
		t.Error("served by nobody")
	}
	close(ready)
	visitUntilServed(t, s.Addrs()[0])
	must(t, g.Shutdown(within(t)))
	if n := book.Count("no loop of the group can have it"); n < 1 {
		t.Errorf("%d warnings", n)
	}
}
