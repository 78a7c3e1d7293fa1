package asyncio

import (
	"crypto/tls"
	"net"
	"time"

	"github.com/go-asyncio/asyncio/internal/netaddr"
)

// ServerOptions changes how CreateServer listens. The zero value is the
// default. (the keyword arguments of create_server)
type ServerOptions struct {
	// Addresses are more addresses to listen on. Repetitions count once, and one that
	// this machine does not have is passed over, unless it is so with all of them.
	Addresses []string
	// Sock is a bound stream socket to listen on; then network and address stay
	// empty. Zero is none. It is the call's from its start, and then the server's: a
	// call that fails closes it, as with ConnectionOptions.Sock, and leaves
	// alone what is left alone there. (sock)
	Sock uintptr
	// Listener is a listener to use, like Sock: the server gets a duplicate of
	// its descriptor, and the original is the caller's to close. So is the file of a
	// unix listener.
	Listener net.Listener

	// Backlog is how many connections may wait to be accepted, and how many are
	// accepted in one pass of the loop. Zero: 100. (backlog)
	Backlog int
	// NoReuseAddress leaves SO_REUSEADDR off, which is set otherwise, except on
	// Windows. (reuse_address)
	NoReuseAddress bool
	// ReusePort lets several sockets listen on one address, if all of them say
	// so. ErrInvalidArgument where the system cannot. (reuse_port)
	ReusePort bool
	// KeepAlive has idle connections probed. It is set on the sockets that listen, too.
	// (keep_alive)
	KeepAlive bool
	// DeferServing makes the server, but has it accept nothing before
	// StartServing or ServeForever. (start_serving=False)
	DeferServing bool

	// KeepSocketFile leaves the file of a unix socket where it is when the server is
	// closed. Otherwise the file that the server has made is removed then, and that of
	// Sock, unless another one has come in its place. (cleanup_socket=False)
	KeepSocketFile bool

	// TLS makes the server one of TLS. A protocol meets its transport when the handshake
	// is done; a client with which there is none is told of in the log. (ssl)
	TLS *tls.Config
	// TLSHandshakeTimeout bounds the handshake; zero: 60 s. Only with TLS.
	// (ssl_handshake_timeout)
	TLSHandshakeTimeout time.Duration
	// TLSShutdownTimeout bounds the closing of TLS; zero: 30 s. Only with TLS.
	// (ssl_shutdown_timeout)
	TLSShutdownTimeout time.Duration
	// TLSStrictEnd makes an end of the connection that the peer has not announced, by
	// close_notify, an io.ErrUnexpectedEOF: something may be missing. Otherwise it is an end
	// of stream as another one. Only with TLS. (suppress_ragged_eofs=False)
	TLSStrictEnd bool
	// TLSExecutor works with the private keys of the configuration, so that many new clients
	// do not hold up the loop. nil: the loop does that itself. Only with TLS.
	TLSExecutor Executor
}

// defaultBacklog is the backlog of a server that says none.
const defaultBacklog = 100

// check finds what contradicts itself in a server's arguments.
func (o *ServerOptions) check(op, network string) error {
	switch {
	case network == netaddr.Unix && o.ReusePort:
		return invalid(op, "ReusePort is for TCP: a unix socket has no port")
	case network == netaddr.Unix && o.KeepAlive:
		return invalid(op, "KeepAlive is for TCP: the system sees at once that the peer of a unix socket has gone")
	case network != netaddr.Unix && o.KeepSocketFile:
		return invalid(op, "KeepSocketFile is for unix sockets, and the network is %q", network)
	case o.Sock != 0 && o.Listener != nil:
		return invalid(op, "Sock and Listener can not be specified at the same time")
	case o.Backlog < 0:
		return invalid(op, "a backlog of %d", o.Backlog)
	}
	return nil
}
