package serve

import (
	"net"
	"strconv"
	"strings"

	"github.com/go-asyncio/asyncio/cmd/asyncio/internal/fault"
)

// endpoint is what is listened on.
type endpoint struct{ network, address string }

// The networks that --listen knows.
const (
	networkTCP  = "tcp"
	networkUDP  = "udp"
	networkUnix = "unix"
)

// endpointOf takes NETWORK:ADDRESS apart; without a network it is TCP's.
func endpointOf(text string) (endpoint, error) {
	network, rest, ok := strings.Cut(text, ":")
	switch {
	case ok && network == networkUnix && rest == "":
		return endpoint{}, fault.Usage("--listen %s: the path is missing; say unix:/tmp/echo, for example", text)
	case ok && network == networkUnix:
		return endpoint{networkUnix, rest}, nil
	case ok && (network == networkTCP || network == networkUDP):
		text = rest
	default:
		network = networkTCP
	}
	if _, port, err := net.SplitHostPort(text); err != nil {
		return endpoint{}, fault.Usage("--listen %s is not HOST:PORT, nor udp:HOST:PORT, nor unix:PATH: %s%s", fault.Typed(strconv.Quote(text)), reason(err), completed(text))
	} else if _, err := net.LookupPort(network, port); err != nil || port == "" {
		return endpoint{}, fault.Usage("--listen %s: %q is no port; it takes 0 to 65535, or a service's name", text, port)
	}
	return endpoint{network, text}, nil
}

// String is how a user writes it.
func (e endpoint) String() string {
	if e.network == networkTCP {
		return e.address
	}
	return e.network + ":" + e.address
}

// completed is what may have been meant by an address without a host or a port.
func completed(address string) string {
	switch _, err := strconv.ParseUint(address, 10, 16); {
	case err == nil:
		return "; say 127.0.0.1:" + address + ", or :" + address + " for every interface"
	case address != "" && !strings.ContainsAny(address, ":[]/"):
		return "; say " + address + ":7777"
	case strings.Contains(address, "/"):
		return "; say unix:" + address
	}
	return ""
}

// ready is the one address to print: what was asked for, with the port that it became. A
// name may have several addresses; it stands for all of them.
func (e endpoint) ready(addrs []net.Addr) string {
	if e.network == networkUnix {
		return e.String()
	}
	found := endpoint{e.network, addrs[0].String()}
	host, _, err := net.SplitHostPort(e.address)
	if err != nil || host == "" || len(addrs) == 1 {
		return found.String()
	}
	if _, port, err := net.SplitHostPort(found.address); err == nil {
		found.address = net.JoinHostPort(host, port)
	}
	return found.String()
}
