package asyncio

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/listen"
	"github.com/go-asyncio/asyncio/internal/netaddr"
	"github.com/go-asyncio/asyncio/internal/sock"
)

// connection is what the calls of this file return, in one piece.
type connection struct {
	transport Transport
	protocol  Protocol
}

// discard ends a connection that nobody will have. Its protocol hears of it.
func (c connection) discard() { c.transport.Abort() }

// results are what the calls of this file return.
func (c connection) results(err error) (Transport, Protocol, error) {
	if err != nil {
		return nil, nil, err
	}
	return c.transport, c.protocol, nil
}

// CreateConnection implements Networker.
func (l *baseLoop) CreateConnection(ctx context.Context, factory func() Protocol, network, address string, opts *ConnectionOptions) (Transport, Protocol, error) {
	return l.createConnection(ctx, "CreateConnection", factory, network, address, opts)
}

// createConnection makes a connection of any network.
func (l *baseLoop) createConnection(ctx context.Context, op string, factory func() Protocol, network, address string, opts *ConnectionOptions) (Transport, Protocol, error) {
	o := orDefault(opts)
	g, refused := l.take(op, o.Sock)
	defer g.release()
	isGiven := o.Sock != 0 || o.Conn != nil
	target, err := o.target(op, factory, network, address)
	if err == nil {
		err = refused
	}
	if err != nil {
		return nil, nil, err
	}
	secure := o.tls(hostOf(address))
	c, err := inLoop(ctx, l, op, func(ctx context.Context) (connection, error) {
		var fd uintptr
		var peer sock.Addr
		var err error
		if isGiven {
			fd, err = l.socketOf(op, network, g, o.Conn)
		} else {
			fd, peer, err = l.dial(ctx, op, target, o)
		}
		if err != nil {
			return connection{}, err
		}
		return l.connected(ctx, op, fd, peer, factory, secure)
	}, connection.discard)
	return c.results(err)
}

// target checks what CreateConnection is called with, and takes the address, if
// there is one, apart.
func (o *ConnectionOptions) target(op string, factory func() Protocol, network, address string) (netaddr.Target, error) {
	if err := o.check(op, network, address); err != nil {
		return netaddr.Target{}, err
	}
	if err := o.tlsOptions().check(op); err != nil {
		return netaddr.Target{}, err
	}
	isGiven := o.Sock != 0 || o.Conn != nil
	if err := checkGiven(op, factory, network, isGiven, address != ""); err != nil || isGiven {
		return netaddr.Target{}, err
	}
	return parseStream(op, network, address)
}

// ConnectAcceptedSocket implements Networker.
func (l *baseLoop) ConnectAcceptedSocket(ctx context.Context, factory func() Protocol, fd uintptr, opts *ConnectionOptions) (Transport, Protocol, error) {
	const op = "ConnectAcceptedSocket"
	o := orDefault(opts)
	if fd != 0 {
		o.Sock = fd
	}
	g, refused := l.take(op, o.Sock)
	defer g.release()
	switch err := o.checkAccepted(op); {
	case err != nil:
		return nil, nil, err
	case factory == nil:
		return nil, nil, invalid(op, "the factory is nil")
	case o.Sock == 0 && o.Conn == nil:
		return nil, nil, invalid(op, "no socket was specified")
	case refused != nil:
		return nil, nil, refused
	}
	secure := o.acceptedTLS()
	c, err := inLoop(ctx, l, op, func(ctx context.Context) (connection, error) {
		fd, err := l.socketOf(op, "", g, o.Conn)
		if err != nil {
			return connection{}, err
		}
		return l.connected(ctx, op, fd, sock.Addr{}, factory, secure)
	}, connection.discard)
	return c.results(err)
}

// orDefault copies options, so that what the caller does with them later does
// not matter.
func orDefault[T any](opts *T) T {
	if opts == nil {
		return *new(T)
	}
	return *opts
}

