package asyncio

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/netaddr"
	"github.com/go-asyncio/asyncio/internal/sock"
)

// CreateServer listens on address, a "host:port" of network "tcp", "tcp4" or
// "tcp6", and serves each connection by a protocol that factory makes. An empty
// host is every interface, of both address families; port 0 is one that the
// system picks, the same for all addresses of a host; opts says more, nil is the
// default. ErrInvalidArgument for options that contradict each other. A call that
// fails or is cancelled leaves nothing that listens behind. It suspends or blocks:
// any goroutine may call it. (loop.create_server)
func (l *baseLoop) CreateServer(ctx context.Context, factory func() Protocol, network, address string, opts *ServerOptions) (*Server, error) {
	const op = "CreateServer"
	o := orDefault(opts)
	g, refused := l.take(op, o.Sock)
	defer g.release()
	targets, err := o.targets(op, factory, network, address)
	if err == nil {
		err = refused
	}
	if err != nil {
		return nil, err
	}
	s := &Server{loop: l, factory: factory, backlog: o.Backlog, keepAlive: o.KeepAlive}
	if s.backlog == 0 {
		s.backlog = defaultBacklog
	}
	return inLoop(ctx, l, op, func(ctx context.Context) (*Server, error) {
		if err := s.open(ctx, op, targets, g, o); err != nil {
			return nil, err
		}
		return s, nil
	}, (*Server).discard)
}

// targets checks what CreateServer is called with, and takes the addresses apart;
// there are none if there is a socket.
func (o *ServerOptions) targets(op string, factory func() Protocol, network, address string) ([]netaddr.Target, error) {
	if err := o.check(op); err != nil {
		return nil, err
	}
	addresses := o.Addresses
	if address != "" {
		addresses = append([]string{address}, addresses...)
	}
	isGiven := o.Sock != 0 || o.Listener != nil
	switch {
	case factory == nil:
		return nil, invalid(op, "the factory is nil")
	case isGiven && len(addresses) > 0:
		return nil, invalid(op, "an address and a socket can not be specified at the same time")
	case !isGiven && len(addresses) == 0:
		return nil, invalid(op, "neither an address nor a socket was specified")
	}
	var targets []netaddr.Target
	for _, a := range addresses {
		target, err := parseTCP(op, network, a)
		if err != nil {
			return nil, err
		}
		targets = append(targets, target)
	}
	return targets, nil
}

// discard ends a server that nobody will have, and what it has accepted. Loop only.
func (s *Server) discard() {
	s.close()
	s.AbortClients()
}

