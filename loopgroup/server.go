package loopgroup

import (
	"context"
	"errors"
	"fmt"
	"net"
	"reflect"
	"sync"
	"syscall"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/streams"
)

// Create makes what serves on one loop: a server by opts and network, with no address beside
// them, since they have the socket, or say that there is none. loop.CreateServer,
// streams.StartServer with streams.WithLoop, and what stands on them do that. It is called
// again for a loop that replaces another one, and on goroutines that are no loop's.
type Create func(ctx context.Context, on Member, network string, opts *asyncio.ServerOptions) (*asyncio.Server, error)

// Server is a server of all loops of a group. Make one with CreateServer. Its methods may be
// called from any goroutine.
type Server struct {
	group   *Group
	create  Create
	network string
	opts    asyncio.ServerOptions
	spread  Spread

	kept  []*asyncio.Server // the keeper's: one for all loops, or one for each
	addrs []net.Addr

	mu      sync.Mutex
	on      []served // by the loops' numbers
	turn    int      // of the loops, for connections that are equal to them
	closed  bool
	closing chan struct{} // closed with closed
}

// served is a server on one loop.
type served struct {
	by      *member
	servers []*asyncio.Server // one for each socket
}

// CreateServer serves as CreateServer of a loop does, on all loops: network, address and opts
// are what they are there, and factory makes the protocol of each connection, on the loop that
// has it, several at once. Of the options, DeferServing, ReusePort, Assign and Assigned are the
// group's affair: ErrInvalidArgument. Sock and Listener are one socket, so they are handed
// over.
//
// errors.ErrUnsupported for ReusePort where the system does not spread connections, or for
// a unix socket, and for loops that are simulated; ErrNotStarted, ErrShutdown. It suspends or blocks.
func (g *Group) CreateServer(ctx context.Context, factory func() asyncio.Protocol, network, address string, opts *asyncio.ServerOptions, spread Spread) (*Server, error) {
	var create Create
	if factory != nil {
		create = func(ctx context.Context, on Member, network string, opts *asyncio.ServerOptions) (*asyncio.Server, error) {
			return on.Loop.CreateServer(ctx, factory, network, "", opts)
		}
	}
	return g.makeServer(ctx, "CreateServer", create, network, address, opts, spread)
}

// CreateServerBy is CreateServer with a function that makes the server of each loop, for those
// whose protocols want to know their loop, and for other kinds of servers.
func (g *Group) CreateServerBy(ctx context.Context, create Create, network, address string, opts *asyncio.ServerOptions, spread Spread) (*Server, error) {
	return g.makeServer(ctx, "CreateServerBy", create, network, address, opts, spread)
}

// StartServer is streams.StartServer on all loops of a group: handler runs as a task for each
// connection, on the loop that has it. It is a piece of work of that loop's: a shutdown waits
// for it, although its connection may have gone. It is CreateServer otherwise.
func StartServer[H streams.Handler](ctx context.Context, g *Group, handler H, network, address string, opts *asyncio.ServerOptions, spread Spread) (*Server, error) {
	values, serve := context.WithoutCancel(ctx), asFunc(handler)
	var create Create = func(ctx context.Context, on Member, network string, opts *asyncio.ServerOptions) (*asyncio.Server, error) {
		both, cancel := until(values, ctx)
		defer cancel()
		m := g.member(on.Index)
		return streams.StartServer(both, func(ctx context.Context, r *streams.StreamReader, w *streams.StreamWriter) error {
			m.work.Add(1)
			defer m.leave(g)
			return serve(ctx, r, w)
		}, network, "", opts, streams.WithLoop(on.Loop))
	}
	if serve == nil {
		create = nil
	}
	return g.makeServer(ctx, "StartServer", create, network, address, opts, spread)
}

// asFunc turns a handler of either form into the one with an error, nil into nil.
func asFunc[H streams.Handler](handler H) func(context.Context, *streams.StreamReader, *streams.StreamWriter) error {
	type plain = func(context.Context, *streams.StreamReader, *streams.StreamWriter)
	type failing = func(context.Context, *streams.StreamReader, *streams.StreamWriter) error
	v := reflect.ValueOf(handler)
	switch {
	case v.IsNil():
		return nil
	case v.Type().NumOut() == 1:
		return v.Convert(reflect.TypeFor[failing]()).Interface().(failing)
	}
	f := v.Convert(reflect.TypeFor[plain]()).Interface().(plain)
	return func(ctx context.Context, r *streams.StreamReader, w *streams.StreamWriter) error {
		f(ctx, r, w)
		return nil
	}
}