// connected makes protocol and transport of a connected socket, as meet does, with TLS if
// secure is not nil. peer is what was connected to, or the zero Addr if nobody knows: a peer
// that has gone the system does not know any more.
func (l *baseLoop) connected(ctx context.Context, op string, fd uintptr, peer sock.Addr, factory func() Protocol, secure *tlsSetup) (connection, error) {
	open := func(p Protocol, done engine.Completer) (*streamTransport, error) {
		t, err := newStreamTransport(l, fd, p, nil, sock.Addr{}, done)
		if err == nil && !t.ends.Remote().IsValid() {
			t.ends.SetRemote(peer)
		}
		return t, err
	}
	if secure != nil {
		return l.meetTLS(ctx, op, fd, factory, secure, open)
	}
	t, p, err := meet(ctx, l, op, factory, meeting[*streamTransport, Protocol]{
		fd:        fd,
		transport: func(p Protocol, met func(error)) (*streamTransport, error) { return open(p, whenMet(met)) },
		abort:     func(t *streamTransport) { t.core.Abort(nil) },
	})
	if err != nil {
		return connection{}, err
	}
	return connection{t, p}, nil
}

// dial finds the addresses of a target and returns a socket that is connected
// to one of them, and to which.
func (l *baseLoop) dial(ctx context.Context, op string, target netaddr.Target, o ConnectionOptions) (uintptr, sock.Addr, error) {
	if target.Family == sock.Unix {
		return l.dialUnix(ctx, op, target, o)
	}
	addrs, err := l.resolve(ctx, op, target)
	if err != nil {
		return 0, sock.Addr{}, err
	}
	local, err := l.localEnd(ctx, op, target.Network, o.LocalAddress)
	if err != nil {
		return 0, sock.Addr{}, err
	}
	addrs = netaddr.Interleave(addrs, netaddr.InterleaveCount(o.Interleave, o.HappyEyeballsDelay))
	attempts := make([]func(context.Context) (uintptr, error), len(addrs))
	for i, a := range addrs {
		attempts[i] = func(ctx context.Context) (uintptr, error) {
			return l.connectTo(ctx, netaddr.Local(a), local)
		}
	}
	r := staggered[uintptr]{
		loop:      l,
		delay:     o.HappyEyeballsDelay,
		attempts:  attempts,
		retryable: isSystemError,
		drop:      func(fd uintptr) { _ = l.eng.Sockets().Close(fd) },
	}
	fd, winner, errs, err := r.run(ctx)
	switch {
	case err != nil:
		return 0, sock.Addr{}, opError(op, err)
	case winner < 0:
		return 0, sock.Addr{}, opError(op, combine(op, errs, o.AllErrors))
	}
	return fd, netaddr.Local(addrs[winner]), nil
}

// localEnd is where connections are to come from.
type localEnd struct {
	asked bool // somebody cares
	addrs []sock.Addr
}

// localEnd finds the addresses to connect from, if the user has asked for one.
func (l *baseLoop) localEnd(ctx context.Context, op, network, address string) (localEnd, error) {
	if address == "" {
		return localEnd{}, nil
	}
	target, err := parseTCP(op, network, address)
	if err != nil {
		return localEnd{}, err
	}
	addrs, err := l.resolve(ctx, op, target)
	return localEnd{true, addrs}, err
}

// selfConnectTries is how often a socket that was connected to itself is given
// back for another one.
const selfConnectTries = 3

// errConnectedToItself is what a connection of a socket to itself is told as: nobody
// else was there. It can come about when a port on this machine, on which nobody
// listens, is one that the system gives to sockets to connect from.
var errConnectedToItself = fmt.Errorf("the system gave the socket the address that it was to connect to: %w", errConnRefused)

// connectTo makes one attempt.
func (l *baseLoop) connectTo(ctx context.Context, addr sock.Addr, local localEnd) (uintptr, error) {
	for try := 1; ; try++ {
		fd, err := l.connectOnce(ctx, addr, local)
		if err != nil || !l.connectedToItself(fd, addr, local) {
			return fd, err
		}
		_ = l.eng.Sockets().Close(fd)
		if try == selfConnectTries {
			return 0, &connectError{addr, errConnectedToItself}
		}
	}
}

