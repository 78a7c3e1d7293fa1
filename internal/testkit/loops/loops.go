// Package loops makes event loops over the mechanisms of package testkit, for tests.
package loops

import (
	"net/netip"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/engine/simulated"
	"github.com/go-asyncio/asyncio/internal/testkit"
	"github.com/go-asyncio/asyncio/proactors"
	"github.com/go-asyncio/asyncio/selectors"
)

// New makes a loop over a mechanism. One that is simulated is alone on a network of its own.
func New(m testkit.Mechanism, opts ...asyncio.LoopOption) (asyncio.EventLoop, error) {
	if m.Simulated {
		return OnHost(simulated.New(simulated.Config{}), "host", 1, opts...)
	}
	return testkit.On(m,
		func(s selectors.Selector) (asyncio.EventLoop, error) { return asyncio.NewSelectorEventLoop(s, opts...) },
		func(p proactors.Proactor) (asyncio.EventLoop, error) { return asyncio.NewProactorEventLoop(p, opts...) })
}

// OnHost makes a loop of a new host on a simulated network, which has addresses with that
// number at their ends.
func OnHost(n *simulated.Network, name string, number byte, opts ...asyncio.LoopOption) (asyncio.EventLoop, error) {
	host, err := n.AddHost(name, netip.AddrFrom4([4]byte{10, 0, 0, number}), netip.AddrFrom16([16]byte{0: 0xfd, 15: number}))
	if err != nil {
		return nil, err
	}
	e, err := host.NewEngine()
	if err != nil {
		return nil, err
	}
	return asyncio.NewSimulatedEventLoop(e, opts...)
}
