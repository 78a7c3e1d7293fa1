package simulation

import (
	"context"
	"net"
	"net/netip"
	"strconv"
	"time"

	"github.com/go-asyncio/asyncio/internal/engine/simulated"
)

// nameService looks names up for all hosts of a world, as asyncio.Resolver asks it to.
type nameService struct {
	world  *World
	least  time.Duration
	most   time.Duration
	failed float64 // the share of look-ups that fail for a while
}

func (n *nameService) init(w *World) { n.world, n.most = w, time.Millisecond }

// SetNameService says how long a look-up of a host's name takes, drawn evenly between the
// two, and the share that fails, with an error that says it is temporary. At first they take
// up to a millisecond, and none fails.
func (w *World) SetNameService(least, most time.Duration, failing float64) {
	w.do(func() {
		w.names.least, w.names.most, w.names.failed = max(least, 0), max(least, most, 0), failing
	})
}

// ask is what every look-up takes.
func (n *nameService) ask(ctx context.Context, name string) error {
	c := n.world.chance
	took := n.least + time.Duration(c.N(simulated.Cost, int64(n.most-n.least)+1))
	failed := c.happens(simulated.Fault, n.failed)
	if err := n.world.sleepOnWorker(ctx, took); err != nil {
		return err
	}
	if failed {
		return &net.DNSError{Err: "server misbehaving (simulated)", Name: name, IsTemporary: true}
	}
	return nil
}

// LookupNetIP implements asyncio.Resolver.
func (n *nameService) LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error) {
	if err := n.ask(ctx, host); err != nil {
		return nil, err
	}
	var all []netip.Addr
	if h := n.world.byName[host]; h != nil {
		all = h.machine.Addrs()
	} else if host == "localhost" {
		all = []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1}), netip.IPv6Loopback()}
	}
	var found []netip.Addr
	for _, a := range all {
		if network == "ip" || a.Is4() == (network == "ip4") {
			found = append(found, a)
		}
	}
	if len(found) == 0 {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	return found, nil
}

// LookupPort implements asyncio.Resolver.
func (n *nameService) LookupPort(ctx context.Context, network, service string) (int, error) {
	if err := n.ask(ctx, service); err != nil {
		return 0, err
	}
	if port, ok := services[service]; ok {
		return port, nil
	}
	if port, err := strconv.ParseUint(service, 10, 16); err == nil {
		return int(port), nil
	}
	return 0, &net.DNSError{Err: "unknown port", Name: network + "/" + service, IsNotFound: true}
}

// services are the ports that have names in a simulation.
var services = map[string]int{"domain": 53, "ftp": 21, "http": 80, "https": 443, "imap": 143, "imaps": 993, "ntp": 123, "pop3": 110, "smtp": 25, "ssh": 22, "telnet": 23}

// LookupAddr implements asyncio.Resolver.
func (n *nameService) LookupAddr(ctx context.Context, addr string) ([]string, error) {
	if err := n.ask(ctx, addr); err != nil {
		return nil, err
	}
	ip, err := netip.ParseAddr(addr)
	if err == nil && ip.IsLoopback() {
		return []string{"localhost"}, nil
	}
	for _, h := range n.world.hosts {
		for _, a := range h.machine.Addrs() {
			if err == nil && a == ip.Unmap() {
				return []string{h.name}, nil
			}
		}
	}
	return nil, &net.DNSError{Err: "no such host", Name: addr, IsNotFound: true}
}
