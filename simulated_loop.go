package asyncio

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/engine/simulated"
)

// SimulatedEventLoop is the event loop of a host in a simulation: its sockets are of a
// network in memory, and its clock is the host's. Package simulation makes them. What needs
// the system itself, signals, programs and files that are pipes, is errors.ErrUnsupported.
type SimulatedEventLoop struct{ baseLoop }

// NewSimulatedEventLoop makes a loop over a simulated engine, which it owns from now on and
// closes, also if this fails. Package simulation calls it; nobody else has an engine to
// give. WithPinnedThread is errors.ErrUnsupported, and WithBlockedReport has no effect.
func NewSimulatedEventLoop(e *simulated.Engine, opts ...LoopOption) (*SimulatedEventLoop, error) {
	const op = "NewSimulatedEventLoop"
	if e == nil {
		return nil, invalid(op, "the engine is nil")
	}
	var c loopConfig
	for _, o := range opts {
		o(&c)
	}
	if c.pinned {
		return nil, errors.Join(opError(op, fmt.Errorf("%w: WithPinnedThread on host %q: a simulation has one loop go on at a time, "+
			"on whichever thread; leave the option out", errors.ErrUnsupported, e.Host().Name())), e.Close())
	}
	l := &SimulatedEventLoop{}
	now := time.Now()
	l.sim = &simulation{engine: e, inBubble: now == now.Round(0)}
	opts = append(opts[:len(opts):len(opts)], func(c *loopConfig) { c.clock = e })
	l.init(simulatedEngine{e, l.sim}, l, opts)
	l.core.Reached = l.reached
	l.why = chosenByProgram
	return l, nil
}

// IsSimulated reports whether a loop is that of a host in a simulation, or embeds one. There
// nothing may depend on when the collector runs, or on other goroutines. Any goroutine may
// call it.
func IsSimulated(loop EventLoop) bool {
	if loop == nil {
		return false
	}
	l := loop.base()
	return l != nil && l.sim != nil
}

// reached tells the simulation of goroutines that are none of its loops'.
func (l *SimulatedEventLoop) reached() {
	if s := currentStrand(); s == nil || s.loop().sim == nil {
		l.sim.engine.Reached()
	}
}

// simulatedEngine is a simulated engine that looks after the contexts, too.
type simulatedEngine struct {
	*simulated.Engine
	sim *simulation
}

// Poll implements engine.Engine. In a bubble what listens to a context has been heard of
// when Poll returns; elsewhere nobody can wait for it, and the contexts themselves are
// looked at.
func (e simulatedEngine) Poll(timeout time.Duration) ([]engine.Event, error) {
	if !e.sim.inBubble && e.sim.anyDone() {
		timeout = 0
	}
	events, err := e.Engine.Poll(timeout)
	if e.sim.look.Swap(false) || !e.sim.inBubble {
		e.sim.tellDone()
	}
	return events, err
}

// unsupported is the error of a call that needs the system itself.
func (l *SimulatedEventLoop) unsupported(op, what, instead string) error {
	return opError(op, fmt.Errorf("%w: the simulated host %q has no %s; %s", errors.ErrUnsupported, l.sim.engine.Host().Name(), what, instead))
}

// AddSignalHandler is errors.ErrUnsupported.
func (l *SimulatedEventLoop) AddSignalHandler(os.Signal, func()) error {
	return l.unsupported("AddSignalHandler", "signals", "call what the handler calls from the simulation's function")
}

// RemoveSignalHandler finds nothing to remove.
func (l *SimulatedEventLoop) RemoveSignalHandler(os.Signal) (bool, error) { return false, nil }

// SubprocessExec is errors.ErrUnsupported.
func (l *SimulatedEventLoop) SubprocessExec(context.Context, func() SubprocessProtocol, *SubprocessOptions, string, ...string) (SubprocessTransport, SubprocessProtocol, error) {
	return nil, nil, l.unsupported("SubprocessExec", "programs to start", "start another host and talk to it over the network")
}

// SubprocessShell is errors.ErrUnsupported.
func (l *SimulatedEventLoop) SubprocessShell(context.Context, func() SubprocessProtocol, *SubprocessOptions, string) (SubprocessTransport, SubprocessProtocol, error) {
	return nil, nil, l.unsupported("SubprocessShell", "shell", "start another host and talk to it over the network")
}

// Holder returns the stack of what runs on the loop at this moment, for reports of a loop that
// something blocks; "" if nothing does. Any goroutine may call it.
func (l *SimulatedEventLoop) Holder() string { return l.holder().stack }