// makeServer is CreateServer under any name.
func (g *Group) makeServer(ctx context.Context, op string, create Create, network, address string, opts *asyncio.ServerOptions, spread Spread) (*Server, error) {
	s := &Server{group: g, create: create, network: network, spread: spread, on: make([]served, g.loops), closing: make(chan struct{})}
	if opts != nil {
		s.opts = *opts
	}
	err := s.check(op)
	if err == nil {
		err = g.check(op)
	}
	if err == nil {
		err = g.checkReal(op)
	}
	if err != nil {
		s.release()
		return nil, err
	}
	return outside(ctx, op, func(ctx context.Context) (*Server, error) {
		if err := s.open(ctx, op, address); err != nil {
			return nil, err
		}
		return s, nil
	}, (*Server).discard)
}

// check finds what cannot be, and decides what Auto is.
func (s *Server) check(op string) error {
	o := &s.opts
	single := o.Sock != 0 || o.Listener != nil || s.network == "unix"
	switch {
	case s.create == nil:
		return invalid(op, "there is nothing that makes protocols: the factory is nil")
	case o.DeferServing:
		return invalid(op, "DeferServing: create the server when it is to serve")
	case o.Assign != nil || o.Assigned:
		return invalid(op, "Assign and Assigned are the group's: choose by the spread")
	case o.ReusePort:
		return invalid(op, "ReusePort among the options: say so by the spread")
	case s.spread < Auto || s.spread > HandOver:
		return invalid(op, "unknown spread %d", int(s.spread))
	case s.spread == ReusePort && single:
		return opError(op, fmt.Errorf("%w: SO_REUSEPORT for a single socket, given or of a path; use HandOver", errors.ErrUnsupported))
	case s.spread == ReusePort && !PortIsSpread:
		return opError(op, fmt.Errorf("%w: this system does not spread the connections of a port; use HandOver", errors.ErrUnsupported))
	case s.spread == Auto && PortIsSpread && !single:
		s.spread = ReusePort
	case s.spread == Auto:
		s.spread = HandOver
	}
	return nil
}

// checkReal refuses loops that cannot have what the system accepts.
func (g *Group) checkReal(op string) error {
	for _, m := range g.all() {
		if err := m.checkReal(); err != nil {
			return opError(op, err)
		}
	}
	return nil
}

// checkReal is the same for one loop.
func (m *member) checkReal() error {
	if !asyncio.IsSimulated(m.Loop) {
		return nil
	}
	return fmt.Errorf("%w: loop %d of the group, which WithLoopFactory has made, is simulated, and the connections are the system's; "+
		"make real loops, or have each simulated host call CreateServer of its own loop", errors.ErrUnsupported, m.Index)
}

// release closes the socket that was given to a call that has failed before anybody had it.
func (s *Server) release() {
	if s.opts.Sock == 0 {
		return
	}
	loop := s.group.member(0).Loop
	if asyncio.IsSimulated(loop) { // it does not know the system's sockets
		real, err := asyncio.NewSelectorEventLoop(nil)
		if err != nil {
			return
		}
		defer real.Close() // it has never run
		loop = real
	}
	_, _ = loop.CreateServer(context.Background(), nil, s.network, "", &s.opts)
}

// open binds the sockets and has all loops serve.
func (s *Server) open(ctx context.Context, op, address string) (err error) {
	g := s.group
	ctx, cancel := until(ctx, g.ctx)
	defer cancel()
	select {
	case g.creating <- struct{}{}:
		defer func() { <-g.creating }()
	case <-ctx.Done():
		s.release()
		return s.why(op, ctx.Err())
	}
	k, err := g.keeper(op)
	if err != nil {
		s.release()
		return err
	}
	complete := false
	defer func() {
		if !complete {
			s.discard()
		}
	}()
	if err := s.bind(ctx, k, address); err != nil {
		return s.why(op, err)
	}
	g.mu.Lock()
	if g.state != stopping {
		g.prune()
		g.servers[s] = struct{}{}
	}
	g.mu.Unlock()
	for _, m := range g.all() {
		err := s.serveOn(ctx, m)
		if err == nil {
			continue
		}
		if m.ctx.Err() == nil || ctx.Err() != nil {
			return s.why(op, err)
		}
		select { // a loop that has died has a successor, or the group ends
		case <-m.decided:
		case <-ctx.Done():
			return s.why(op, ctx.Err())
		}
	}
	if err := g.check(op); err != nil {
		return err
	}
	complete = true
	return nil
}

// why is the error of a call that has failed: that the group is shut down, if it is.
func (s *Server) why(op string, err error) error {
	if s.group.ctx.Err() != nil {
		err = ErrShutdown
	}
	return opError(op, err)
}

