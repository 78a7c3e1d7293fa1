package asyncio

import (
	"errors"
	"fmt"

	"github.com/go-asyncio/asyncio/internal/listen"
)

// checkAssign refuses what hands connections over where each loop has sockets of its own.
func (l *baseLoop) checkAssign(op string, o *ServerOptions) error {
	if l.sim == nil || o.Assign == nil && !o.Assigned {
		return nil
	}
	which := "Assigned"
	if o.Assign != nil {
		which = "Assign"
	}
	return opError(op, fmt.Errorf("%w: %s on the simulated host %q, whose connections cannot become another loop's; leave it out, and have each host listen",
		errors.ErrUnsupported, which, l.sim.engine.Host().Name()))
}

// Assign implements listen.Outside.
func (o *serverOutside) Assign() (*listen.Receiver, error) {
	s := (*Server)(o)
	if s.assign == nil {
		return nil, nil
	}
	var to *Server
	if err := s.loop.callUser(func() { to = s.assign() }); err != nil || to == nil || to == s {
		return nil, err
	}
	return &to.receiver, nil
}

// Reserve implements listen.Outside. A server that is closed, but not over yet, must not be
// over before what it counts now.
func (o *serverOutside) Reserve() bool {
	s := (*Server)(o)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed.Load() {
		return false
	}
	s.attach()
	return true
}

// Arrives implements listen.Outside.
func (o *serverOutside) Arrives(c *listen.Conn) bool { return o.loop.post((*connArrival)(c), 0) }

// connArrival is a connection that another loop has handed over, as work of the loop's.
type connArrival listen.Conn

// Complete implements engine.Completer.
func (c *connArrival) Complete(uint64) { (*listen.Conn)(c).Arrive() }

// callbackName names the step in reports.
func (c *connArrival) callbackName() string {
	return fmt.Sprintf("take over connection from %v", c.Peer)
}
