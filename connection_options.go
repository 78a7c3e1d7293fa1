package asyncio

import (
	"crypto/tls"
	"net"
	"time"

	"github.com/go-asyncio/asyncio/internal/netaddr"
)

// ConnectionOptions changes how CreateConnection connects, and how
// ConnectAcceptedSocket takes a connection over. The zero value is the default.
// (the keyword arguments of create_connection)
type ConnectionOptions struct {
	// Sock is a connected stream socket to use; then network and address stay
	// empty. Zero is none. It is the call's from its start: the call returns it in a
	// transport or closes it, whatever the reason for the failure, one that has nothing
	// to do with it included; a datagram socket, too. It is left alone if it
	// belongs to a transport or a server, or is watched by AddReader or AddWriter, of
	// any loop of the program; and if it is no open socket at all. (sock)
	Sock uintptr
	// Conn is a connection to use, like Sock: the transport gets a duplicate of
	// its descriptor, and the original is the caller's to close. What has no
	// descriptor (a net.Pipe, a *tls.Conn) is errors.ErrUnsupported.
	Conn net.Conn

	// LocalAddress is the "host:port" to connect from. (local_addr)
	LocalAddress string
	// HappyEyeballsDelay is how long an attempt is waited for before the next
	// address is tried beside it; 250 ms is the recommended value (RFC 8305).
	// Zero: one address after the other. (happy_eyeballs_delay)
	HappyEyeballsDelay time.Duration
	// Interleave makes the address families take turns, this many addresses of
	// the first family in front. Zero: 1 with HappyEyeballsDelay, else the order
	// of the look-up. (interleave)
	Interleave int
	// AllErrors makes the error of a call that found no address to connect to a
	// *GroupError, with one error for each address that was tried, even if it was one
	// only. (all_errors)
	AllErrors bool

	// TLS asks for TLS, as a client; ConnectAcceptedSocket's side is a server. The call is
	// done when the handshake is. (ssl)
	TLS *tls.Config
	// ServerName is the name that the peer's certificate must have; nil: that of the
	// configuration, or the host of the address; "": any name will do. Only with TLS.
	// (server_hostname)
	ServerName *string
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
	// TLSExecutor works with the private keys of the configuration, so that many new peers
	// do not hold up the loop. nil: the loop does that itself. Only with TLS.
	TLSExecutor Executor
}

// check finds what contradicts itself in a connection's arguments.
func (o *ConnectionOptions) check(op, network, address string) error {
	isUnix := network == netaddr.Unix
	switch {
	case o.TLS == nil && o.ServerName != nil:
		return invalid(op, "a server name is only meaningful with TLS")
	case o.TLS != nil && o.ServerName == nil && o.TLS.ServerName == "" && !o.TLS.InsecureSkipVerify && (isUnix || hostOf(address) == ""):
		return invalid(op, "you must set the server name when using TLS without a host")
	case isUnix && o.LocalAddress != "":
		return invalid(op, "LocalAddress is for TCP: a unix socket connects from nowhere")
	case isUnix && (o.HappyEyeballsDelay != 0 || o.Interleave != 0):
		return invalid(op, "HappyEyeballsDelay and Interleave are for hosts with several addresses: a path is one")
	case o.Sock != 0 && o.Conn != nil:
		return invalid(op, "Sock and Conn can not be specified at the same time")
	case o.HappyEyeballsDelay < 0:
		return invalid(op, "a happy eyeballs delay of %v", o.HappyEyeballsDelay)
	case o.Interleave < 0:
		return invalid(op, "an interleave of %d", o.Interleave)
	}
	return nil
}

// hostOf is the host of an address, empty if it has none.
func hostOf(address string) string {
	host, _, _ := net.SplitHostPort(address)
	return host
}
