package asyncio

import (
	"context"

	"github.com/go-asyncio/asyncio/internal/engine"
)

// What the options of connections and servers say of TLS.

// tlsOptions are the options that concern TLS.
func (o *ConnectionOptions) tlsOptions() tlsOptions {
	return tlsOptions{o.TLS, o.TLSHandshakeTimeout, o.TLSShutdownTimeout, o.TLSStrictEnd, o.TLSExecutor}
}

// tls is how the connection's client side speaks TLS with a host, nil if it does not.
func (o *ConnectionOptions) tls(host string) *tlsSetup {
	return o.tlsOptions().client(host, o.ServerName)
}

// checkAccepted is check for the side of a server.
func (o *ConnectionOptions) checkAccepted(op string) error {
	if o.TLS != nil && o.ServerName != nil {
		return invalid(op, "a server name is only meaningful for the side of a client")
	}
	with := *o
	with.ServerName = nil
	if o.TLS != nil {
		with.ServerName = new(string) // a server's side checks no name
	}
	if err := with.check(op, "", ""); err != nil {
		return err
	}
	return o.tlsOptions().checkServer(op)
}

// acceptedTLS is how the side of a server speaks TLS, nil if it does not.
func (o *ConnectionOptions) acceptedTLS() *tlsSetup { return o.tlsOptions().server() }

// tlsOptions are the options that concern TLS.
func (o *ServerOptions) tlsOptions() tlsOptions {
	return tlsOptions{o.TLS, o.TLSHandshakeTimeout, o.TLSShutdownTimeout, o.TLSStrictEnd, o.TLSExecutor}
}

// layered makes the protocol of a client's socket of the user's protocol: that of TLS, or
// the same.
func (o *ServerOptions) layered(l *baseLoop) func(Protocol) Protocol {
	setup := o.tlsOptions().server()
	if setup == nil {
		return func(p Protocol) Protocol { return p }
	}
	return func(p Protocol) Protocol { return (*tlsProtocol)(newTLS(l, p, setup, nil)) }
}

// meetTLS is meet for a connection with TLS: protocol and transport have met when the
// handshake is done.
func (l *baseLoop) meetTLS(ctx context.Context, op string, fd uintptr, factory func() Protocol, setup *tlsSetup,
	open func(p Protocol, done engine.Completer) (*streamTransport, error),
) (connection, error) {
	t, p, err := meet(ctx, l, op, factory, meeting[*tlsTransport, Protocol]{
		fd: fd,
		transport: func(p Protocol, met func(error)) (*tlsTransport, error) {
			t := newTLS(l, p, setup, met)
			below, err := open((*tlsProtocol)(t), nil)
			if err == nil {
				t.below = below.under()
			}
			return t, err
		},
		abort: (*tlsTransport).giveUp,
	})
	if err != nil {
		return connection{}, err
	}
	return connection{t, p}, nil
}

// giveUp aborts a transport that nobody will have, unless the handshake has failed and what
// it has to say to the peer is on its way.
func (t *tlsTransport) giveUp() {
	if t.failure == nil {
		t.abort(nil)
	}
}
