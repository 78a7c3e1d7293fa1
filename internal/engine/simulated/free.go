package simulated

import "time"

// free is the Driver that lets every engine wait by itself, by the clock of package time:
// the network's time is that since the network was made.
type free struct {
	network *Network
	begun   time.Time
	timer   *time.Timer   // has happen what happens by itself; nil until there is something
	set     time.Duration // for when
}

func newFree(n *Network) *free { return &free{network: n, begun: time.Now(), set: Never} }

// now is what the network's time should be.
func (f *free) now() time.Duration { return time.Since(f.begun) }

// arm has the timer ring for the first of the agenda. The lock is held.
func (f *free) arm() {
	next := f.network.agenda.next()
	if next >= f.set {
		return
	}
	f.set = next
	if wait := next - f.now(); f.timer == nil {
		f.timer = time.AfterFunc(wait, f.ring)
	} else {
		f.timer.Reset(wait)
	}
}

// ring has happen what is due.
func (f *free) ring() {
	n := f.network
	n.mu.Lock()
	defer n.mu.Unlock()
	f.set = Never
	n.advance(f.now())
	f.arm()
}

// Pass implements Driver.
func (f *free) Pass(e *Engine, until time.Duration) {
	if e.Pending() {
		return
	}
	left := until - f.now()
	if left <= 0 {
		return
	}
	var out <-chan time.Time
	if until != Never {
		t := time.NewTimer(left)
		defer t.Stop()
		out = t.C
	}
	for !e.Pending() {
		select {
		case <-e.signal:
		case <-out:
			return
		}
	}
}

// Ready implements Driver.
func (*free) Ready(e *Engine) { e.rouse() }

// Woken implements Driver.
func (*free) Woken(e *Engine) { e.rouse() }

// rouse has a Pass look again.
func (e *Engine) rouse() {
	select {
	case e.signal <- struct{}{}:
	default:
	}
}

// catchUp has the network's time be the present, if it goes by itself. The lock is held.
func (n *Network) catchUp() {
	if n.free != nil {
		n.advance(n.free.now())
	} else if n.follow != nil {
		n.now = max(n.now, n.follow())
	}
}
