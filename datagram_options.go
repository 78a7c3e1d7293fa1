package asyncio

import (
	"fmt"
	"net"
	"net/netip"

	"github.com/go-asyncio/asyncio/internal/netaddr"
	"github.com/go-asyncio/asyncio/internal/sock"
)

// DatagramOptions says which endpoint CreateDatagramEndpoint makes: with a local address,
// a remote one, both, or neither if Network says the family; or of a socket. (the
// arguments of create_datagram_endpoint)
type DatagramOptions struct {
	// Network is "udp", "udp4", "udp6" or "unixgram". Empty is "udp" if there is an
	// address. With "udp" an IPv6 socket takes IPv4 as well, where the system has that,
	// so that the empty host is every interface of both families. (family)
	Network string
	// LocalAddress is where the endpoint receives, a "host:port", or a path of network
	// "unixgram". Port 0 is one that the system picks. At a path, the file of a socket
	// that nobody has any more is replaced, and any other left alone. (local_addr)
	LocalAddress string
	// RemoteAddress is whom the endpoint sends to. It is connected to it, and receives
	// from nobody else, unless AllowBroadcast is set. (remote_addr)
	RemoteAddress string

	// Sock is a socket to use, of any kind but a stream, bound or connected as it is;
	// then the fields that say how to make one stay empty. Zero is none. It is the call's
	// from its start, and then the transport's: a call that fails closes it, as with
	// ConnectionOptions.Sock, and leaves alone what is left alone there. (sock)
	Sock uintptr
	// Conn is a socket to use, like Sock: the transport gets a duplicate of its
	// descriptor, and the original is the caller's to close.
	Conn net.PacketConn

	// ReusePort lets several sockets have one address, if all of them say so; the system
	// spreads the peers over them. ErrInvalidArgument where the system cannot.
	// (reuse_port)
	ReusePort bool
	// AllowBroadcast lets datagrams be sent to broadcast addresses. The endpoint is then
	// not connected to RemoteAddress, which may be one, and receives from everybody.
	// (allow_broadcast)
	AllowBroadcast bool

	// Groups are multicast groups whose datagrams are received, too; all of one family,
	// which decides that of a socket that could be of either.
	Groups []MulticastGroup
	// MulticastTTL is how many hops away datagrams to multicast groups get, 1 to 255.
	// Zero is the system's choice, which is 1: this network.
	MulticastTTL int
	// NoMulticastLoop keeps what is sent to multicast groups from the members on this
	// machine. (On Windows it keeps this endpoint from receiving such datagrams.)
	NoMulticastLoop bool
	// MulticastInterface is the name of the interface by which datagrams to multicast
	// groups leave. Empty is the system's choice.
	MulticastInterface string

	// MaxSize is how long a datagram may be that is received, in bytes; a longer one is
	// lost, and ErrorReceived told. Zero: 65,536, more than any of UDP; and 262,144 of
	// network "unixgram".
	MaxSize int
	// Segment has each datagram that is sent cut by the system into several of that many
	// bytes, the last of which may be shorter: one call sends up to 64 of them.
	// Linux only (UDP_SEGMENT), else errors.ErrUnsupported. Zero: off.
	Segment int
	// Coalesce has the system hand over several datagrams of one sender's in one piece,
	// which is taken apart here: fewer calls for long series. Linux only (UDP_GRO), else
	// errors.ErrUnsupported.
	Coalesce bool
}

// MulticastGroup is a multicast group, and where one is a member of it.
type MulticastGroup struct {
	// Addr is the group: an IPv4 address in 224.0.0.0/4, or an IPv6 one in ff00::/8.
	Addr netip.Addr
	// Interface is the name of the interface by which its datagrams come in. Empty is the
	// system's choice.
	Interface string
}

// How long datagrams may be that are received, unless the options say it.
const (
	maxDatagram     = 64 << 10
	maxUnixDatagram = 256 << 10
)

// datagramEnds is which socket is to be made, its addresses taken apart.
type datagramEnds struct {
	family        sock.Family     // the only one that will do; 0 if both IP families will
	local, remote *netaddr.Target // nil: none
	groups        []group
	out           int // the number of MulticastInterface
}

// everywhere reports whether the endpoint is to receive on every interface, of both IP
// families.
func (e *datagramEnds) everywhere() bool {
	return e.family == 0 && e.local != nil && e.local.Host == "" && e.remote == nil
}

