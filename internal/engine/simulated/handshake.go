package simulated

import (
	"net/netip"
	"time"
)

// askAgain is how long a connect waits for an answer first; twice as long each time after.
const askAgain = time.Second

// connect begins to connect a socket of its own, bound or not, to an address.
func (s *socket) connect(ip netip.Addr, port uint16) error {
	h := s.host
	to, source, err := h.route(ip)
	if err != 0 && err != errNoHost {
		return err
	}
	if to == h && (ip.IsUnspecified() || !ip.IsValid()) {
		ip = source
	}
	switch {
	case s.v6only && ip.Is4():
		return errNoNetwork
	case to != h && s.bound.ip.IsLoopback():
		return errInvalid
	}
	if err := s.bindFor(source); err != nil {
		return err
	}
	c := new(connection)
	e := &c[0]
	e.host, e.socket, e.peer, e.begun = h, s, &c[1], h.network.now
	e.local = s.local
	e.remote = addrOf(netip.AddrPortFrom(ip, port), s.family)
	s.end = e
	if err == errNoHost {
		return s.unreachable()
	}
	c[1] = end{host: to, peer: e, state: asked, dead: true, local: e.remote, remote: e.local}
	e.out.begin(e, &c[1], h.network.Link(h, to))
	e.note("connect")
	c[1].out.begin(&c[1], e, h.network.Link(to, h))
	e.begin()
	e.timer.do = e.unanswered
	h.network.put(&e.timer, min(askAgain, h.stack.ConnectTimeout))
	e.ask()
	if e.failed != 0 {
		return s.connecting()
	}
	return errInProgress // as every system says, however soon it is over
}

// connecting is how a connect that has begun stands: errInProgress if it goes on.
func (s *socket) connecting() error {
	switch e := s.end; {
	case e.failed != 0:
		s.end = nil // it may be tried again
		return e.takeFailure()
	case e.state == open || e.dead:
		return nil
	}
	return errInProgress
}

// unreachable has a connect fail that nobody is there for.
func (s *socket) unreachable() error {
	e, n := s.end, s.host.network
	*e.peer = end{host: s.host, peer: e, dead: true}
	e.out.begin(e, e.peer, nil)
	e.peer.out.begin(e.peer, e, nil)
	e.timer.do = func() { e.fail(errNoHost) }
	n.put(&e.timer, n.draw(n.usual.Latency))
	return errInProgress
}

// ask sends what asks for the connection. Whether it comes back nobody knows but the timer.
func (e *end) ask() {
	n := e.network()
	e.asks++
	s := n.segment(&e.out, syn, 0)
	if e.out.loses(s) {
		n.release(s)
		return
	}
	e.out.fly(s)
}

// unanswered asks again, unless that is under way or its answer is, or gives up.
func (e *end) unanswered() {
	n := e.network()
	limit := e.begun + e.host.stack.ConnectTimeout
	if n.now >= limit {
		e.fail(errTimedOut)
		return
	}
	n.putAt(&e.timer, min(n.now+askAgain<<min(e.asks, 20), limit))
	if e.peer.dead && e.out.flight.first == nil {
		e.ask()
	} else {
		e.asks++
	}
}

// opened is that of the end that asked.
func (e *end) opened() {
	e.state = open
	e.watchIdle()
	e.note("connected")
	e.changed()
}

// note tells of something of the connection, seen from this end.
func (e *end) note(what string) {
	if n := e.network(); n.told != nil {
		n.tell(Happening{Host: e.host.name, What: what, Peer: e.peer.host.name, Text: e.out.name()})
	}
}

// wasAsked is the arrival of what asks, at an end that is nobody's yet.
func (e *end) wasAsked() {
	if !e.dead {
		return // it has agreed before
	}
	at := pointOf(e.local)
	l := e.host.listenerAt(at.Addr(), at.Port())
	switch {
	case l == nil:
		e.note("refuse")
		e.out.refuse()
	case len(l.queue)+l.asked > l.backlog:
		e.note("drop")
	default:
		e.dead, e.failed, e.state, e.listener = false, 0, asked, l
		e.local, e.remote = addrOf(at, l.family), addrOf(pointOf(e.remote), l.family)
		l.asked++
		e.begun, e.asks = e.network().now, 0
		e.timer.do = e.unconfirmed
		e.begin()
		e.agree()
	}
}

// agree answers who asked, and again until that is confirmed.
func (e *end) agree() {
	e.network().put(&e.timer, askAgain<<min(e.asks, 20))
	e.asks++
	e.out.sign(synAck)
}

// unconfirmed agrees again, or gives up.
func (e *end) unconfirmed() {
	switch {
	case e.network().now >= e.begun+e.host.stack.ConnectTimeout:
		e.fail(errTimedOut)
	case e.out.unsent.first == nil && e.out.flight.first == nil:
		e.agree()
	default:
		e.network().put(&e.timer, askAgain)
	}
}

// arrivedAtListener is the arrival of what makes the connection: it waits to be accepted.
func (e *end) arrivedAtListener() {
	l := e.listener
	if !l.listening {
		e.abort() // it was closed
		return
	}
	e.state = open
	e.network().agenda.remove(&e.timer)
	l.asked--
	l.queue = append(l.queue, e)
	l.changed()
}