// connectedToItself reports whether the socket has the address that it was to connect
// to, and not because its user asked for that.
func (l *baseLoop) connectedToItself(fd uintptr, addr sock.Addr, local localEnd) bool {
	for _, a := range local.addrs {
		if a.Port() != 0 {
			return false
		}
	}
	own, err := l.eng.Sockets().LocalAddr(fd)
	return err == nil && own == addr
}

// connectOnce makes a socket and connects it. The socket is closed unless it returns it.
func (l *baseLoop) connectOnce(ctx context.Context, addr sock.Addr, local localEnd) (uintptr, error) {
	sockets := l.eng.Sockets()
	fd, err := sockets.Open(addr.Family(), sock.Stream)
	if err != nil {
		return 0, fmt.Errorf("socket for %v: %w", addr, err)
	}
	ok := false
	defer func() { // also when the coroutine is unwound
		if !ok {
			_ = sockets.Close(fd)
		}
	}()
	if local.asked {
		if err := bindLocal(sockets, fd, addr.Family(), local.addrs); err != nil {
			return 0, err
		}
	}
	done := newFuture[struct{}](l)
	cancel, err := l.eng.Connect(fd, addr, func(err error) {
		if err != nil {
			_ = done.SetException(&connectError{addr, err})
			return
		}
		_ = done.SetResult(struct{}{})
	})
	if err != nil {
		return 0, &connectError{addr, err}
	}
	defer func() {
		if !ok {
			cancel()
		}
	}()
	if _, err = done.Await(ctx); err != nil {
		return 0, err
	}
	ok = true
	return fd, nil
}

// connectError says which address did not answer.
type connectError struct {
	addr sock.Addr
	err  error
}

// Error describes the error.
func (e *connectError) Error() string { return fmt.Sprintf("connect to %v: %v", e.addr, e.err) }

// Unwrap returns the reason.
func (e *connectError) Unwrap() error { return e.err }

// noLocalAddress: none of the local addresses is of the peer's family. It is
// the error that bind would give.
type noLocalAddress struct{ family sock.Family }

// Error describes the error.
func (e *noLocalAddress) Error() string {
	return fmt.Sprintf("no matching local address with family %v found", e.family)
}

// Unwrap returns the error that bind would give.
func (e *noLocalAddress) Unwrap() error { return listen.AddrNotAvailable }

// bindLocal binds to the first local address of the family that can be had.
func bindLocal(sockets engine.Sockets, fd uintptr, family sock.Family, locals []sock.Addr) error {
	var last error = &noLocalAddress{family}
	for _, a := range locals {
		if a.Family() != family {
			continue
		}
		err := sockets.Bind(fd, a)
		if err == nil {
			return nil
		}
		last = fmt.Errorf("error while attempting to bind on address %v: %w", a, err)
	}
	return last
}

// combine makes one error of those of all attempts: each of them if all are asked
// for. Attempts that somebody else has cancelled have none.
func combine(op string, errs []error, all bool) error {
	errs = slices.DeleteFunc(errs, func(err error) bool { return asCancelled(err) != nil })
	if all {
		return &GroupError{op + " failed", errs}
	}
	if len(errs) == 0 {
		return fmt.Errorf("every attempt to connect was cancelled: %w", ErrTimeout)
	}
	for _, err := range errs[1:] {
		if err.Error() != errs[0].Error() {
			return multipleErrors(errs)
		}
	}
	return errs[0]
}

// multipleErrors are the different reasons why all of several things failed.
type multipleErrors []error

// Error lists the reasons.
func (m multipleErrors) Error() string {
	texts := make([]string, len(m))
	for i, err := range m {
		texts[i] = err.Error()
	}
	return "Multiple exceptions: " + strings.Join(texts, ", ")
}

// Unwrap returns the reasons.
func (m multipleErrors) Unwrap() []error { return m }
