package asyncio

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/listen"
	"github.com/go-asyncio/asyncio/internal/netaddr"
	"github.com/go-asyncio/asyncio/internal/sock"
)

// endpoint is what CreateDatagramEndpoint returns, in one piece.
type endpoint struct {
	transport *datagramTransport
	protocol  DatagramProtocol
}

// discard ends an endpoint that nobody will have. Its protocol hears of it.
func (e endpoint) discard() { e.transport.core.Abort(nil) }

// CreateDatagramEndpoint implements DatagramNetworker.
func (l *baseLoop) CreateDatagramEndpoint(ctx context.Context, factory func() DatagramProtocol, opts *DatagramOptions) (DatagramTransport, DatagramProtocol, error) {
	const op = "CreateDatagramEndpoint"
	o := orDefault(opts)
	g, refused := l.takeOne(op, aDatagram, o.Sock)
	defer g.release()
	ends, err := o.ends(op, factory)
	if err == nil {
		err = refused
	}
	if err != nil {
		return nil, nil, err
	}
	e, err := inLoop(ctx, l, op, func(ctx context.Context) (endpoint, error) {
		s := datagramSocket{typ: sock.Datagram}
		var err error
		if o.isGiven() {
			s.fd, s.typ, err = l.oneOf(op, aDatagram, g, o.Conn)
		} else {
			s, err = l.openDatagram(ctx, op, ends, &o)
		}
		if err != nil {
			return endpoint{}, err
		}
		return l.endpoint(ctx, op, s, &o, factory)
	}, endpoint.discard)
	if err != nil {
		return nil, nil, err
	}
	return e.transport, e.protocol, nil
}

// endpoint makes protocol and transport of a socket, as meet does.
func (l *baseLoop) endpoint(ctx context.Context, op string, s datagramSocket, o *DatagramOptions, factory func() DatagramProtocol) (endpoint, error) {
	t, p, err := meet(ctx, l, op, factory, meeting[*datagramTransport, DatagramProtocol]{
		fd: s.fd,
		transport: func(p DatagramProtocol, met func(error)) (*datagramTransport, error) {
			return newDatagramTransport(l, s, o, p, whenMet(met))
		},
		abort: func(t *datagramTransport) { t.core.Abort(nil) },
	})
	if err != nil {
		return endpoint{}, err
	}
	return endpoint{t, p}, nil
}

// datagramPair is the addresses of one attempt; the zero Addr is none.
type datagramPair struct {
	family        sock.Family
	local, remote sock.Addr
}

// openDatagram makes the socket of the first pair of addresses that will do.
func (l *baseLoop) openDatagram(ctx context.Context, op string, ends datagramEnds, o *DatagramOptions) (datagramSocket, error) {
	pairs, err := l.datagramPairs(ctx, op, ends)
	if err != nil {
		return datagramSocket{}, err
	}
	var errs []error
	for _, pair := range pairs {
		fd, err := l.openPair(pair, ends, o)
		switch {
		case err == nil:
			s := datagramSocket{fd: fd, typ: sock.Datagram, only: pair.remote}
			if !o.AllowBroadcast {
				s.remote = pair.remote
			}
			return s, nil
		case !isSystemError(err):
			return datagramSocket{}, opError(op, err)
		}
		errs = append(errs, err)
	}
	return datagramSocket{}, opError(op, combine(op, errs, false))
}

// datagramPairs finds the addresses of both ends, and joins those of one family.
func (l *baseLoop) datagramPairs(ctx context.Context, op string, ends datagramEnds) ([]datagramPair, error) {
	if ends.local == nil && ends.remote == nil {
		return []datagramPair{{family: ends.family}}, nil
	}
	locals, err := l.datagramAddrs(ctx, op, ends.local)
	if err != nil {
		return nil, err
	}
	remotes, err := l.datagramAddrs(ctx, op, ends.remote)
	if err != nil {
		return nil, err
	}
	for i, a := range remotes {
		remotes[i] = netaddr.Local(a)
	}
	var pairs []datagramPair
	for _, local := range locals {
		for _, remote := range remotes {
			family := local.Family()
			if family == 0 {
				family = remote.Family()
			}
			if remote.IsValid() && remote.Family() != family || ends.family != 0 && ends.family != family {
				continue
			}
			pairs = append(pairs, datagramPair{family, local, remote})
		}
	}
	if len(pairs) == 0 {
		return nil, invalid(op, "can not get address information: there are no addresses of one family among %v and %v", locals, remotes)
	}
	return pairs, nil
}

