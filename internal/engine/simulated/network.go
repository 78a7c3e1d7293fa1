package simulated

import (
	"fmt"
	"math"
	"net/netip"
	"sync"
	"time"
)

// Never is a time that does not come.
const Never time.Duration = math.MaxInt64

// Config is what a network is made with.
type Config struct {
	Chance Chance          // nil: of all that could be, the first
	Driver Driver          // nil: a Free one
	Told   func(Happening) // hears of what happens, with the network's lock held; nil: nobody
}

// Network is hosts and what is between them. Any goroutine may use it; a simulation has one
// go on at a time.
type Network struct {
	mu     sync.Mutex
	now    time.Duration
	agenda agenda
	chance Chance
	driver Driver
	told   func(Happening)
	hosts  []*Host // in the order in which they were made
	byAddr map[netip.Addr]*Host
	usual  Conditions
	stack  Stack
	free   *free // if that is the driver
	follow func() time.Duration

	sockets map[uintptr]*socket // by descriptor
	last    uintptr             // the last descriptor that was given out
	ids     uint64              // of messages
	held    []held
	spare   spare

	messages *message // that nobody uses
}

// held is what a link that is stalled holds back.
type held struct {
	link *Link
	do   func()
}

// New makes a network without hosts.
func New(c Config) *Network {
	n := &Network{chance: c.Chance, driver: c.Driver, told: c.Told, byAddr: map[netip.Addr]*Host{}, usual: Usual(),
		stack: Stack{}.orDefaults(), sockets: map[uintptr]*socket{}, last: firstDescriptor - 1}
	if n.chance == nil {
		n.chance = first{}
	}
	if n.driver == nil {
		n.free = newFree(n)
		n.driver = n.free
	}
	return n
}

// Driver says which engine goes on. What it is told with the network's lock held must not
// call the network.
type Driver interface {
	// Pass is called by each Poll, on the goroutine of the engine's loop and without
	// locks, and returns when the loop may have what there is for it. until is the network's
	// time at which the poll is to end in any case: not in the future for a poll that
	// does not wait, and Never.
	Pass(e *Engine, until time.Duration)

	// Ready says that there is something for the engine that Pass should return for. The
	// network's lock is held.
	Ready(e *Engine)

	// Woken says that somebody has called the engine's Wake: any goroutine, no locks. It
	// does not block.
	Woken(e *Engine)
}

// Chance draws. It is called with the network's lock held.
type Chance interface {
	// N draws one of n possibilities, 0 to n-1; n is at least 1. kind says what for.
	N(kind Kind, n int64) int64
}

// Kind is what is drawn.
type Kind uint8

// What is drawn.
const (
	Turn      Kind = iota // which host goes on
	Order                 // which of the ready descriptors of a poll is first
	Latency               // how long something is under way
	Loss                  // whether it is lost
	Duplicate             // whether it comes twice
	Port                  // which port a socket gets
	Piece                 // how much goes at once, of what could
	Fault                 // what fails
	Cost                  // how long work on another thread takes
	User                  // what the program itself draws
	Kinds                 // how many kinds there are
)

// first is the Chance that never surprises.
type first struct{}

func (first) N(Kind, int64) int64 { return 0 }

// Happening is something that has happened, for a trace. Of one network they come in one
// order.
type Happening struct {
	When time.Duration // the network's
	Host string        // where; "" of the network itself
	What string        // a verb of the trace's: "connect", "send", "arrive", "lost" ...
	Peer string        // another host, if there is one
	ID   uint64        // of the message, so that its going and its coming are found together; 0: none
	Size int           // bytes, if there are any
	Sum  uint64        // of the bytes
	Data []byte        // the bytes themselves, for the length of the call
	Text string        // what else there is to say
}

// Now is the network's time.
func (n *Network) Now() time.Duration {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.now
}

// Next is when the next thing happens by itself; Never if nothing is under way.
func (n *Network) Next() time.Duration {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.agenda.next()
}

// Advance moves the network's time on to when, and has happen what happens until then, at its
// time each.
func (n *Network) Advance(when time.Duration) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.advance(when)
}

// advance is Advance for those who hold the lock.
func (n *Network) advance(when time.Duration) {
	for {
		a, ok := n.agenda.pop(when)
		if !ok {
			break
		}
		n.now = max(n.now, a.when)
		a.do()
		n.unstall()
	}
	n.now = max(n.now, when)
}

// Follow has the network's time be at least what clock says, whenever somebody asks, until it
// is called with nil: for a Driver that sleeps until Next, while somebody may go on whom it
// has not let go.
func (n *Network) Follow(clock func() time.Duration) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.follow = clock
}

// hold has do called when a link is no longer stalled.
func (n *Network) hold(l *Link, do func()) { n.held = append(n.held, held{l, do}) }

// unstall has go on what was held by links that are no longer stalled.
func (n *Network) unstall() {
	if len(n.held) == 0 {
		return
	}
	all := n.held
	n.held = nil
	var kept []held
	for _, h := range all {
		if h.link.Stalled {
			kept = append(kept, h)
		} else {
			h.do()
		}
	}
	n.held = append(kept, n.held...)
}

// At has do called at a time, with the network's lock held; at once if that is past. Only
// Advance calls it. The result withdraws it.
func (n *Network) At(when time.Duration, do func()) (cancel func()) {
	n.mu.Lock()
	defer n.mu.Unlock()
	a := n.at(when, do)
	return func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		n.agenda.remove(a)
	}
}

// at is At for those who hold the lock.
func (n *Network) at(when time.Duration, do func()) *appointment {
	a := &appointment{do: do}
	n.putAt(a, when)
	return a
}

// putAt is at for an appointment that somebody has the memory of.
func (n *Network) putAt(a *appointment, when time.Duration) {
	n.agenda.put(a, max(when, n.now))
	if n.free != nil {
		n.free.arm()
	}
}

// put is putAt for so long from now.
func (n *Network) put(a *appointment, d time.Duration) {
	if d > Never-n.now {
		d = Never - n.now
	}
	n.putAt(a, n.now+d)
}

// Change runs f with the network's lock held: for changing links and hosts.
func (n *Network) Change(f func()) {
	n.mu.Lock()
	defer n.mu.Unlock()
	f()
	n.unstall()
}

// AddHost adds a host. Its addresses are its own: no other host's, and it has the loopback
// ones beside them. A name is no other host's.
func (n *Network) AddHost(name string, addrs ...netip.Addr) (*Host, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, h := range n.hosts {
		if h.name == name {
			return nil, fmt.Errorf("simulated: there is a host %q already", name)
		}
	}
	for _, a := range addrs {
		if other := n.byAddr[a]; other != nil {
			return nil, fmt.Errorf("simulated: %v is the address of host %q already", a, other.name)
		}
		if !a.IsValid() || a.IsLoopback() || a.IsUnspecified() || a.IsMulticast() {
			return nil, fmt.Errorf("simulated: %v cannot be the address of a host", a)
		}
	}
	h := &Host{network: n, name: name, number: len(n.hosts), addrs: addrs, links: map[*Host]*Link{}, stack: n.stack,
		names: map[string]*pathName{}}
	for _, a := range addrs {
		n.byAddr[a] = h
	}
	n.hosts = append(n.hosts, h)
	return h, nil
}

// tell tells of something that has happened.
func (n *Network) tell(h Happening) {
	if n.told != nil {
		h.When = n.now
		n.told(h)
	}
}
