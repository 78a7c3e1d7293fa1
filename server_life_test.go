package asyncio_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/go-asyncio/asyncio"
)

// TestServerLife is how servers start and end.
func TestServerLife(t *testing.T) {
	t.Parallel()
	netRow(t, "sockets.026a.server-start-later", func(n *netTest) {
		n.run(func(ctx context.Context) {
			s, err := n.l.CreateServer(ctx, plainFactory, "tcp", "127.0.0.1:0", &asyncio.ServerOptions{DeferServing: true})
			if err != nil {
				n.Fatal(err)
			}
			if s.IsServing() {
				n.Error("serving")
			}
			if _, err := net.Dial("tcp", s.Addrs()[0].String()); err == nil {
				n.Error("connected to a server that does not serve")
			}
			task := asyncio.CreateTask(n.l, func(ctx context.Context) (struct{}, error) { return struct{}{}, s.ServeForever(ctx) })
			n.until(ctx, "serving", s.IsServing)
			dialPlain(n, s.Addrs()[0].String())
			n.until(ctx, "the client", func() bool { return len(asyncio.Transports(n.l)) != 0 })
			n.check(s.StartServing(ctx))
			task.Cancel()
			n.until(ctx, "the end", task.Done)
			if !task.Cancelled() {
				n.Errorf("ended with %v", task.Exception())
			}
		})
	})
	netRow(t, "sockets.026b.server-serve-forever-cancel", func(n *netTest) {
		n.run(func(ctx context.Context) {
			s, _ := n.serve(ctx, nil)
			task := asyncio.CreateTask(n.l, func(ctx context.Context) (struct{}, error) { return struct{}{}, s.ServeForever(ctx) })
			n.passes(ctx)
			task.Cancel()
			if _, err := task.Await(ctx); !errors.Is(err, asyncio.ErrCancelled) {
				n.Errorf("ended with %v", err)
			}
			if s.IsServing() || len(s.Addrs()) != 0 {
				n.Errorf("serving %v, %v", s.IsServing(), s.Addrs())
			}
		})
	})
	netRow(t, "sockets.026c.server-serve-forever-closed", func(n *netTest) {
		n.run(func(ctx context.Context) {
			s, _ := n.serve(ctx, nil)
			s.Close()
			for what, err := range map[string]error{"ServeForever": s.ServeForever(ctx), "StartServing": s.StartServing(ctx)} {
				if !errors.Is(err, asyncio.ErrServerClosed) || !errors.Is(err, net.ErrClosed) || !strings.Contains(err.Error(), "is closed") {
					n.Errorf("%s of a closed server: %v", what, err)
				}
			}
		})
	})
	netRow(t, "sockets.028.server-double-serve-forever", func(n *netTest) {
		n.run(func(ctx context.Context) {
			s, _ := n.serve(ctx, nil)
			task := asyncio.CreateTask(n.l, func(ctx context.Context) (struct{}, error) { return struct{}{}, s.ServeForever(ctx) })
			n.passes(ctx)
			if err := s.ServeForever(ctx); !errors.Is(err, asyncio.ErrInvalidState) {
				n.Errorf("a second ServeForever: %v", err)
			}
			s.Close() // ends the first one
			if _, err := task.Await(ctx); !errors.Is(err, asyncio.ErrCancelled) {
				n.Errorf("ended with %v", err)
			}
		})
	})
	netRow(t, "wait-closed", func(n *netTest) {
		n.run(func(ctx context.Context) {
			_, addr, r := "", "", (*recorder)(nil)
			s, addr := n.serve(ctx, func(made *recorder) { r = made })
			c := dialPlain(n, addr)
			n.until(ctx, "the client", func() bool { return r != nil && r.transport != nil })
			wait := asyncio.CreateTask(n.l, func(ctx context.Context) (struct{}, error) { return struct{}{}, s.WaitClosed(ctx) })
			n.passes(ctx)
			s.Close()
			late := asyncio.CreateTask(n.l, func(ctx context.Context) (struct{}, error) { return struct{}{}, s.WaitClosed(ctx) })
			n.passes(ctx)
			if wait.Done() || late.Done() || r.lost {
				n.Errorf("done %v, %v; lost %v with a connection open", wait.Done(), late.Done(), r.lost)
			}
			c.Close()
			n.until(ctx, "the end", func() bool { return wait.Done() && late.Done() })
			n.check(wait.Exception())
			n.check(late.Exception())
			n.check(s.WaitClosed(ctx))
			if !r.lost {
				n.Error("not lost")
			}
		})
	})
	netRow(t, "close-clients", func(n *netTest) {
		n.run(func(ctx context.Context) {
			var rs []*recorder
			s, addr := n.serve(ctx, func(r *recorder) { rs = append(rs, r) })
			other, otherAddr := n.serve(ctx, nil)
			connected := func(k int) func() bool {
				return func() bool { return len(rs) == k && rs[k-1].transport != nil }
			}
			// One after the other: the system may accept two that dial in either order.
			a := dialPlain(n, addr)
			n.until(ctx, "the first client", connected(1))
			b := dialPlain(n, addr)
			n.until(ctx, "the second client", connected(2))
			dialPlain(n, otherAddr)
			n.until(ctx, "the other server's client", func() bool { return len(asyncio.TransportsOf(other)) == 1 })
			// More than the system can take by and by, with nobody reading.
			n.check(a.SetReadBuffer(1 << 16))
			sent := pattern(16 << 20)
			if k, err := rs[0].transport.Write(sent); k != len(sent) || err != nil {
				n.Fatalf("Write = %d, %v", k, err)
			}
			s.Close()
			s.CloseClients()
			idle := readAll(n, b)
			n.until(ctx, "the idle one", func() bool { return rs[1].lost })
			if got := receive(ctx, n, "the idle one's end of stream", idle); len(got) != 0 {
				n.Errorf("%d bytes", len(got))
			}
			if rs[0].lost {
				n.Error("the one with data unsent is lost")
			}
			got := readAll(n, a)
			n.check(s.WaitClosed(ctx))
			if data := receive(ctx, n, "all data", got); len(data) != len(sent) {
				n.Errorf("%d bytes of %d", len(data), len(sent))
			}
			if len(asyncio.TransportsOf(other)) != 1 {
				n.Error("the other server's client is gone")
			}
			other.AbortClients()
			other.Close()
			n.check(other.WaitClosed(ctx))
		})
	})
	netRow(t, "abort-clients", func(n *netTest) {
		n.run(func(ctx context.Context) {
			var r *recorder
			s, addr := n.serve(ctx, func(made *recorder) { r = made })
			dialPlain(n, addr)
			n.until(ctx, "the client", func() bool { return r != nil && r.transport != nil })
			fill(n, r.transport)
			s.Close()
			s.AbortClients()
			n.check(s.WaitClosed(ctx))
			if !r.lost || r.lostErr != nil {
				n.Errorf("lost=%v %v", r.lost, r.lostErr)
			}
		})
	})
	netRow(t, "close-keeps-accepted", func(n *netTest) {
		// A connection that is accepted when the server closes is served all the same.
		n.run(func(ctx context.Context) {
			var r *recorder
			var s *asyncio.Server
			s, addr := n.serve(ctx, func(made *recorder) { r = made })
			c := dialPlain(n, addr)
			c.Write([]byte("question"))
			n.until(ctx, "the accept", func() bool { return asyncio.Active(s) == 1 })
			s.Close()
			n.until(ctx, "the question", func() bool { return r != nil && string(r.data) == "question" })
			r.transport.Write([]byte("answer"))
			r.transport.Close()
			n.check(s.WaitClosed(ctx))
			if got := receive(ctx, n, "the answer", readAll(n, c)); string(got) != "answer" {
				n.Errorf("got %q", got)
			}
		})
	})
	netRow(t, "from-other-goroutines", func(n *netTest) {
		stop := asyncio.NewFuture[struct{}](n.l)
		served := make(chan error, 1)
		go func() {
			defer stop.SetResult(struct{}{})
			ctx := context.Background()
			var lost atomic.Int32
			s, err := n.l.CreateServer(ctx, func() asyncio.Protocol { return &recorder{onLost: func(error) { lost.Add(1) }} }, "tcp", "localhost:0", nil)
			if err != nil {
				n.Error(err)
				return
			}
			forever, cancel := context.WithCancel(ctx)
			defer cancel()
			go func() { served <- s.ServeForever(forever) }()
			tr, _, err := n.l.CreateConnection(ctx, plainFactory, "tcp", s.Addrs()[0].String(), nil)
			if err != nil {
				n.Error(err)
				return
			}
			tr.Abort()
			n.check(s.StartServing(ctx))
			_, err = asyncio.RunCoroutineThreadsafe(n.l, func(ctx context.Context) (struct{}, error) {
				n.until(ctx, "ServeForever and the connection's end", func() bool { return asyncio.Served(s) && lost.Load() == 1 })
				return struct{}{}, nil
			}).Await(ctx)
			n.check(err)
			cancel()
			if err := <-served; !errors.Is(err, context.Canceled) {
				n.Errorf("ServeForever: %v", err)
			}
			if s.IsServing() || lost.Load() != 1 {
				n.Errorf("serving: %v, %d connections lost", s.IsServing(), lost.Load())
			}
			// One that begins with a context that is done closes all the same.
			if s, err = n.l.CreateServer(ctx, plainFactory, "tcp", "localhost:0", nil); err != nil {
				n.Error(err)
				return
			}
			if err := s.ServeForever(forever); !errors.Is(err, context.Canceled) || s.IsServing() {
				n.Errorf("ServeForever: %v, serving: %v", err, s.IsServing())
			}
		}()
		n.check(n.l.RunUntilComplete(stop))
	})
	netRow(t, "in-a-callback", func(n *netTest) {
		n.run(func(ctx context.Context) {
			done := asyncio.NewFuture[error](n.l)
			n.l.CallSoon(func() {
				_, err := n.l.CreateServer(ctx, plainFactory, "tcp", "127.0.0.1:0", nil)
				done.SetResult(err)
			})
			if err, _ := done.Await(ctx); !errors.Is(err, asyncio.ErrAwaitInCallback) {
				n.Errorf("got %v", err)
			}
		})
	})
}