// bind has the keeper bind what is listened on: once for each loop, or for all, and then it
// accepts.
func (s *Server) bind(ctx context.Context, k *keeper, address string) error {
	o := s.opts
	o.TLS, o.TLSHandshakeTimeout, o.TLSShutdownTimeout, o.TLSStrictEnd, o.TLSExecutor = nil, 0, 0, false, nil
	n := 1
	if s.spread == ReusePort {
		o.DeferServing = true
		if n = s.group.loops; n > 1 {
			if err := s.checkFree(ctx, k, address, o); err != nil {
				return err
			}
			o.ReusePort = true
		}
	} else {
		o.Assign = func() *asyncio.Server {
			k.accepted()
			return s.pick()
		}
	}
	for range n {
		bound, err := k.bind(ctx, s.network, address, o)
		if err != nil {
			return err
		}
		s.kept = append(s.kept, bound)
		if s.addrs != nil {
			continue
		}
		s.addrs = bound.Addrs()
		address, o.Addresses = "", nil
		for _, a := range s.addrs { // whose port the system may have picked
			o.Addresses = append(o.Addresses, a.String())
		}
	}
	return nil
}

// checkFree finds out whether somebody else listens on the address: one who shares his port
// would not be noticed otherwise. It binds and never listens, so that no client can come.
func (s *Server) checkFree(ctx context.Context, k *keeper, address string, o asyncio.ServerOptions) error {
	alone, err := k.bind(ctx, s.network, address, o)
	if err != nil {
		return err
	}
	alone.Close()
	return alone.WaitClosed(ctx)
}

// pick is the server of the loop that has the fewest connections. It is called on the keeper's
// loop.
func (s *Server) pick() *asyncio.Server {
	s.mu.Lock()
	defer s.mu.Unlock()
	var best *asyncio.Server
	least, at := 0, 0
	for k := range s.on {
		i := (s.turn + k) % len(s.on)
		on := s.on[i]
		if on.by == nil || on.by.ctx.Err() != nil {
			continue
		}
		if n := on.connections(); best == nil || n < least {
			best, least, at = on.servers[0], n, i
		}
	}
	s.turn = (at + 1) % len(s.on)
	return best
}

// serveOn has a loop serve, unless it does already.
func (s *Server) serveOn(ctx context.Context, m *member) (err error) {
	s.mu.Lock()
	idle := s.on[m.Index].by != m && !s.closed
	s.mu.Unlock()
	if !idle {
		return nil
	}
	if err := m.checkReal(); err != nil { // the one before it was none
		return err
	}
	ctx, cancel := until(ctx, m.ctx)
	defer cancel()
	on := served{by: m}
	complete := false
	defer func() {
		if !complete {
			on.discard()
		}
	}()
	for _, o := range s.optionsOn(m.Index) {
		var made *asyncio.Server
		err := guard(func() (err error) {
			made, err = s.create(ctx, m.Member, s.network, &o)
			return err
		})
		if err == nil && made == nil {
			err = invalid("create", "there is no server, and no error")
		}
		if err != nil {
			return err
		}
		on.servers = append(on.servers, made)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil // and what was made is discarded
	}
	s.on[m.Index] = on
	complete = true
	return nil
}

// optionsOn are the options of the servers that a loop is to have: one for each socket of its
// own, or one that listens on nothing.
func (s *Server) optionsOn(i int) []asyncio.ServerOptions {
	o := s.opts
	o.Sock, o.Listener, o.Addresses, o.NoReuseAddress, o.KeepSocketFile = 0, nil, nil, false, false
	if s.spread == HandOver {
		o.Assigned = true
		return []asyncio.ServerOptions{o}
	}
	var all []asyncio.ServerOptions
	for k, fd := range s.kept[i].Sockets() {
		o.Listener = boundSocket{fd, s.addrs[k]}
		all = append(all, o)
	}
	return all
}

// boundSocket is a socket of the keeper's as a net.Listener, of which a server makes a
// duplicate.
type boundSocket struct {
	fd   uintptr
	addr net.Addr
}

// Accept implements net.Listener.
func (boundSocket) Accept() (net.Conn, error) { return nil, errors.ErrUnsupported }

// Close implements net.Listener. The socket is the keeper's.
func (boundSocket) Close() error { return nil }

// Addr implements net.Listener.
func (b boundSocket) Addr() net.Addr { return b.addr }

// SyscallConn implements syscall.Conn.
func (b boundSocket) SyscallConn() (syscall.RawConn, error) { return b, nil }

// Control implements syscall.RawConn.
func (b boundSocket) Control(f func(fd uintptr)) error {
	f(b.fd)
	return nil
}

// Read implements syscall.RawConn.
func (boundSocket) Read(func(fd uintptr) bool) error { return errors.ErrUnsupported }

// Write implements syscall.RawConn.
func (boundSocket) Write(func(fd uintptr) bool) error { return errors.ErrUnsupported }
