package asyncio

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/netaddr"
	"github.com/go-asyncio/asyncio/internal/sock"
)

// inLoop runs f in a coroutine of the loop: the caller's own if it is one, else
// a new one that the calling goroutine blocks for. If the caller's ctx is done
// first the coroutine is cancelled and not waited for; a result that comes all
// the same goes to discard.
func inLoop[T any](ctx context.Context, l *baseLoop, op string, f func(context.Context) (T, error), discard func(T)) (T, error) {
	var zero T
	if s := currentStrand(); s != nil {
		switch {
		case s.loop != l:
			return zero, opError(op, ErrWrongLoop)
		case s.task == nil:
			return zero, opError(op, ErrAwaitInCallback)
		}
		return f(ctx)
	}
	var decided atomic.Bool // by whoever comes first: the result, or the caller who leaves
	fut := RunCoroutineThreadsafe(l.self, func(ctx context.Context) (T, error) {
		v, err := f(ctx)
		if err == nil && !decided.CompareAndSwap(false, true) {
			if discard != nil {
				discard(v)
			}
			return zero, opError(op, ErrCancelled)
		}
		return v, err
	})
	v, err := fut.Await(ctx)
	if err == nil || fut.Done() {
		return v, err
	}
	if decided.CompareAndSwap(false, true) {
		fut.Cancel()
		return zero, err
	}
	return fut.Await(context.WithoutCancel(ctx))
}

// connection is what the calls of this file return, in one piece.
type connection struct {
	transport *streamTransport
	protocol  Protocol
}

func (c connection) discard() { c.transport.close() }

func (c connection) results(err error) (Transport, Protocol, error) {
	if err != nil {
		return nil, nil, err
	}
	return c.transport, c.protocol, nil
}

// CreateConnection connects to address, a "host:port" of network "tcp", "tcp4"
// or "tcp6", and returns the transport and the protocol that factory made,
// whose ConnectionMade has been called. Names are looked up off the loop, and
// all addresses of the host are tried, in turn or overlapping, as opts says; nil
// is the default. If all fail for different reasons, errors.Is finds each.
// ErrInvalidArgument for options that contradict each other. It suspends or
// blocks: any goroutine may call it. (loop.create_connection)
func (l *baseLoop) CreateConnection(ctx context.Context, factory func() Protocol, network, address string, opts *ConnectionOptions) (Transport, Protocol, error) {
	const op = "CreateConnection"
	o := orDefault(opts)
	if err := o.check(op, address); err != nil {
		return nil, nil, err
	}
	given := o.Sock != 0 || o.Conn != nil
	var target netaddr.Target
	switch {
	case factory == nil:
		return nil, nil, invalid(op, "the factory is nil")
	case given && address != "":
		return nil, nil, invalid(op, "an address and a socket can not be specified at the same time")
	case !given && address == "":
		return nil, nil, invalid(op, "neither an address nor a socket was specified")
	case !given:
		var err error
		if target, err = parseTCP(op, network, address); err != nil {
			return nil, nil, err
		}
	}
	c, err := inLoop(ctx, l, op, func(ctx context.Context) (connection, error) {
		var fd uintptr
		var err error
		if given {
			fd, err = l.givenSocket(op, o.Sock, o.Conn)
		} else {
			fd, err = l.dial(ctx, op, target, o)
		}
		if err != nil {
			return connection{}, err
		}
		return l.connected(ctx, op, fd, factory)
	}, connection.discard)
	return c.results(err)
}