// datagramAddrs finds the addresses of one end; the zero Addr if there is no such end.
func (l *baseLoop) datagramAddrs(ctx context.Context, op string, target *netaddr.Target) ([]sock.Addr, error) {
	switch {
	case target == nil:
		return []sock.Addr{{}}, nil
	case target.Family == sock.Unix:
		a, err := sock.UnixAddr(target.Path)
		return []sock.Addr{a}, err
	}
	addrs, err := l.resolve(ctx, op, *target)
	return netaddr.Dedup(addrs), err
}

// openPair makes a socket with the addresses of a pair. It is closed unless it is
// returned.
func (l *baseLoop) openPair(pair datagramPair, ends datagramEnds, o *DatagramOptions) (uintptr, error) {
	sockets := l.eng.Sockets()
	fd, err := sockets.Open(pair.family, sock.Datagram)
	if err != nil {
		return 0, fmt.Errorf("socket of family %v: %w", pair.family, err)
	}
	ok := false
	defer func() {
		if !ok {
			_ = sockets.Close(fd)
		}
	}()
	if err := prepareDatagram(sockets, fd, pair, ends, o); err != nil {
		return 0, err
	}
	if err := bindDatagram(sockets, fd, pair, o); err != nil {
		return 0, err
	}
	for _, g := range ends.groups {
		if err := sockets.JoinGroup(fd, g.addr, g.iface); err != nil {
			return 0, fmt.Errorf("join of group %v: %w", g.addr.AddrPort().Addr(), err)
		}
	}
	if pair.remote.IsValid() && !o.AllowBroadcast {
		if err := sockets.Connect(fd, pair.remote); err != nil {
			return 0, &connectError{pair.remote, err}
		}
	}
	ok = true
	return fd, nil
}

// bindDatagram gives a socket its own address.
func bindDatagram(sockets engine.Sockets, fd uintptr, pair datagramPair, o *DatagramOptions) error {
	local := pair.local
	if !local.IsValid() {
		if !mustBind || pair.family == sock.Unix || pair.remote.IsValid() && !o.AllowBroadcast {
			return nil
		}
		local = netaddr.Wildcard(pair.family)
	}
	var err error
	if pair.family == sock.Unix {
		_, err = sockets.BindFile(fd, local) // its file stays, as everywhere but for servers
	} else {
		err = sockets.Bind(fd, local)
	}
	if err != nil {
		return fmt.Errorf("error while attempting to bind on address %v: %w", local, err)
	}
	return nil
}

// prepareDatagram sets the options of a socket that has no address yet.
func prepareDatagram(sockets engine.Sockets, fd uintptr, pair datagramPair, ends datagramEnds, o *DatagramOptions) error {
	if pair.family == sock.Inet6 {
		err := sockets.SetOption(fd, engine.IPv6Only, switched(ends.family == sock.Inet6))
		if err != nil && ends.everywhere() {
			return fmt.Errorf("one socket for both address families: %w", err) // IPv4 alone is left
		}
	}
	for _, option := range []struct {
		opt   engine.Option
		value int
		set   bool
		name  string
	}{
		{engine.Broadcast, 1, o.AllowBroadcast, "AllowBroadcast"},
		{engine.MulticastTTL, o.MulticastTTL, o.MulticastTTL != 0, "MulticastTTL"},
		{engine.MulticastLoop, 0, o.NoMulticastLoop, "NoMulticastLoop"},
		{engine.MulticastInterface, ends.out, ends.out != 0, "MulticastInterface"},
		{engine.UDPSegment, o.Segment, o.Segment != 0, "Segment"},
		{engine.UDPGRO, 1, o.Coalesce, "Coalesce"},
	} {
		if !option.set {
			continue
		}
		if err := sockets.SetOption(fd, option.opt, option.value); err != nil {
			return optionError(option.name, err)
		}
	}
	if o.ReusePort {
		if err := sockets.SetOption(fd, engine.ReusePort, 1); err != nil {
			return fmt.Errorf("%w: %w", ErrInvalidArgument, &listen.ReusePortError{Err: err})
		}
	}
	return nil
}

// switched is the value of a switch.
func switched(on bool) int {
	if on {
		return 1
	}
	return 0
}

// optionError says which option could not be set.
func optionError(name string, err error) error {
	if errors.Is(err, errors.ErrUnsupported) {
		return fmt.Errorf("DatagramOptions.%s on %s: %w: leave it out", name, runtime.GOOS, errors.ErrUnsupported)
	}
	return fmt.Errorf("DatagramOptions.%s: %w", name, err)
}
