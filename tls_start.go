package asyncio

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
)

// StartTLS implements TLSStarter.
func (l *baseLoop) StartTLS(ctx context.Context, transport Transport, protocol Protocol, config *tls.Config, opts *StartTLSOptions) (Transport, error) {
	const op = "StartTLS"
	o := orDefault(opts)
	below, setup, err := l.checkStartTLS(op, transport, protocol, config, o)
	if err != nil {
		return nil, err
	}
	c, err := inLoop(ctx, l, op, func(ctx context.Context) (connection, error) {
		t, err := l.upgrade(ctx, op, below, protocol, setup, o.Received)
		return connection{t, protocol}, err
	}, connection.discard)
	if err != nil {
		return nil, err
	}
	return c.transport, nil
}

// checkStartTLS checks what StartTLS is called with.
func (l *baseLoop) checkStartTLS(op string, transport Transport, protocol Protocol, config *tls.Config, o StartTLSOptions) (underTLS, *tlsSetup, error) {
	below, owner, err := tlsCanStand(op, transport)
	switch {
	case err != nil:
	case owner != l:
		err = wrongLoop(op)
	case protocol == nil:
		err = invalid(op, "the protocol is nil")
	case config == nil:
		err = invalid(op, "the TLS configuration is nil: give a *tls.Config")
	case o.ServerSide && o.ServerName != nil:
		err = invalid(op, "a server name is only meaningful for the side of a client")
	case !o.ServerSide && o.ServerName == nil && config.ServerName == "" && !config.InsecureSkipVerify:
		err = invalid(op, "you must set the server name: in the options, or in the configuration")
	}
	if err != nil {
		return nil, nil, err
	}
	with := tlsOptions{config, o.HandshakeTimeout, o.ShutdownTimeout, o.StrictEnd, o.Executor}
	if o.ServerSide {
		return below, with.server(), with.checkServer(op)
	}
	if err := with.check(op); err != nil {
		return nil, nil, err
	}
	return below, with.client("", o.ServerName), nil
}

// tlsCanStand returns a transport as what TLS stands on, and whose it is.
func tlsCanStand(op string, transport Transport) (underTLS, *baseLoop, error) {
	switch t := transport.(type) {
	case nil:
		return nil, nil, invalid(op, "the transport is nil")
	case *streamTransport:
		if !t.core.IsReadPipe() && !t.core.IsWritePipe() {
			return t.under(), t.loop, nil
		}
	case *tlsTransport:
		return (*tlsUnder)(t), t.loop, nil
	}
	return nil, nil, invalid(op, "TLS is not supported over transport %v (%T): it must be a connection that a loop has made", transport, transport)
}

// upgrade has TLS begin upon what is below, with what was received of it already, and waits
// for the end of the handshake.
func (l *baseLoop) upgrade(ctx context.Context, op string, below underTLS, p Protocol, setup *tlsSetup, received func() []byte) (*tlsTransport, error) {
	if below.Closing() {
		return nil, opError(op, fmt.Errorf("%w: the transport is closing", net.ErrClosed))
	}
	if below.taken() {
		return nil, invalid(op, "%v has TLS upon it already: give the transport that is on top", below)
	}
	if err := contextError(ctx); err != nil {
		return nil, opError(op, err)
	}
	met := newFuture[struct{}](l)
	t := newTLS(l, p, setup, func(err error) { // unless who waits was cancelled
		if err != nil {
			_ = met.SetException(err)
			return
		}
		_ = met.SetResult(struct{}{})
	})
	t.made = true
	returned := false
	defer func() { // also when the coroutine is unwound
		if !returned {
			t.giveUp()
		}
	}()
	below.PauseReading()
	t.begin(below)
	below.SetProtocol((*tlsProtocol)(t))
	if received != nil {
		t.layer.Feed(received())
	}
	if !t.layer.Holds() {
		below.ResumeReading()
	}
	if _, err := met.Await(ctx); err != nil {
		return nil, opError(op, err)
	}
	// What has come is delivered only when the caller has the transport, so that its protocol
	// can answer over it and not in clear.
	t.layer.Open()
	l.schedule(callback(t.deliver), 0)
	returned = true
	return t, nil
}