// open gives the server its sockets and starts it. If that fails, also by being
// unwound while it waits, all of them are closed.
func (s *Server) open(ctx context.Context, op string, targets []netaddr.Target, g *given, o ServerOptions) error {
	l := s.loop
	b := binder{loop: l, op: op, options: o, given: g}
	opened := false
	defer func() {
		if !opened {
			b.drop(0)
			s.discard()
		}
	}()
	if err := b.bindAll(ctx, targets); err != nil {
		return opError(op, err)
	}
	for len(b.fds) > 0 {
		fd := b.fds[0]
		b.fds = b.fds[1:]
		if err := s.addSocket(fd); err != nil {
			return opError(op, err)
		}
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
	if l.debug.Load() {
		l.logger().Info(fmt.Sprintf("%v is serving", s))
	}
	return nil
}

// addSocket makes a bound socket the server's.
func (s *Server) addSocket(fd uintptr) error {
	k := &serverSocket{server: s}
	sockets := s.loop.eng.Sockets()
	var err error
	if k.addr, err = sockets.LocalAddr(fd); err == nil {
		k.listener, err = s.loop.eng.Listener(fd, k)
	}
	if err != nil {
		_ = sockets.Close(fd)
		return err
	}
	s.sockets = append(s.sockets, k)
	return nil
}

// binder collects the sockets of one server.
type binder struct {
	loop    *baseLoop
	op      string
	options ServerOptions
	given   *given // nil: none
	fds     []uintptr
	skipped []sock.Addr // this machine does not have them
}

// drop closes the sockets from number k on.
func (b *binder) drop(k int) {
	for _, fd := range b.fds[k:] {
		_ = b.loop.eng.Sockets().Close(fd)
	}
	b.fds = b.fds[:k]
}

// bindAll binds a socket for each address of each target. After an error, fds
// are still to be closed.
func (b *binder) bindAll(ctx context.Context, targets []netaddr.Target) error {
	if len(targets) == 0 {
		fd, err := b.loop.socketOf(b.op, b.given, b.options.Listener)
		if err == nil {
			b.fds = append(b.fds, fd)
		}
		return err
	}
	seen := make(map[sock.Addr]bool)
	for _, target := range targets {
		found, err := b.loop.resolve(ctx, b.op, target)
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
		if err := b.bindGroup(addrs); err != nil {
			return err
		}
	}
	if len(b.fds) == 0 {
		return fmt.Errorf("could not bind on any address out of %v: %w", b.skipped, errAddrNotAvailable)
	}
	return nil
}

// portTries is how often a port that the system picked for the first address of
// a host is tried on the others before that is given up.
const portTries = 16

// bindGroup binds to all addresses of one host. Where the port is the system's
// to pick, it is the same for all.
func (b *binder) bindGroup(addrs []sock.Addr) error {
	before := len(b.fds)
	for try := 1; ; try++ {
		err := b.bindEach(addrs)
		if err == nil || !errors.Is(err, errAddrInUse) || len(b.fds) == before || try == portTries || addrs[0].Port() != 0 {
			return err
		}
		b.drop(before)
	}
}

func (b *binder) bindEach(addrs []sock.Addr) error {
	var port uint16
	for _, a := range addrs {
		if a.Port() == 0 {
			a = a.WithPort(port)
		}
		fd, err := b.bind(a)
		switch {
		case err != nil:
			return err
		case fd == sock.Invalid:
			continue
		}
		b.fds = append(b.fds, fd)
		if port == 0 {
			bound, err := b.loop.eng.Sockets().LocalAddr(fd)
			if err != nil {
				return err
			}
			port = bound.Port()
		}
	}
	return nil
}

// bind makes one socket. It returns sock.Invalid for an address that this machine
// does not have, or of such a family.
func (b *binder) bind(a sock.Addr) (uintptr, error) {
	sockets := b.loop.eng.Sockets()
	fd, err := sockets.Open(a.Family(), sock.Stream)
	if err != nil {
		if sock.OutOfDescriptors(err) {
			return 0, fmt.Errorf("socket for %v: %w", a, err)
		}
		b.skip(a, err)
		return sock.Invalid, nil
	}
	if err := b.prepare(fd, a); err != nil {
		_ = sockets.Close(fd)
		return 0, err
	}
	err = sockets.Bind(fd, a)
	if err == nil {
		return fd, nil
	}
	_ = sockets.Close(fd)
	if errors.Is(err, errAddrNotAvailable) {
		b.skip(a, err)
		return sock.Invalid, nil
	}
	return 0, fmt.Errorf("error while attempting to bind on address %v: %w", a, err)
}

func (b *binder) skip(a sock.Addr, err error) {
	b.skipped = append(b.skipped, a)
	if b.loop.debug.Load() {
		b.loop.logger().Warn(fmt.Sprintf("%s: no socket for %v: %v", b.op, a, err))
	}
}

// prepare sets the options of a socket that is to be bound.
func (b *binder) prepare(fd uintptr, a sock.Addr) error {
	sockets := b.loop.eng.Sockets()
	if !b.options.NoReuseAddress && reuseAddressByDefault {
		if err := sockets.SetOption(fd, engine.ReuseAddr, 1); err != nil {
			return fmt.Errorf("reuse_address for %v: %w", a, err)
		}
	}
	if b.options.ReusePort {
		if err := sockets.SetOption(fd, engine.ReusePort, 1); err != nil {
			return fmt.Errorf("%w: reuse_port is not supported by this system: %w", ErrInvalidArgument, err)
		}
	}
	if b.options.KeepAlive {
		// Most systems give it to what is accepted, too.
		if err := sockets.SetOption(fd, engine.KeepAlive, 1); err != nil {
			return fmt.Errorf("keep_alive for %v: %w", a, err)
		}
	}
	if a.Family() == sock.Inet6 {
		// IPv4 has a socket of its own, on every system alike.
		if err := sockets.SetOption(fd, engine.IPv6Only, 1); err != nil {
			return fmt.Errorf("IPv6 only for %v: %w", a, err)
		}
	}
	return nil
}
