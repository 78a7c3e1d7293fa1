package simulated

// Crash has the host stop at once, as without power: its sockets vanish and nobody is told;
// what it has sent already arrives. Its engine is dead: every call answers ErrCrashed, and the
// Driver hears that it may go on, to unwind. Files of unix sockets stay. With the network's
// lock held.
func (h *Host) Crash() {
	if h.down {
		return
	}
	h.down = true
	h.lives++
	h.note("crash", "")
	for _, s := range h.all() {
		s.vanish()
		if s.end != nil {
			s.end.lost()
		}
		for _, e := range s.queue {
			e.lost()
		}
		s.queue = nil
	}
	for !h.ends.Empty() {
		h.ends.First().lost()
	}
	if e := h.engine; e != nil {
		h.engine = nil
		e.crashed.Store(true)
		h.network.driver.Ready(e)
	}
}

// Up has a host that has crashed be there again, with nothing of what it had. With the
// network's lock held.
func (h *Host) Up() {
	if h.down {
		h.down = false
		h.note("up", "")
	}
}

// Down reports whether the host has crashed and is not up again. With the network's lock
// held.
func (h *Host) Down() bool { return h.down }

// Reset has all connections between two hosts be reset, at both ends and at once, as a machine
// between them may do. With the network's lock held.
func (n *Network) Reset(a, b *Host) {
	n.tell(Happening{Host: a.name, What: "reset", Peer: b.name})
	var next *end
	for e := a.ends.First(); e != nil; e = next {
		next = a.ends.Next(&e.Node)
		if e.peer.host != b || e.state != open {
			continue
		}
		if next == e.peer {
			next = a.ends.Next(&next.Node) // a and b are one, and it goes with this one
		}
		e.peer.wasReset()
		e.wasReset()
	}
}

// lost has the end be no more, without a word.
func (e *end) lost() {
	e.kill(0)
	e.drop()
	e.socket = nil
	e.peer.out.doubt()
}
