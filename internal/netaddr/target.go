// Package netaddr turns what a user writes, a network ("tcp", "udp6", "unix")
// and an address ("localhost:http", ":0", a path), into addresses that a socket
// can use, in the order in which they are worth trying.
//
// Parse takes the text apart. Literal answers for IP addresses at once, without
// any look-up; everything else goes to a Resolver, which may take its time and
// is called off the loop. Interleave and Dedup arrange what came back. Nothing
// here knows a loop, and nothing but System reaches out of the process.
package netaddr

import (
	"net"
	"strconv"
	"strings"

	"github.com/go-asyncio/asyncio/internal/sock"
)

// Target is a network and an address, taken apart.
type Target struct {
	Network string      // as it was given
	Type    sock.Type   // the kind of socket it takes
	Family  sock.Family // the only family that will do; 0 if both IP families will
	Host    string      // name or IP address; "" for all interfaces
	Service string      // port number or service name; "" for port 0
	Path    string      // the path of a unix socket
}

// Unix is the network of unix stream sockets.
const Unix = "unix"

// networks lists what Parse and System know.
var networks = map[string]struct {
	typ    sock.Type
	family sock.Family
}{
	"tcp":        {sock.Stream, 0},
	"tcp4":       {sock.Stream, sock.Inet4},
	"tcp6":       {sock.Stream, sock.Inet6},
	"udp":        {sock.Datagram, 0},
	"udp4":       {sock.Datagram, sock.Inet4},
	"udp6":       {sock.Datagram, sock.Inet6},
	Unix:         {sock.Stream, sock.Unix},
	"unixgram":   {sock.Datagram, sock.Unix},
	"unixpacket": {sock.SeqPacket, sock.Unix},
}

// Parse takes a network and an address apart. It looks nothing up: a host or a
// service that does not exist is found out later. An unknown network is a
// net.UnknownNetworkError, an address that is not one a *net.AddrError.
func Parse(network, address string) (Target, error) {
	n, ok := networks[network]
	if !ok {
		return Target{}, net.UnknownNetworkError(network)
	}
	t := Target{Network: network, Type: n.typ, Family: n.family}
	if t.Family == sock.Unix {
		if _, err := sock.UnixAddr(address); err != nil {
			return Target{}, &net.AddrError{Err: err.Error(), Addr: address}
		}
		t.Path = address
		return t, nil
	}
	host, service, err := net.SplitHostPort(address)
	if err != nil {
		return Target{}, err
	}
	if strings.IndexByte(host, 0) >= 0 || strings.IndexByte(service, 0) >= 0 {
		return Target{}, &net.AddrError{Err: "zero byte in address", Addr: address}
	}
	if _, digits, ok := port(service); digits && !ok {
		return Target{}, &net.AddrError{Err: "port out of range", Addr: address}
	}
	t.Host, t.Service = host, service
	return t, nil
}

// port reads a port number. It reports whether service is a number at all,
// which "" is too (0), and whether that number is a port.
func port(service string) (p uint16, digits, ok bool) {
	if service == "" {
		return 0, true, true
	}
	for _, c := range []byte(service) {
		if c < '0' || c > '9' {
			return 0, false, false
		}
	}
	n, err := strconv.ParseUint(service, 10, 16)
	return uint16(n), true, err == nil
}
