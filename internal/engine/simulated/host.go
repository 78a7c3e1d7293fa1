package simulated

import (
	"net/netip"
	"time"

	"github.com/go-asyncio/asyncio/internal/list"
)

// Host is a machine.
type Host struct {
	network *Network
	name    string
	number  int
	addrs   []netip.Addr
	links   map[*Host]*Link // to others; looked up, never iterated
	engine  *Engine         // nil while no loop runs on it
	stack   Stack
	down    bool // it has crashed, and is not up again
	lives   int  // how often it has crashed
	sockets int  // how many it has
	ports   [protocols]map[uint16][]*socket
	port    int64                // behind the last that was drawn
	ends    list.List[end]       // of connections over the network that are not over
	names   map[string]*pathName // of unix sockets
	unnamed int                  // how many names without a file it has given out
	drift   float64              // how much faster its clock runs, as a share
	turned  time.Duration        // since when it does: the network's time,
	showed  time.Duration        // and what its clock showed then
}

// Name is the host's name.
func (h *Host) Name() string { return h.name }

// Addrs are the host's addresses.
func (h *Host) Addrs() []netip.Addr { return h.addrs }

// Network is the network that it is a host of.
func (h *Host) Network() *Network { return h.network }

// Clock is what the host's monotonic clock shows. With the network's lock held.
func (h *Host) Clock() time.Duration { return h.clockAt(h.network.now) }

func (h *Host) clockAt(t time.Duration) time.Duration {
	if h.drift == 0 {
		return h.showed + t - h.turned
	}
	return h.showed + time.Duration(float64(t-h.turned)*(1+h.drift))
}

// when is the network's time at which the host's clock has moved on by d, rounded up.
func (h *Host) when(d time.Duration) time.Duration {
	if d >= Never-h.network.now {
		return Never
	}
	if h.drift == 0 {
		return h.network.now + d
	}
	t := h.network.now + time.Duration(float64(d)/(1+h.drift))
	for goal := h.Clock() + d; h.clockAt(t) < goal; {
		t++
	}
	return t
}

// SetDrift has the clock run faster from now on, by that share of time; slower if it is
// negative. It must be over -1. With the network's lock held.
func (h *Host) SetDrift(share float64) {
	h.showed, h.turned, h.drift = h.Clock(), h.network.now, share
}

// Sockets is how many sockets the host has. With the network's lock held.
func (h *Host) Sockets() int { return h.sockets }
