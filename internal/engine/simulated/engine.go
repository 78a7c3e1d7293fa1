package simulated

import (
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/go-asyncio/asyncio/internal/engine"
)

// ErrCrashed is what everything of a host's answers that has crashed, but for its closing,
// which succeeds.
var ErrCrashed = errors.New("simulated: the host has crashed")

// readSize is how much one read takes at most.
const readSize = 64 << 10

// Engine is a host's engine, for one loop. It is the clock of that loop, too.
type Engine struct {
	// Seat is the Driver's, for what it knows of the engine. It is set before the first Pass.
	Seat any

	host    *Host
	woken   atomic.Bool
	over    atomic.Bool // it is closed
	crashed atomic.Bool // its host has
	signal  chan struct{}

	ready  []*source // what may be ready for what is wanted of it
	events []engine.Event
	buf    []byte // what is read, for streams whose handler lends no memory
	letter []byte // the datagram that is being told of
	vec    [][]byte
}

// NewEngine makes the host's engine, of which there is one at a time.
func (h *Host) NewEngine() (*Engine, error) {
	n := h.network
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case h.down:
		return nil, fmt.Errorf("%w: host %q", ErrCrashed, h.name)
	case h.engine != nil:
		return nil, fmt.Errorf("simulated: host %q has an engine already: close the loop that it is of first", h.name)
	}
	h.engine = &Engine{host: h, signal: make(chan struct{}, 1)}
	return h.engine, nil
}

// Host is the host whose engine it is.
func (e *Engine) Host() *Host { return e.host }

// Name implements engine.Engine.
func (e *Engine) Name() string { return "simulated" }

// Now is what the host's clock shows: it implements the clock of a loop.
func (e *Engine) Now() time.Duration {
	n := e.host.network
	n.mu.Lock()
	defer n.mu.Unlock()
	n.catchUp()
	return e.host.Clock()
}

// lock takes the network's lock for a call of the engine's, unless that can have nothing done.
func (e *Engine) lock() error {
	n := e.host.network
	n.mu.Lock()
	err := e.refused()
	if err != nil {
		n.mu.Unlock()
	} else if n.follow != nil {
		n.catchUp()
	}
	return err
}

// unlock ends a lock.
func (e *Engine) unlock() { e.host.network.mu.Unlock() }

// refused is why the engine can have nothing done.
func (e *Engine) refused() error {
	switch {
	case e.over.Load():
		return engine.ErrClosed
	case e.crashed.Load():
		return ErrCrashed
	}
	return nil
}

// Pending reports whether Poll would return at once: something is ready, somebody has called
// Wake, or the host has crashed. Any goroutine may call it, without the network's lock.
func (e *Engine) Pending() bool {
	n := e.host.network
	n.mu.Lock()
	defer n.mu.Unlock()
	if e.woken.Load() || e.refused() != nil {
		return true
	}
	return slices.ContainsFunc(e.ready, func(o *source) bool { return o.now() != 0 })
}

// Poll implements engine.Engine. It has the Driver say when it goes on.
func (e *Engine) Poll(timeout time.Duration) ([]engine.Event, error) {
	n := e.host.network
	if err := e.lock(); err != nil {
		return nil, err
	}
	n.catchUp()
	e.prune()
	until := n.now
	if timeout > 0 { // engine.BriefWait is a nanosecond like any other here, lest a timer that is due then never is
		until = e.host.when(timeout)
	}
	e.unlock()
	n.driver.Pass(e, until)
	if err := e.lock(); err != nil {
		return nil, err
	}
	defer e.unlock()
	e.woken.Store(false)
	return e.collect(), nil
}

// prune forgets what is not ready after all.
func (e *Engine) prune() {
	kept := e.ready[:0]
	for _, o := range e.ready {
		if o.now() != 0 {
			kept = append(kept, o)
		} else {
			o.queued = false
		}
	}
	clear(e.ready[len(kept):])
	e.ready = kept
}

// collect makes events of what is ready, in an order that is drawn.
func (e *Engine) collect() []engine.Event {
	e.prune()
	before, events := len(e.events), e.events[:0]
	for _, o := range e.ready {
		m := o.now()
		o.n.found(m)
		events = append(events, engine.Event{To: o.n, Ev: uint64(m)})
	}
	if len(events) < before {
		clear(e.events[len(events):before]) // keep nothing alive that is closed
	}
	for i, chance := 0, e.host.network.chance; i < len(events)-1; i++ {
		j := i + int(chance.N(Order, int64(len(events)-i)))
		events[i], events[j] = events[j], events[i]
	}
	e.events = events
	return events
}

