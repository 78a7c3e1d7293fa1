package asyncio

import (
	"errors"
	"fmt"
	"io"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/engine/system"
	"github.com/go-asyncio/asyncio/internal/listen"
	"github.com/go-asyncio/asyncio/internal/netaddr"
	"github.com/go-asyncio/asyncio/internal/sock"
)

// NewSocket makes a socket of network "tcp", "tcp4", "tcp6", "udp", "udp4", "udp6", "unix",
// "unixgram" or "unixpacket". address is its own, which it is bound to, as Go writes it: an
// IP address and a port number (an empty host is every interface, port 0 one that the
// system picks) or, of the unix networks, a path, whose file is left to the caller. An
// empty address binds it to none, as a client's; without a family in the network's name,
// "tcp" and "udp" then mean IPv4, and "tcp6" and "udp6" IPv6 alone. A TCP address is bound
// as servers do it, by SO_REUSEADDR where that is harmless. For a server, Listen follows.
//
// ErrInvalidArgument for what is no such network or address. (socket.socket and bind)
func NewSocket(network, address string) (*Socket, error) {
	const op = "NewSocket"
	addr, target, err := ownAddress(op, network, address)
	if err != nil {
		return nil, err
	}
	sockets := socketsHere()
	fd, err := sockets.Open(addr.Family(), target.Type)
	if err != nil {
		return nil, opError(op, fmt.Errorf("%s: %w", network, err))
	}
	if _, err := sockets.Take(fd); err != nil {
		return nil, opError(op, errors.Join(err, sockets.Close(fd)))
	}
	s := &Socket{sockets: sockets, fd: fd, typ: target.Type, family: addr.Family()}
	if target.Family == sock.Inet6 {
		err = sockets.SetOption(fd, engine.IPv6Only, 1)
	}
	if err == nil && address != "" {
		err = s.bind(addr)
	}
	if err != nil {
		return nil, opError(op, errors.Join(fmt.Errorf("%s %s: %w", network, address, err), s.Close()))
	}
	return s, nil
}

// bind gives a new socket its own address, which a TCP socket has as servers do.
func (s *Socket) bind(addr sock.Addr) error {
	if s.typ == sock.Stream && s.family != sock.Unix && listen.ReuseAddrByDefault {
		if err := s.sockets.SetOption(s.fd, engine.ReuseAddr, 1); err != nil {
			return err
		}
	}
	return s.sockets.Bind(s.fd, addr)
}

// ownAddress takes the address of NewSocket apart. Without one it is the family's.
func ownAddress(op, network, address string) (sock.Addr, netaddr.Target, error) {
	text := address
	if text == "" {
		text = ":0"
	}
	target, err := netaddr.Parse(network, text)
	if err != nil {
		return sock.Addr{}, target, fmt.Errorf("asyncio: %s: %w: %w", op, ErrInvalidArgument, err)
	}
	if target.Family == sock.Unix {
		addr, err := sock.UnixAddr(address)
		if err != nil {
			err = opError(op, fmt.Errorf("%q: %w", address, err))
		}
		return addr, target, err
	}
	host := target.Host
	switch {
	case host != "":
	case target.Family == sock.Inet6:
		host = "::"
	default:
		host = "0.0.0.0"
	}
	addrs, ok := netaddr.Literal(target.Network, host, target.Service)
	if !ok || len(addrs) == 0 {
		return sock.Addr{}, target, invalid(op, "%s %q: names are not looked up here: give an IP address of the network's family and a port number", network, address)
	}
	return addrs[0], target, nil
}

// SocketFromFD makes a Socket of a descriptor, which is the call's from its start: with
// an error it is closed, unless somebody else has it (a transport, a server, another
// Socket, a callback of AddReader or AddWriter) or it is no open socket; then it is left
// alone. (socket.socket with fileno)
func SocketFromFD(fd uintptr) (*Socket, error) {
	return adoptSocket("SocketFromFD", socketsHere(), fd)
}

// SocketFrom makes a Socket of what a net.Conn, a net.PacketConn, a net.Listener, an
// *os.File or anything else with a SyscallConn method holds open. That stays the caller's:
// the Socket has a duplicate of its descriptor, and works with the same open socket. Do not
// use both by turns. errors.ErrUnsupported for what has no descriptor. (socket.dup)
func SocketFrom(c io.Closer) (*Socket, error) {
	const op = "SocketFrom"
	if c == nil {
		return nil, invalid(op, "the connection is nil")
	}
	fd, err := sock.FromConn(c)
	if err != nil {
		return nil, opError(op, fmt.Errorf("%T: %w", c, err))
	}
	sockets := socketsHere()
	s, err := adoptSocket(op, sockets, fd)
	if err != nil {
		sockets.Untake(fd)
		return nil, errors.Join(err, sock.Close(fd)) // it is the system's, whatever the sockets here are
	}
	return s, nil
}

// adoptSocket makes a Socket of a descriptor that nobody has.
func adoptSocket(op string, sockets engine.Sockets, fd uintptr) (*Socket, error) {
	typ, err := sockets.Take(fd)
	switch used := (*engine.UsedError)(nil); {
	case errors.As(err, &used):
		return nil, fmt.Errorf("asyncio: %s: %w: the socket is left alone: %w", op, ErrInvalidArgument, err)
	case err != nil:
		return nil, fmt.Errorf("asyncio: %s: %w: a socket was expected, got descriptor %d: %w", op, ErrInvalidArgument, fd, err)
	}
	s := &Socket{sockets: sockets, fd: fd, typ: typ}
	if s.family, err = sockets.FamilyOf(fd); err != nil {
		return nil, opError(op, errors.Join(fmt.Errorf("the family of descriptor %d: %w", fd, err), s.Close()))
	}
	return s, nil
}

// socketsHere is those of the running loop's engine, without one the system's.
func socketsHere() engine.Sockets {
	if s := currentStrand(); s != nil {
		return s.loop().eng.Sockets()
	}
	return system.Sockets{}
}
