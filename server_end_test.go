package asyncio_test

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
)

// TestClientsEnd: whatever a connection has come to when the server's clients are ended,
// it is over, and nobody waits for its peer, which is silent.
func TestClientsEnd(t *testing.T) {
	t.Parallel()
	ends := map[string]func(s *asyncio.Server, forever *asyncio.Task[struct{}]){
		"AbortClients": func(s *asyncio.Server, _ *asyncio.Task[struct{}]) { s.Close(); s.AbortClients() },
		"CloseClients": func(s *asyncio.Server, _ *asyncio.Task[struct{}]) { s.Close(); s.CloseClients() },
		"before-Close": func(s *asyncio.Server, _ *asyncio.Task[struct{}]) { s.AbortClients(); s.Close() },
		"ServeForever": func(_ *asyncio.Server, forever *asyncio.Task[struct{}]) { forever.Cancel() },
	}
	for name, end := range ends {
		for _, moment := range []string{"accepted", "set-up", "served"} {
			netRow(t, name+"/"+moment, func(n *netTest) {
				n.run(func(ctx context.Context) { endClientsAt(ctx, n, moment, end) })
			})
		}
	}
	netRow(t, "factory", func(n *netTest) { // that ends the clients, its own among them
		n.run(func(ctx context.Context) {
			var s *asyncio.Server
			made := false
			s, addr := n.serve(ctx, func(*recorder) {
				made = true
				s.AbortClients()
			})
			c := dialPlain(n, addr)
			n.until(ctx, "the factory", func() bool { return made })
			s.Close()
			n.check(s.WaitClosed(ctx))
			wantEnd(n, c)
		})
	})
}

// endClientsAt ends a server's only client at a moment of its life.
func endClientsAt(ctx context.Context, n *netTest, moment string, end func(*asyncio.Server, *asyncio.Task[struct{}])) {
	var r *recorder
	s, addr := n.serve(ctx, func(made *recorder) { r = made })
	forever := asyncio.CreateTask(n.l, func(ctx context.Context) (struct{}, error) { return struct{}{}, s.ServeForever(ctx) })
	n.passes(ctx)
	moments := map[string]func() bool{
		"accepted": func() bool { return asyncio.Accepted(n.l) },
		"set-up":   func() bool { return r != nil },
		"served":   func() bool { return r != nil && r.transport != nil },
	}
	c := dialPlain(n, addr)
	ended, late := false, false
	// It looks in each pass, before what the pass before has scheduled.
	var look func()
	look = func() {
		if !moments[moment]() {
			_, err := n.l.CallSoon(look)
			n.check(err)
			return
		}
		end(s, forever)
		ended = true
		late = s.IsServing() // a cancelled task learns of it in the next pass
	}
	look()
	n.until(ctx, "the moment", func() bool { return ended })
	n.check(s.WaitClosed(ctx))
	wantEnd(n, c)
	if moment == "accepted" && r != nil && !late {
		n.Error("a protocol was made")
	}
	if r != nil && !r.lost {
		n.Errorf("the protocol was told %q", r.history())
	}
	s.Close()
	if _, err := forever.Await(ctx); !errors.Is(err, asyncio.ErrCancelled) {
		n.Errorf("ServeForever ended with %v", err)
	}
}

// wantEnd fails the test if the connection of a plain peer is not over.
func wantEnd(n *netTest, c net.Conn) {
	n.Helper()
	n.check(asyncio.Engine(n.l).Flush())
	n.check(c.SetReadDeadline(time.Now().Add(patience)))
	if _, err := c.Read(make([]byte, 1)); err == nil || isTimeout(err) {
		n.Errorf("the peer reads %v, not the end", err)
	}
}

func isTimeout(err error) bool {
	var e net.Error
	return errors.As(err, &e) && e.Timeout()
}

// TestWaitClosedForgets: a wait that is cancelled leaves nothing behind.
func TestWaitClosedForgets(t *testing.T) {
	t.Parallel()
	netRow(t, "cancelled", func(n *netTest) {
		n.run(func(ctx context.Context) {
			s, _ := n.serve(ctx, nil)
			for range 100 {
				wait := asyncio.CreateTask(n.l, func(ctx context.Context) (struct{}, error) { return struct{}{}, s.WaitClosed(ctx) })
				n.check(asyncio.Sleep(ctx, 0))
				wait.Cancel()
				if _, err := wait.Await(ctx); !errors.Is(err, asyncio.ErrCancelled) {
					n.Fatalf("the wait ended with %v", err)
				}
			}
			if k := asyncio.Awaiting(s); k != 0 {
				n.Errorf("%d cancelled waits are kept", k)
			}
			stays := asyncio.CreateTask(n.l, func(ctx context.Context) (struct{}, error) { return struct{}{}, s.WaitClosed(ctx) })
			n.check(asyncio.Sleep(ctx, 0))
			s.Close()
			_, err := stays.Await(ctx)
			n.check(err)
		})
	})
}
