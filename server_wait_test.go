package asyncio_test

import (
	"context"
	"testing"

	"github.com/go-asyncio/asyncio"
)

// TestServerWait: who waits for a server's end waits until it is closed and its last
// connection has gone.
func TestServerWait(t *testing.T) {
	t.Parallel()
	netRow(t, "sockets.701.wait-closed-open", func(n *netTest) {
		n.run(func(ctx context.Context) {
			s, addr := n.serve(ctx, nil)
			idle := n.waitClosed(s)
			n.connectedClients(ctx, s, addr, 1)
			busy := n.waitClosed(s)
			n.passes(ctx)
			if idle.Done() || busy.Done() {
				n.Error("the wait is over, and the server is open")
			}
			s.Close()
			s.AbortClients()
			n.ended(ctx, idle, busy)
		})
	})
	netRow(t, "sockets.702.wait-closed-connections", func(n *netTest) {
		n.run(func(ctx context.Context) {
			s, addr := n.serve(ctx, nil)
			clients := n.connectedClients(ctx, s, addr, 2)
			before := n.waitClosed(s)
			n.passes(ctx)
			s.Close()
			after := n.waitClosed(s)
			for _, c := range clients {
				n.passes(ctx)
				if before.Done() || after.Done() {
					n.Error("the wait is over, and a connection is open")
				}
				c.transport.Abort()
			}
			n.ended(ctx, before, after)
			n.check(s.WaitClosed(ctx)) // at once
		})
	})
	netRow(t, "sockets.705.server-scope-waits", func(n *netTest) {
		n.run(func(ctx context.Context) {
			s, addr := n.serve(ctx, nil)
			clients := n.connectedClients(ctx, s, addr, 1)
			left := asyncio.CreateTask(n.l, func(ctx context.Context) (struct{}, error) {
				return struct{}{}, func() (err error) {
					defer func() { s.Close(); err = s.WaitClosed(ctx) }()
					return nil
				}()
			})
			n.passes(ctx)
			if s.IsServing() || left.Done() {
				n.Error("the scope is left, and the server or its connection is open")
			}
			clients[0].transport.Abort()
			n.ended(ctx, left)
		})
	})
}

// TestServerClients: the clients are ended, gently or not, and who waits for the server's
// end goes on two passes after they have.
func TestServerClients(t *testing.T) {
	t.Parallel()
	netRow(t, "sockets.703.close-clients", func(n *netTest) {
		n.run(func(ctx context.Context) { endClients(ctx, n, (*asyncio.Server).CloseClients, false) })
	})
	netRow(t, "sockets.704.abort-clients", func(n *netTest) {
		n.run(func(ctx context.Context) { endClients(ctx, n, (*asyncio.Server).AbortClients, true) })
	})
}

// endClients ends the clients of a closed server, the first of which may have more to read
// than it does.
func endClients(ctx context.Context, n *netTest, end func(*asyncio.Server), unsent bool) {
	s, addr := n.serve(ctx, nil)
	clients := n.connectedClients(ctx, s, addr, 3)
	if t := clients[0].transport; unsent {
		_, err := t.Write(make([]byte, 64<<20))
		n.check(err)
		if t.GetWriteBufferSize() == 0 {
			n.Error("the system took all")
		}
	}
	s.Close()
	wait := n.waitClosed(s)
	n.passes(ctx)
	end(s)
	for range 3 { // ConnectionLost comes in the first, the wait ends by the third
		n.check(asyncio.Sleep(ctx, 0))
	}
	if !wait.Done() {
		n.Error("the wait goes on")
	}
	for i, c := range clients {
		if !c.lost {
			n.Errorf("client %d: %q", i, c.history())
		}
	}
	n.ended(ctx, wait)
}

// connectedClients connects peers that say nothing, and returns the server's side of each.
func (n *netTest) connectedClients(ctx context.Context, s *asyncio.Server, addr string, count int) []*recorder {
	n.Helper()
	for range count {
		dialPlain(n, addr)
	}
	var rs []*recorder
	n.until(ctx, "the connections", func() bool {
		rs = rs[:0]
		for _, t := range asyncio.TransportsOf(s) {
			if r := asyncio.ProtocolOf(t).(*recorder); r.transport != nil {
				rs = append(rs, r)
			}
		}
		return len(rs) == count
	})
	return rs
}

func (n *netTest) waitClosed(s *asyncio.Server) *asyncio.Task[struct{}] {
	return asyncio.CreateTask(n.l, func(ctx context.Context) (struct{}, error) { return struct{}{}, s.WaitClosed(ctx) })
}

// ended waits for tasks that must not fail.
func (n *netTest) ended(ctx context.Context, tasks ...*asyncio.Task[struct{}]) {
	n.Helper()
	for _, task := range tasks {
		_, err := task.Await(ctx)
		n.check(err)
	}
}