// isGiven reports whether there is a socket.
func (o *DatagramOptions) isGiven() bool { return o.Sock != 0 || o.Conn != nil }

// ends checks what CreateDatagramEndpoint is called with, and takes the addresses apart.
func (o *DatagramOptions) ends(op string, factory func() DatagramProtocol) (e datagramEnds, err error) {
	switch {
	case factory == nil:
		return e, invalid(op, "the factory is nil")
	case o.Sock != 0 && o.Conn != nil:
		return e, invalid(op, "Sock and Conn can not be specified at the same time")
	case o.MaxSize < 0 || o.MaxSize > 1<<30:
		return e, invalid(op, "a MaxSize of %d", o.MaxSize)
	case o.isGiven():
		return e, o.checkGiven(op)
	case o.Segment < 0 || o.Segment > 0xffff:
		return e, invalid(op, "a Segment of %d", o.Segment)
	case o.MulticastTTL < 0 || o.MulticastTTL > 255:
		return e, invalid(op, "a MulticastTTL of %d", o.MulticastTTL)
	case o.Network == "" && o.LocalAddress == "" && o.RemoteAddress == "":
		return e, invalid(op, "neither an address, nor a network, nor a socket was specified")
	case o.Network == "udp" && o.LocalAddress == "" && o.RemoteAddress == "":
		return e, invalid(op, `network "udp" without an address says no address family: use "udp4" or "udp6"`)
	}
	if e, err = o.parse(op); err != nil {
		return e, err
	}
	if e.family == sock.Unix {
		return e, o.checkUnix(op)
	}
	return e, o.parseGroups(op, &e)
}

// checkGiven refuses what says how to make a socket if there is one.
func (o *DatagramOptions) checkGiven(op string) error {
	for _, modifier := range []struct {
		name string
		set  bool
	}{
		{"Network", o.Network != ""}, {"LocalAddress", o.LocalAddress != ""}, {"RemoteAddress", o.RemoteAddress != ""},
		{"ReusePort", o.ReusePort}, {"AllowBroadcast", o.AllowBroadcast}, {"Groups", len(o.Groups) > 0},
		{"MulticastTTL", o.MulticastTTL != 0}, {"NoMulticastLoop", o.NoMulticastLoop},
		{"MulticastInterface", o.MulticastInterface != ""}, {"Segment", o.Segment != 0}, {"Coalesce", o.Coalesce},
	} {
		if modifier.set {
			return invalid(op, "%s can not be used when a socket is specified: set it on the socket", modifier.name)
		}
	}
	return nil
}

// checkUnix refuses what unix sockets do not have.
func (o *DatagramOptions) checkUnix(op string) error {
	switch {
	case o.ReusePort, o.AllowBroadcast:
		return invalid(op, `network "unixgram" has neither ports nor broadcasts: leave ReusePort and AllowBroadcast out`)
	case len(o.Groups) > 0 || o.MulticastTTL != 0 || o.NoMulticastLoop || o.MulticastInterface != "":
		return invalid(op, `network "unixgram" has no multicast groups`)
	case o.Segment != 0 || o.Coalesce:
		return invalid(op, `network "unixgram" has neither Segment nor Coalesce, which are UDP's`)
	}
	return nil
}

// parse takes network and addresses apart.
func (o *DatagramOptions) parse(op string) (e datagramEnds, err error) {
	network := o.Network
	if network == "" {
		network = "udp"
	}
	switch network {
	case "udp":
	case "udp4":
		e.family = sock.Inet4
	case "udp6":
		e.family = sock.Inet6
	case "unixgram":
		e.family = sock.Unix
	default:
		return e, invalid(op, "network %q: only udp, udp4, udp6 and unixgram will do", network)
	}
	for _, end := range []struct {
		address string
		target  **netaddr.Target
	}{{o.LocalAddress, &e.local}, {o.RemoteAddress, &e.remote}} {
		if end.address == "" {
			continue
		}
		target, err := netaddr.Parse(network, end.address)
		if err != nil {
			return e, fmt.Errorf("asyncio: %s: %w: %w", op, ErrInvalidArgument, err)
		}
		*end.target = &target
	}
	return e, nil
}

// maxSize is how long a datagram may be.
func (o *DatagramOptions) maxSize(family sock.Family) int {
	switch {
	case o.MaxSize > 0:
		return o.MaxSize
	case family == sock.Unix:
		return maxUnixDatagram
	}
	return maxDatagram
}
