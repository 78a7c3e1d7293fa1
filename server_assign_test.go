package asyncio_test

import (
	"context"
	"errors"
	"io"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
	"github.com/go-asyncio/asyncio/internal/testkit/loops"
)

// assignment is a server whose connections another server, of another loop, is to have.
type assignment struct {
	*testing.T
	ctx       context.Context
	front, to asyncio.EventLoop // which run
	reports   *reports          // of the front one
	ended     map[asyncio.EventLoop]chan error

	mu   sync.Mutex // of what the loops look at
	both struct{ server, back *asyncio.Server }
}

// assignRow runs f over each mechanism, with a server that assigns its connections by assign.
func assignRow(t *testing.T, name string, assign func(a *assignment) *asyncio.Server, f func(a *assignment)) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		testkit.Over(t, testkit.Unpinned, func(t *testing.T, m testkit.Mechanism) {
			ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
			t.Cleanup(cancel)
			a := &assignment{T: t, ctx: ctx, ended: map[asyncio.EventLoop]chan error{}}
			a.front, a.to = a.run(m), a.run(m)
			must(t, callOn(a.front, func() { a.reports = collectReports(t, a.front) }))
			back, err := a.to.CreateServer(ctx, a.protocol, "", "", &asyncio.ServerOptions{Assigned: true})
			must(t, err)
			server, err := a.front.CreateServer(ctx, a.protocol, "tcp", "127.0.0.1:0", &asyncio.ServerOptions{
				Assign: func() *asyncio.Server { return assign(a) },
			})
			must(t, err)
			a.mu.Lock()
			a.both.server, a.both.back = server, back
			a.mu.Unlock()
			f(a)
		})
	})
}

// server is the one that assigns.
func (a *assignment) server() *asyncio.Server {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.both.server
}

// back is the one that is assigned to.
func (a *assignment) back() *asyncio.Server {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.both.back
}

// run makes a loop that runs until the test ends.
func (a *assignment) run(m testkit.Mechanism) asyncio.EventLoop {
	loop, err := loops.New(m)
	must(a, err)
	ended := make(chan error, 1)
	a.ended[loop] = ended
	go func() { ended <- loop.RunForever() }()
	a.Cleanup(func() { a.close(loop) })
	return loop
}

// close ends a loop, once.
func (a *assignment) close(loop asyncio.EventLoop) {
	loop.Stop()
	if ended := a.ended[loop]; ended != nil {
		if err := <-ended; err != nil {
			a.Error(err)
		}
		a.ended[loop] = nil
	}
	if err := loop.Close(); err != nil {
		a.Error(err)
	}
}

// callOn runs f on a loop and waits for it.
func callOn(loop asyncio.EventLoop, f func()) error {
	done := make(chan struct{})
	if _, err := loop.CallSoonThreadsafe(func() { defer close(done); f() }); err != nil {
		return err
	}
	<-done
	return nil
}

// namer says on which loop it is, and closes.
type namer struct {
	asyncio.BaseProtocol
	a *assignment
}

func (a *assignment) protocol() asyncio.Protocol { return &namer{a: a} }

func (g *namer) ConnectionMade(t asyncio.Transport) {
	text := "elsewhere"
	switch loop, _ := asyncio.GetRunningLoop(); loop {
	case g.a.front:
		text = "front"
	case g.a.to:
		text = "back"
	}
	_, _ = t.Write([]byte(text))
	_ = t.Close()
}

// visit connects and returns what it is told.
func (a *assignment) visit() string {
	addr := a.server().Addrs()[0]
	c, err := net.Dial(addr.Network(), addr.String())
	must(a, err)
	defer c.Close()
	must(a, c.SetDeadline(time.Now().Add(30*time.Second)))
	text, _ := io.ReadAll(c) // an error is an end, too
	return string(text)
}

// wantVisit fails the test if a visitor is told something else.
func (a *assignment) wantVisit(want string) {
	a.Helper()
	if got := a.visit(); got != want {
		a.Errorf("a visitor is told %q, want %q", got, want)
	}
}

// toBack assigns all to the server of the other loop.
func toBack(a *assignment) *asyncio.Server { return a.back() }

