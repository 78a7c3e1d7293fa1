package simulated

import "time"

// Times of SO_KEEPALIVE, as Linux has them.
const (
	idleBefore   = 2 * time.Hour
	aliveEvery   = 75 * time.Second
	mostUnproven = 9 // of what asks whether there is anybody, unanswered in a row
)

// setKeepAlive has a connection without traffic be asked now and then whether the other end is
// there, or not any more.
func (s *socket) setKeepAlive(on bool) {
	s.keepAlive = on
	if s.end != nil && s.end.state == open {
		s.end.watchIdle()
	}
}

// watchIdle begins to wait for the connection to be idle, if its socket wants that.
func (e *end) watchIdle() {
	n := e.network()
	n.agenda.remove(&e.timer)
	if e.dead || e.out.link == nil || e.socket == nil || !e.socket.keepAlive {
		return
	}
	e.timer.do = e.idle
	e.asks = 0
	n.putAt(&e.timer, e.heard+idleBefore)
}

// idle asks, if nothing has come for so long.
func (e *end) idle() {
	n, other := e.network(), e.peer
	if e.heard+idleBefore > n.now && e.asks == 0 {
		e.watchIdle()
		return
	}
	switch {
	case e.out.link.Stalled || other.out.link.Stalled || other.host.down || !e.out.passes() || !other.out.passes():
		if e.asks++; e.asks > mostUnproven {
			e.fail(errTimedOut)
			return
		}
		n.put(&e.timer, aliveEvery)
	case other.dead:
		other.out.refuse()
	default:
		e.heard = n.now
		e.watchIdle()
	}
}
