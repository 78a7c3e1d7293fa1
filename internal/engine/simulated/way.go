package simulated

import "time"

// Times of what is sent again, as Linux has them.
const (
	firstAgain   = 200 * time.Millisecond
	longestAgain = 120 * time.Second
	probeEvery   = 5 * time.Second
)

// way is one direction of a connection. What is written waits in unsent until the other end
// has room for it, is in flight while it is under way, and then is the other end's:
//
//	write ─▶ unsent ──room──▶ flight ──latency──▶ in ─▶ read
//	            ▲                │                       │
//	            └──── missed ────┘    room, announced ───┘
//
// room is what the sender knows of: what has been read is announced, which takes the way
// back, once it is a quarter of the buffer.
type way struct {
	from, to *end
	link     *Link // nil: a unix socket's, which nothing disturbs
	label    string
	unsent   segments
	queued   int // bytes in unsent
	flight   segments
	room     int
	last     time.Duration // when the last of those in flight arrives: none overtakes another

	again appointment   // what was missed is sent again
	tries int           // how often that was in vain
	since time.Duration // when it began
	probe appointment   // whether there is room meanwhile, if there was none

	read      int // bytes that were read and not announced
	announced int // bytes whose announcement is under way
	announce  appointment
}

// begin makes a way ready that nothing has gone.
func (w *way) begin(from, to *end, l *Link) {
	w.from, w.to, w.link = from, to, l
	w.room = to.host.stack.ReceiveBuffer
	w.again.do, w.probe.do, w.announce.do = w.resend, w.probed, w.announcedNow
}

func (w *way) network() *Network { return w.from.host.network }

// name is what a trace calls it.
func (w *way) name() string {
	if w.label == "" {
		w.label = w.from.local.String() + " > " + w.from.remote.String()
	}
	return w.label
}

// put takes bytes to be sent.
func (w *way) put(p []byte) {
	w.queued += len(p)
	for len(p) > 0 {
		s := w.unsent.last
		if s == nil || s.kind != data || s.stop == len(s.buf) {
			s = w.network().segment(w, data, len(p))
			w.unsent.push(s)
		}
		n := copy(s.buf[s.stop:], p)
		s.stop += n
		s.sum = 0
		p = p[n:]
	}
}

// sign takes a segment without bytes to be sent, and sends what can be.
func (w *way) sign(k kind) {
	w.unsent.push(w.network().segment(w, k, 0))
	w.pump()
}

// pump sends what can be sent.
func (w *way) pump() {
	for s := w.unsent.first; s != nil && w.again.id == 0; s = w.unsent.first {
		if size := s.size(); size > w.room {
			if w.room <= 0 {
				break
			}
			w.split(s)
		}
		w.depart(s)
	}
	w.from.changed()
}

// split leaves in the first of unsent what there is room for, and puts the rest behind it.
func (w *way) split(s *segment) {
	rest := w.network().segment(w, data, s.size()-w.room)
	rest.stop = copy(rest.buf, s.bytes()[w.room:])
	s.stop, s.sum = s.start+w.room, 0
	if rest.next = s.next; rest.next == nil {
		w.unsent.last = rest
	}
	s.next = rest
}

// depart sends the first of unsent.
func (w *way) depart(s *segment) {
	size := s.size()
	if w.loses(s) {
		w.missed()
		return
	}
	w.unsent.pop()
	w.queued -= size
	w.room -= size
	w.fly(s)
}

// passes draws whether something that is sent now arrives.
func (w *way) passes() bool {
	return w.link == nil || !w.link.Down && !w.network().happens(Loss, w.link.Loss)
}

// loses draws whether a segment that is sent now does not arrive.
func (w *way) loses(s *segment) bool {
	if w.passes() {
		return false
	}
	w.tellGoing(s)
	w.network().tellOf("lost", s, w.from.host, w.to.host)
	return true
}

// tellGoing tells that a segment goes.
func (w *way) tellGoing(s *segment) {
	n := w.network()
	n.ids++
	s.id = n.ids
	n.tellOf(verbs[s.kind], s, w.from.host, w.to.host)
}

// fly has a segment be under way.
func (w *way) fly(s *segment) {
	w.tellGoing(s)
	w.flight.push(s)
	if w.link == nil || !w.link.Stalled {
		w.launch(s)
		return
	}
	s.held = true
	w.network().hold(w.link, func() {
		if s.held {
			s.held = false
			w.launch(s)
		}
	})
}