// ConnectAcceptedSocket takes over a connection that was accepted elsewhere, a
// stream socket's descriptor or, with fd 0, opts.Conn, and returns as
// CreateConnection does. It suspends or blocks: any goroutine may call it.
// (loop.connect_accepted_socket)
func (l *baseLoop) ConnectAcceptedSocket(ctx context.Context, factory func() Protocol, fd uintptr, opts *ConnectionOptions) (Transport, Protocol, error) {
	const op = "ConnectAcceptedSocket"
	o := orDefault(opts)
	if fd != 0 {
		o.Sock = fd
	}
	if o.TLS != nil && o.ServerName == nil {
		o.ServerName = new(string) // a server's side checks no name
	}
	switch err := o.check(op, ""); {
	case err != nil:
		return nil, nil, err
	case factory == nil:
		return nil, nil, invalid(op, "the factory is nil")
	case o.Sock == 0 && o.Conn == nil:
		return nil, nil, invalid(op, "no socket was specified")
	}
	c, err := inLoop(ctx, l, op, func(ctx context.Context) (connection, error) {
		fd, err := l.givenSocket(op, o.Sock, o.Conn)
		if err != nil {
			return connection{}, err
		}
		return l.connected(ctx, op, fd, factory)
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

// givenSocket makes a socket of the user's ours. What is duplicated here is
// closed if it is of the wrong kind; what was given as a descriptor is not.
func (l *baseLoop) givenSocket(op string, fd uintptr, c io.Closer) (uintptr, error) {
	sockets := l.eng.Sockets()
	duplicate := fd == 0
	if duplicate {
		var err error
		if fd, err = sock.FromConn(c); err != nil {
			return 0, opError(op, fmt.Errorf("%T: %w", c, err))
		}
	}
	typ, err := sockets.Adopt(fd)
	switch {
	case err != nil:
		err = fmt.Errorf("asyncio: %s: %w: a stream socket was expected, got descriptor %d: %w", op, ErrInvalidArgument, fd, err)
	case typ != sock.Stream:
		err = invalid(op, "a stream socket was expected, got a %v socket", typ)
	default:
		return fd, nil
	}
	if duplicate {
		err = errors.Join(err, sockets.Close(fd))
	}
	return 0, err
}

// connected makes protocol and transport of a connected socket and waits until
// they have met. The socket is closed if that fails.
func (l *baseLoop) connected(ctx context.Context, op string, fd uintptr, factory func() Protocol) (connection, error) {
	p, err := makeProtocol(l, factory)
	var t *streamTransport
	made := NewFuture[struct{}](l.self)
	if err == nil {
		t, err = newStreamTransport(l, fd, p, nil, sock.Addr{}, callback(func() {
			_ = made.SetResult(struct{}{}) // unless who waits was cancelled
		}))
	}
	if err != nil {
		return connection{}, opError(op, errors.Join(err, l.eng.Sockets().Close(fd)))
	}
	if _, err := made.Await(ctx); err != nil {
		t.close()
		return connection{}, opError(op, err)
	}
	return connection{t, p}, nil
}

// dial finds the addresses of a target and returns a socket that is connected
// to one of them.
func (l *baseLoop) dial(ctx context.Context, op string, target netaddr.Target, o ConnectionOptions) (uintptr, error) {
	addrs, err := l.resolve(ctx, op, target)
	if err != nil {
		return 0, err
	}
	var locals []sock.Addr
	if o.LocalAddress != "" {
		local, err := parseTCP(op, target.Network, o.LocalAddress)
		if err != nil {
			return 0, err
		}
		if locals, err = l.resolve(ctx, op, local); err != nil {
			return 0, err
		}
	}
	addrs = netaddr.Interleave(addrs, netaddr.InterleaveCount(o.Interleave, o.HappyEyeballsDelay))
	attempts := make([]func(context.Context) (uintptr, error), len(addrs))
	for i, a := range addrs {
		attempts[i] = func(ctx context.Context) (uintptr, error) {
			return l.connectTo(ctx, netaddr.Local(a), locals, o.LocalAddress != "")
		}
	}
	r := race[uintptr]{
		loop:     l,
		delay:    o.HappyEyeballsDelay,
		attempts: attempts,
		goOn:     isSystemError,
		discard:  func(fd uintptr) { _ = l.eng.Sockets().Close(fd) },
	}
	fd, winner, errs, err := r.run(ctx)
	switch {
	case err != nil:
		return 0, opError(op, err)
	case winner < 0:
		return 0, opError(op, combine(errs))
	}
	return fd, nil
}

// connectTo makes one attempt.
func (l *baseLoop) connectTo(ctx context.Context, addr sock.Addr, locals []sock.Addr, bound bool) (uintptr, error) {
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
	if bound {
		if err := bindLocal(sockets, fd, addr.Family(), locals); err != nil {
			return 0, err
		}
	}
	done := NewFuture[struct{}](l.self)
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

func (e *connectError) Error() string { return fmt.Sprintf("connect to %v: %v", e.addr, e.err) }
func (e *connectError) Unwrap() error { return e.err }

// noLocalAddress: none of the local addresses is of the peer's family. It is
// the error that bind would give.
type noLocalAddress struct{ family sock.Family }

func (e *noLocalAddress) Error() string {
	return fmt.Sprintf("no matching local address with family %v found", e.family)
}
func (e *noLocalAddress) Unwrap() error { return errAddrNotAvailable }

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

// combine makes one error of those of all attempts.
func combine(errs []error) error {
	for _, err := range errs[1:] {
		if err.Error() != errs[0].Error() {
			return multipleErrors(errs)
		}
	}
	return errs[0]
}

// multipleErrors are the different reasons why all of several things failed.
type multipleErrors []error

func (m multipleErrors) Error() string {
	texts := make([]string, len(m))
	for i, err := range m {
		texts[i] = err.Error()
	}
	return "Multiple exceptions: " + strings.Join(texts, ", ")
}

func (m multipleErrors) Unwrap() []error { return m }