// Wake implements engine.Engine.
func (e *Engine) Wake() {
	if !e.over.Load() && !e.woken.Swap(true) {
		e.host.network.driver.Woken(e)
	}
}

// Flush implements engine.Engine: nothing is ever queued.
func (e *Engine) Flush() error { return e.refused() }

// Sockets implements engine.Engine.
func (e *Engine) Sockets() engine.Sockets { return sockets{e} }

// Close implements engine.Engine.
func (e *Engine) Close() error {
	n := e.host.network
	n.mu.Lock()
	defer n.mu.Unlock()
	if e.over.Load() {
		return nil
	}
	if !e.crashed.Load() {
		for _, s := range e.host.all() {
			if s.source != nil {
				s.source.n.abandon(s)
			}
		}
		e.host.engine = nil
	}
	e.over.Store(true)
	clear(e.ready)
	clear(e.events)
	e.ready, e.events, e.buf, e.letter, e.vec = nil, nil, nil, nil, nil
	return nil
}

// all are the host's sockets, in the order in which they were made.
func (h *Host) all() []*socket {
	var all []*socket
	for _, s := range h.network.sockets {
		if s.host == h {
			all = append(all, s)
		}
	}
	slices.SortFunc(all, func(a, b *socket) int { return int(a.fd) - int(b.fd) })
	return all
}

// memory is that which is read into, for so many bytes or for as many as one read takes: small
// where messages are, for there may be many hosts.
func (e *Engine) memory(bytes int) []byte {
	if have := len(e.buf); have < min(bytes, readSize) || have == 0 {
		for have = max(have, readSize/32); have < min(bytes, readSize); {
			have *= 2
		}
		e.buf = make([]byte, have)
	}
	return e.buf
}

// node is what of an engine's has a socket.
type node interface {
	engine.Completer
	owner() any        // for UsedError
	found(engine.Mask) // a poll has found it ready. The lock is held
	abandon(*socket)   // ends it when the engine closes, without a word. The lock is held
}

// source is a socket of a node's and what is wanted of it. It is a part of every node.
type source struct {
	e      *Engine
	s      *socket // nil once it is the node's no more
	fd     uintptr
	n      node
	want   engine.Mask
	queued bool // among the engine's ready ones
}

// now is what the socket is ready for, of what is wanted.
func (o *source) now() engine.Mask {
	if o.s == nil || o.want == 0 {
		return 0
	}
	return o.s.readiness() & o.want
}

// claim enters n as what has fd. Whatever was watched there is watched no more. The lock is
// held.
func (e *Engine) claim(fd uintptr, n node, o *source) error {
	s, err := e.host.socket(fd)
	if err != nil {
		return err
	}
	if old := s.source; old != nil {
		if _, watched := old.n.(*watch); !watched {
			return &engine.UsedError{FD: fd, By: old.n.owner()}
		}
		old.gone()
	}
	*o = source{e: e, s: s, fd: fd, n: n}
	s.source = o
	return nil
}

// wants sets what is wanted.
func (o *source) wants(m engine.Mask) {
	o.want = m
	if o.s != nil {
		o.s.changed()
	}
}

// gone ends the claim.
func (o *source) gone() {
	if o.s != nil {
		o.s.source = nil
	}
	o.s, o.want = nil, 0
}

// refused is why nothing can be done with the socket.
func (o *source) refused() error {
	if err := o.e.refused(); err != nil {
		return err
	}
	if o.s == nil {
		return engine.ErrClosed
	}
	return nil
}

// lock is the engine's, for a call that the socket is needed for.
func (o *source) lock() error {
	o.e.host.network.mu.Lock()
	err := o.refused()
	if err != nil {
		o.e.unlock()
	}
	return err
}

// close closes the socket, if it is the node's still.
func (o *source) close() error {
	n := o.e.host.network
	n.mu.Lock()
	defer n.mu.Unlock()
	if s := o.s; s != nil {
		s.close()
	}
	return nil
}

// FD implements engine.Stream, engine.Listener and engine.Datagram.
func (o *source) FD() uintptr { return o.fd }
