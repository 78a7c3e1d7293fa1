package loopgroup

import (
	"context"
	"net"

	"github.com/go-asyncio/asyncio"
)

// Addrs returns the addresses that the server listens on, also when it is closed.
func (s *Server) Addrs() []net.Addr { return append([]net.Addr(nil), s.addrs...) }

// IsServing reports whether the server accepts connections.
func (s *Server) IsServing() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.closed
}

// Spread returns how the connections come to the loops: Auto has been decided.
func (s *Server) Spread() Spread { return s.spread }

// Connections returns how many connections the server has on each loop.
func (s *Server) Connections() []int {
	n := make([]int, s.group.loops)
	for i := range n {
		n[i] = s.connectionsOn(i)
	}
	return n
}

// connectionsOn is how many connections a loop has.
func (s *Server) connectionsOn(i int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.on[i].connections()
}

// of are the servers of a loop.
func (s *Server) of(m *member) []*asyncio.Server {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.on[m.Index].by != m {
		return nil
	}
	return s.on[m.Index].servers
}

// connections is how many connections there are.
func (on served) connections() (n int) {
	for _, s := range on.servers {
		n += s.Connections()
	}
	return n
}

// discard ends a server of a loop's, and its connections.
func (on served) discard() {
	for _, s := range on.servers {
		s.Close()
		s.AbortClients()
	}
}

// each calls f for the servers of all loops.
func (s *Server) each(f func(*asyncio.Server)) {
	s.mu.Lock()
	on := append([]served(nil), s.on...)
	s.mu.Unlock()
	for _, o := range on {
		for _, server := range o.servers {
			f(server)
		}
	}
}

// Close stops accepting; connections stay. Closing again is harmless.
func (s *Server) Close() {
	s.mu.Lock()
	first := !s.closed
	s.closed = true
	s.mu.Unlock()
	if !first {
		return
	}
	for _, k := range s.kept {
		k.Close()
	}
	s.afterKept((*asyncio.Server).Close)
	close(s.closing)
}

// afterKept calls f for the servers of all loops once the keeper has handed over what it had
// accepted when this was called: a server that is closed before would be given nothing.
func (s *Server) afterKept(f func(*asyncio.Server)) {
	all := func() { s.each(f) }
	if s.spread != HandOver || len(s.kept) == 0 {
		all()
		return
	}
	loop := s.kept[0].GetLoop()
	// The first step runs when the keeper has done what it was told before, the second one when
	// it has set up what it had accepted by then.
	_, err := loop.CallSoonThreadsafe(func() {
		if _, err := loop.CallSoon(all); err != nil {
			all()
		}
	})
	if err != nil { // it has ended
		all()
	}
}

// CloseClients closes every connection once it has sent what is buffered.
func (s *Server) CloseClients() { s.each((*asyncio.Server).CloseClients) }

// AbortClients ends every connection at once.
func (s *Server) AbortClients() {
	for _, k := range s.kept {
		k.AbortClients() // of those that are on their way
	}
	s.each((*asyncio.Server).AbortClients)
	if s.spread == HandOver { // what was on its way is there now
		s.afterKept((*asyncio.Server).AbortClients)
	}
}

// WaitClosed waits until the server is closed and the last of its connections has gone. It
// suspends or blocks.
func (s *Server) WaitClosed(ctx context.Context) error {
	_, err := outside(ctx, "WaitClosed", func(ctx context.Context) (struct{}, error) {
		if err := s.waitClosed(ctx); err != nil {
			return struct{}{}, opError("WaitClosed", err)
		}
		return struct{}{}, nil
	}, nil)
	return err
}

// waitClosed is WaitClosed on a goroutine that is no loop's.
func (s *Server) waitClosed(ctx context.Context) error {
	select {
	case <-s.closing:
	case <-ctx.Done():
		return ctx.Err()
	}
	for _, k := range s.kept { // first: what these have, the others get
		if err := k.WaitClosed(ctx); err != nil && ctx.Err() != nil {
			return err
		}
	}
	var failed error
	s.each(func(server *asyncio.Server) {
		// A loop that has died has no connections.
		if err := server.WaitClosed(ctx); err != nil && ctx.Err() != nil {
			failed = err
		}
	})
	return failed
}

// discard ends a server that nobody will have, and its connections.
func (s *Server) discard() {
	s.Close()
	s.AbortClients()
	s.group.mu.Lock()
	delete(s.group.servers, s)
	s.group.mu.Unlock()
}

// prune forgets servers that are over. The group is locked.
func (g *Group) prune() {
	for s := range g.servers {
		s.mu.Lock()
		over := s.closed
		for _, on := range s.on {
			over = over && on.connections() == 0
		}
		s.mu.Unlock()
		if over {
			delete(g.servers, s)
		}
	}
}