// launch has a segment that is in flight arrive when it can.
func (w *way) launch(s *segment) {
	n := w.network()
	if w.link == nil {
		s.arrived()
		return
	}
	when := max(w.link.passes(s.size())+n.draw(w.link.Latency), w.last)
	w.last = when
	if when <= n.now && w.flight.first == s {
		s.arrived()
		return
	}
	n.putAt(&s.appointment, when)
}

// missed has what is unsent be sent again later, and later each time.
func (w *way) missed() {
	n := w.network()
	if w.tries == 0 {
		w.since = n.now
	}
	wait := min(firstAgain<<min(w.tries, 20), longestAgain)
	w.tries++
	n.put(&w.again, min(wait, max(w.since+w.from.patience()-n.now, 0)))
}

// resend sends again what was missed, or gives up.
func (w *way) resend() {
	n := w.network()
	if n.now >= w.since+w.from.patience() {
		w.from.fail(errTimedOut)
		return
	}
	if s := w.unsent.first; s != nil {
		n.tellOf("resend", s, w.from.host, w.to.host)
		if s.size() > 0 && w.room <= 0 {
			w.probed()
			return
		}
	}
	w.pump()
}

// returned puts what is in flight back: it came to where nobody is, or says so.
func (w *way) returned() {
	n := w.network()
	var back segments
	for w.flight.first != nil {
		s := w.flight.pop()
		n.agenda.remove(&s.appointment)
		s.held = false
		n.tellOf("lost", s, w.to.host, w.from.host)
		if w.from.dead || s.kind == reset || s.kind == syn {
			n.release(s)
			continue
		}
		w.queued += s.size()
		w.room += s.size()
		back.push(s)
	}
	w.unsent.prepend(back)
	if w.unsent.first != nil && w.again.id == 0 {
		w.missed()
	}
}

// discard forgets what is unsent: nobody wants it sent any more.
func (w *way) discard() {
	n := w.network()
	for w.unsent.first != nil {
		n.release(w.unsent.pop())
	}
	w.queued = 0
	n.agenda.remove(&w.again)
	n.agenda.remove(&w.probe)
}

// refuse says that there is no such connection at its beginning, and reports whether that is
// under way.
func (w *way) refuse() bool {
	w.discard()
	n := w.network()
	s := n.segment(w, reset, 0)
	if w.loses(s) {
		n.release(s)
		w.to.out.doubt()
		return false
	}
	w.fly(s)
	return true
}

// consumed notes that bytes were read at its end, and announces the room if it is worth it.
func (w *way) consumed(bytes int) {
	w.read += bytes
	if w.read >= max(w.to.host.stack.ReceiveBuffer/4, 1) && w.announced == 0 && !w.from.dead {
		w.announceRoom()
	}
}

// announceRoom sends how much was read the way back.
func (w *way) announceRoom() {
	n := w.network()
	w.announced, w.read = w.read, 0
	back := w.to.out.link
	if back == nil {
		w.announcedNow()
		return
	}
	switch {
	case !w.to.out.passes():
		w.read, w.announced = w.announced, 0
		w.doubt() // and the sender asks for it
	case back.Stalled:
		n.hold(back, w.announcedNow)
	default:
		if d := n.draw(back.Latency); d > 0 {
			n.put(&w.announce, d)
			return
		}
		w.announcedNow()
	}
}

// announcedNow has the sender know of room.
func (w *way) announcedNow() {
	w.room += w.announced
	w.announced = 0
	if w.from.host.down || w.from.dead {
		return
	}
	w.pump()
	w.consumed(0)
}

// doubt has a sender who waits for room ask for it by and by: what would have told of it, or of
// the end, may not come. (A system asks all the time. Here nothing is to happen by itself while
// two wait for each other, so that this is noticed.)
func (w *way) doubt() {
	if w.link != nil && !w.from.dead && w.probe.id == 0 {
		w.network().put(&w.probe, probeEvery)
	}
}

// probed asks for room, and finds out whether there is anybody.
func (w *way) probed() {
	n := w.network()
	switch {
	case w.unsent.first == nil || w.from.dead || w.room > 0 || w.again.id != 0:
	case w.link.Stalled || w.to.out.link.Stalled:
		n.put(&w.probe, probeEvery)
	case w.to.host.down || !w.passes() || !w.to.out.passes():
		w.missed() // as any segment would be
	case w.to.knowsNot(data):
		if w.to.kill(0); !w.to.out.refuse() {
			w.missed()
		}
	default:
		w.tries = 0
		w.room, w.read = w.room+w.read, 0
		w.pump()
	}
}
