package asyncio

import (
	"context"
	"crypto/tls"
	"time"
)

// TLSStarter is the part of a loop that has TLS begin in the middle of a connection.
type TLSStarter interface {
	// StartTLS upgrades a connection of the loop's to TLS, and returns the transport that is
	// to be used from then on in place of the old one, when the handshake is done. What was
	// written before goes first, in clear. protocol is who gets what comes; it is not told of
	// a connection again (ConnectionMade), gets what comes only when StartTLS has returned to a coroutine, and hears of its end (ConnectionLost), also if there
	// is no handshake: with an error the connection is closed. Over a transport that StartTLS has
	// returned it makes TLS in TLS.
	//
	// What the protocol has received of what the peer has sent behind the upgrade is handed
	// over by opts (Received); or reading is paused before the peer is told to begin.
	// (StreamWriter.StartTLS hands over what its reader holds.) What is not TLS ends the
	// handshake, so that nobody can put clear text in.
	//
	// ErrInvalidArgument for a transport that TLS cannot stand on, or that is another loop's,
	// and for options that contradict each other; net.ErrClosed for a transport that is
	// closing; ErrTimeout, which is the system's "connection aborted", too, if the handshake takes too
	// long; else what crypto/tls says. Who is cancelled has the connection closed.
	// It suspends or blocks: any goroutine may call it. (loop.start_tls)
	StartTLS(ctx context.Context, transport Transport, protocol Protocol, config *tls.Config, opts *StartTLSOptions) (Transport, error)
}

// StartTLSOptions changes how StartTLS begins. The zero value is the side of a client.
// (the keyword arguments of start_tls)
type StartTLSOptions struct {
	// ServerSide makes it the side of a server. (server_side)
	ServerSide bool
	// ServerName is as in ConnectionOptions; there is no host. (server_hostname)
	ServerName *string
	// HandshakeTimeout bounds the handshake; zero: 60 s. (ssl_handshake_timeout)
	HandshakeTimeout time.Duration
	// ShutdownTimeout bounds the closing of TLS; zero: 30 s. (ssl_shutdown_timeout)
	ShutdownTimeout time.Duration
	// StrictEnd is TLSStrictEnd of ConnectionOptions.
	StrictEnd bool
	// Executor is TLSExecutor of ConnectionOptions.
	Executor Executor
	// Received, if it is not nil, returns what the protocol has received and not used. It is
	// called once, on the loop, when nothing more comes to the protocol in clear; TLS gets
	// what it returns before all that comes. It is not called if StartTLS refuses to begin.
	Received func() []byte
}