// TestAssign: the connections of a server are those of the one that they are assigned to.
func TestAssign(t *testing.T) {
	t.Parallel()
	assignRow(t, "to-another-loop", toBack, func(a *assignment) {
		for range 5 {
			a.wantVisit("back")
		}
		if !a.back().IsServing() || len(a.back().Addrs()) != 0 {
			a.Errorf("serving %v at %v", a.back().IsServing(), a.back().Addrs())
		}
		a.server().Close()
		a.back().Close()
		must(a, errors.Join(a.server().WaitClosed(a.ctx), a.back().WaitClosed(a.ctx)))
		if n := a.server().Connections() + a.back().Connections(); n != 0 {
			a.Errorf("%d connections are left", n)
		}
	})
	assignRow(t, "to-itself", func(a *assignment) *asyncio.Server { return a.server() }, func(a *assignment) { a.wantVisit("front") })
	assignRow(t, "to-nobody", func(*assignment) *asyncio.Server { return nil }, func(a *assignment) { a.wantVisit("front") })
	assignRow(t, "to-a-closed-server", toBack, func(a *assignment) {
		a.back().Close()
		must(a, a.back().WaitClosed(a.ctx))
		a.wantVisit("front")
	})
	assignRow(t, "to-a-closed-loop", toBack, func(a *assignment) {
		a.close(a.to)
		a.wantVisit("front")
	})
	assignRow(t, "to-a-loop-that-is-closed-next", toBack, func(a *assignment) {
		a.to.Stop()
		must(a, <-a.ended[a.to])
		a.ended[a.to] = nil
		addr := a.server().Addrs()[0]
		c, err := net.Dial(addr.Network(), addr.String())
		must(a, err)
		defer c.Close()
		for a.back().Connections() == 0 { // it is on its way to a loop that does not run
			time.Sleep(time.Millisecond)
		}
		a.close(a.to)
		if _, err := c.Read(make([]byte, 1)); err == nil {
			a.Error("a connection outlives its loop")
		}
	})
	assignRow(t, "to-clients-that-are-aborted", toBack, func(a *assignment) {
		block := make(chan struct{})
		_, err := a.to.CallSoonThreadsafe(func() { <-block })
		must(a, err)
		addr := a.server().Addrs()[0]
		c, err := net.Dial(addr.Network(), addr.String())
		must(a, err)
		defer c.Close()
		_, err = a.to.CallSoonThreadsafe(a.back().AbortClients)
		must(a, err)
		for a.back().Connections() == 0 {
			time.Sleep(time.Millisecond)
		}
		close(block)
		if text, err := io.ReadAll(c); len(text) > 0 {
			a.Errorf("a connection that was to be aborted is served: %q, %v", text, err)
		}
	})
	for name, exit := range map[string]func(){"panics": func() { panic("odd") }, "exits": runtime.Goexit} {
		assignRow(t, name, func(*assignment) *asyncio.Server { exit(); return nil }, func(a *assignment) {
			a.wantVisit("")
			for len(a.reports.all()) == 0 { // the socket is closed first
				if a.ctx.Err() != nil {
					a.Fatal("nothing is reported")
				}
				time.Sleep(time.Millisecond)
			}
		})
	}
}

// TestAssignedMisuse: a server that listens on nothing has no address.
func TestAssignedMisuse(t *testing.T) {
	t.Parallel()
	inLoop(t, func(ctx context.Context, loop asyncio.EventLoop) {
		factory := func() asyncio.Protocol { return &asyncio.BaseProtocol{} }
		_, err := loop.CreateServer(ctx, factory, "tcp", "127.0.0.1:0", &asyncio.ServerOptions{Assigned: true})
		wantError(t, err, asyncio.ErrInvalidArgument)
		s, err := loop.CreateServer(ctx, factory, "", "", &asyncio.ServerOptions{Assigned: true, DeferServing: true})
		must(t, err)
		must(t, s.StartServing(ctx))
		s.Close()
		must(t, s.WaitClosed(ctx))
	})
}

// TestAssignSimulated: where each loop has a network of its own nothing can be handed over,
// which the call itself says, and not the connection that is lost later.
func TestAssignSimulated(t *testing.T) {
	t.Parallel()
	testkit.Over(t, testkit.Simulated, func(t *testing.T, m testkit.Mechanism) {
		n := newNetTestOn(t, m)
		n.run(func(ctx context.Context) {
			for word, c := range map[string]struct {
				opts    asyncio.ServerOptions
				network string
				address string
			}{
				"Assign":   {asyncio.ServerOptions{Assign: func() *asyncio.Server { return nil }}, "tcp", "127.0.0.1:0"},
				"Assigned": {asyncio.ServerOptions{Assigned: true}, "", ""},
			} {
				s, err := n.l.CreateServer(ctx, func() asyncio.Protocol { return &recorder{} }, c.network, c.address, &c.opts)
				wantError(t, err, errors.ErrUnsupported)
				if text := "CreateServer: unsupported operation: " + word + " on the simulated host \"host\""; s != nil || err != nil && !strings.Contains(err.Error(), text) {
					t.Errorf("%v, %v; want %s", s, err, text)
				}
			}
		})
	})
}
