package asyncio

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-asyncio/asyncio/internal/listen"
	"github.com/go-asyncio/asyncio/internal/netaddr"
	"github.com/go-asyncio/asyncio/internal/sock"
)

// CreateServer implements Networker.
func (l *baseLoop) CreateServer(ctx context.Context, factory func() Protocol, network, address string, opts *ServerOptions) (*Server, error) {
	return l.createServer(ctx, "CreateServer", factory, network, address, opts)
}

// createServer makes a server of any network.
func (l *baseLoop) createServer(ctx context.Context, op string, factory func() Protocol, network, address string, opts *ServerOptions) (*Server, error) {
	o := orDefault(opts)
	g, refused := l.take(op, o.Sock)
	defer g.release()
	if g != nil && network == netaddr.Unix {
		g.ofUnix(!o.KeepSocketFile)
	}
	targets, err := o.targets(op, factory, network, address)
	if err == nil {
		err = l.checkAssign(op, &o)
	}
	if err == nil {
		err = refused
	}
	if err != nil {
		return nil, err
	}
	s := &Server{loop: l, factory: factory, backlog: o.Backlog, keepAlive: o.KeepAlive, layered: o.layered(l)}
	s.assign = o.Assign
	s.receiver = listen.Receiver{Outside: (*serverOutside)(s), Waiting: &l.transports.waiting, Sockets: l.eng.Sockets()}
	if s.backlog == 0 {
		s.backlog = defaultBacklog
	}
	return inLoop(ctx, l, op, func(ctx context.Context) (*Server, error) {
		if err := s.open(ctx, op, network, targets, g, o); err != nil {
			return nil, err
		}
		return s, nil
	}, (*Server).discard)
}

// targets checks what CreateServer is called with, and takes the addresses apart;
// there are none if there is a socket.
func (o *ServerOptions) targets(op string, factory func() Protocol, network, address string) ([]netaddr.Target, error) {
	if err := o.check(op, network); err != nil {
		return nil, err
	}
	if err := o.tlsOptions().checkServer(op); err != nil {
		return nil, err
	}
	addresses := o.Addresses
	if address != "" {
		addresses = append([]string{address}, addresses...)
	}
	isGiven := o.Sock != 0 || o.Listener != nil
	if o.Assigned && (isGiven || len(addresses) > 0) {
		return nil, invalid(op, "Assigned is for a server that listens on nothing, and there is an address or a socket")
	}
	if err := checkGiven(op, factory, network, isGiven || o.Assigned, len(addresses) > 0); err != nil {
		return nil, err
	}
	var targets []netaddr.Target
	for _, a := range addresses {
		target, err := parseStream(op, network, a)
		if err != nil {
			return nil, err
		}
		targets = append(targets, target)
	}
	return targets, nil
}

// checkGiven refuses a call that has no factory, and one that does not say what it is about,
// or says it twice.
func checkGiven(op string, factory func() Protocol, network string, hasSocket, hasAddress bool) error {
	what := "an address"
	if network == netaddr.Unix {
		what = "a path"
	}
	switch {
	case factory == nil:
		return invalid(op, "the factory is nil")
	case hasSocket && hasAddress:
		return invalid(op, "%s and a socket can not be specified at the same time", what)
	case !hasSocket && !hasAddress:
		return invalid(op, "neither %s nor a socket was specified", what)
	}
	return nil
}

// discard ends a server that nobody will have, and what it has accepted. Loop only.
func (s *Server) discard() {
	s.keeps = false
	s.close()
	s.AbortClients()
}

// open gives the server its sockets and starts it. If that fails, also by being
// unwound while it waits, all of them are closed, and their files removed.
func (s *Server) open(ctx context.Context, op, network string, targets []netaddr.Target, g *given, o ServerOptions) error {
	b := s.binder(op, o)
	opened := false
	defer func() {
		if !opened {
			b.Close()
			s.discard()
		}
	}()
	if err := s.bind(ctx, op, network, b, targets, g, o); err != nil {
		if network == netaddr.Unix {
			err = noUnixSockets(err)
		}
		return opError(op, err)
	}
	for bound, ok := b.Take(); ok; bound, ok = b.Take() {
		s.addFile(bound.File)
		a, err := listen.NewAcceptor(&s.receiver, s.loop.eng, bound.FD)
		if err != nil {
			return opError(op, err)
		}
		s.acceptors = append(s.acceptors, a)
	}
	if !o.DeferServing {
		if err := s.start(); err != nil {
			return opError(op, err)
		}
		// A pass later everything is in place; it is also where a
		// cancellation is noticed.
		if err := Sleep(ctx, 0); err != nil {
			return opError(op, err)
		}
	}
	opened = true
	if o.KeepSocketFile {
		s.keepFiles()
	}
	if s.loop.GetDebug() {
		s.loop.logger().Info(fmt.Sprintf("%v is serving", s))
	}
	return nil
}

// binder makes the sockets of the server.
func (s *Server) binder(op string, o ServerOptions) *listen.Binder {
	return &listen.Binder{
		Sockets: s.loop.eng.Sockets(),
		Options: listen.Options{
			ReuseAddr: !o.NoReuseAddress && listen.ReuseAddrByDefault,
			ReusePort: o.ReusePort,
			KeepAlive: o.KeepAlive,
		},
		Skipped: func(a sock.Addr, err error) {
			if s.loop.GetDebug() {
				s.loop.logger().Warn(fmt.Sprintf("%s: no socket for %v: %v", op, a, err))
			}
		},
	}
}

// bind finds the addresses of each target and binds a socket to each; without a target it
// takes what the user has given.
func (s *Server) bind(ctx context.Context, op, network string, b *listen.Binder, targets []netaddr.Target, g *given, o ServerOptions) error {
	if o.Assigned {
		return nil
	}
	if len(targets) == 0 {
		fd, err := s.loop.socketOf(op, network, g, o.Listener)
		if err == nil {
			b.Add(listen.Bound{FD: fd, File: g.ownFile()})
		}
		return err
	}
	seen := make(map[sock.Addr]bool)
	for _, target := range targets {
		found, err := s.loop.addrsOf(ctx, op, target)
		if err != nil {
			return err
		}
		var addrs []sock.Addr
		for _, a := range found {
			if !seen[a] {
				seen[a] = true
				addrs = append(addrs, a)
			}
		}
		if err := b.Bind(addrs); err != nil {
			if errors.As(err, new(*listen.ReusePortError)) {
				return fmt.Errorf("%w: %w", ErrInvalidArgument, err)
			}
			return err
		}
	}
	return b.Err()
}
