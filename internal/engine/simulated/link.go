package simulated

import "time"

// Link is one direction between two hosts, or between a host and itself. Its conditions may be
// changed at any time, by Network.Change; what is under way already comes as it was to.
type Link struct {
	Conditions
	from, to *Host
	free     time.Duration // when what was sent before has gone, by the bandwidth
	ordered  time.Duration // when the last datagram arrives that none overtakes but by chance
}

// Conditions are those under which a link works.
type Conditions struct {
	Latency   Spread
	Bandwidth int64   // bytes a second; 0: no limit
	Loss      float64 // the share of datagrams that are lost, and of a stream's segments that must be sent again
	Duplicate float64 // the share of datagrams that come twice
	Reorder   float64 // the share of datagrams that are held up, so that later ones overtake them
	Down      bool    // nothing passes; it is lost
	Stalled   bool    // nothing passes; it comes when that is over
}

// Spread is a length of time that is drawn: evenly between Least and Most, and with chance
// Tail up to ten times of Most.
type Spread struct {
	Least, Most time.Duration
	Tail        float64
}

// Usual are the conditions of a link nobody has said anything of: those of a quiet local
// network.
func Usual() Conditions {
	return Conditions{Latency: Spread{Least: 100 * time.Microsecond, Most: 500 * time.Microsecond}}
}

// scale is how finely shares are drawn.
const scale = 1 << 30

// happens draws whether something of a share happens.
func (n *Network) happens(kind Kind, share float64) bool {
	return share > 0 && n.chance.N(kind, scale) < int64(share*scale)
}

// draw draws a length of time.
func (n *Network) draw(s Spread) time.Duration {
	least, most := s.Least, max(s.Least, s.Most)
	if n.happens(Latency, s.Tail) {
		least, most = most, 10*most
	}
	if most == least {
		return least
	}
	return least + time.Duration(n.chance.N(Latency, int64(most-least)+1))
}

// SetUsual sets the conditions of all links that are made from now on. With the network's
// lock held.
func (n *Network) SetUsual(c Conditions) { n.usual = c }

// Link is the direction from one host to another. With the network's lock held.
func (n *Network) Link(from, to *Host) *Link {
	l := from.links[to]
	if l == nil {
		l = &Link{from: from, to: to, Conditions: n.usual}
		if from == to {
			l.Conditions = Conditions{} // a host reaches itself at once
		}
		from.links[to] = l
	}
	return l
}

// passes is when so many bytes that are sent now have gone, by the bandwidth.
func (l *Link) passes(bytes int) time.Duration {
	now := l.from.network.now
	if l.Bandwidth <= 0 {
		return now
	}
	l.free = max(l.free, now) + time.Duration((int64(bytes)*int64(time.Second)+l.Bandwidth-1)/l.Bandwidth)
	return l.free
}
