package simulation

import (
	"strings"
	"time"

	"github.com/go-asyncio/asyncio/internal/engine/simulated"
)

// Conditions are those under which a direction between two hosts works.
type Conditions struct {
	Latency   Spread  // how long each message is under way
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
	Tail        float64 // a share, 0 to 1
}

// Between is a Spread without a tail.
func Between(least, most time.Duration) Spread { return Spread{Least: least, Most: most} }

// DefaultConditions are those under which links work of which nobody has said anything: a
// quiet local network's.
func DefaultConditions() Conditions { return conditionsOf(simulated.Usual()) }

// conditionsOf are the conditions of the network's.
func conditionsOf(c simulated.Conditions) Conditions {
	return Conditions{Spread(c.Latency), c.Bandwidth, c.Loss, c.Duplicate, c.Reorder, c.Down, c.Stalled}
}

// network are the conditions as the network has them.
func (c Conditions) network() simulated.Conditions {
	return simulated.Conditions{
		Latency: simulated.Spread(c.Latency), Bandwidth: c.Bandwidth,
		Loss: c.Loss, Duplicate: c.Duplicate, Reorder: c.Reorder, Down: c.Down, Stalled: c.Stalled,
	}
}

// SetDefaultConditions sets the conditions of all links of which nobody has said others, from
// now on, and may be called before any host is made.
func (w *World) SetDefaultConditions(c Conditions) {
	w.do(func() {
		w.network.Change(func() {
			w.network.SetUsual(c.network())
			for _, a := range w.hosts {
				for _, b := range w.hosts {
					if k := (pair{a, b}); a != b && !w.spoken[k] {
						w.network.Link(a.machine, b.machine).Conditions = c.network()
					}
				}
			}
		})
	})
}

// Stack is how a host's system does its part of the network: what it has room for, and when
// it gives up. The zero value of a field is the default.
type Stack struct {
	SendBuffer     int // bytes of a connection that wait to be sent, at most; 64 KiB
	ReceiveBuffer  int // bytes of a connection that were sent and not read, at most; 64 KiB
	DatagramBuffer int // bytes of datagrams that wait to be received, at most, 512 more for each; 208 KiB
	Backlog        int // connections that wait to be accepted, at most, whatever a server says; 4096

	// Whole has a read or a write do all that it could; else some do a part, which is drawn.
	Whole bool

	// ConnectTimeout is when a connect that nobody answers has failed; 127 s, as on Linux.
	ConnectTimeout time.Duration

	// GiveUp is when a connection has failed over which nothing that is sent arrives; 15
	// minutes, as on Linux.
	GiveUp time.Duration
}

// pair is one direction.
type pair struct{ from, to *Host }

// Link is both directions between two hosts, or one of them.
type Link struct {
	world *World
	ways  []pair
}

// Link is what is between two hosts, in both directions.
func (w *World) Link(a, b *Host) Link { return Link{w, []pair{{a, b}, {b, a}}} }

// OneWay is the direction from one host to another.
func (w *World) OneWay(from, to *Host) Link { return Link{w, []pair{{from, to}}} }

// Change changes the conditions, of each direction by a call of f, from now on; what is under
// way comes as it was to.
func (l Link) Change(f func(c *Conditions)) {
	l.world.do(func() { l.change("link", f) })
}

func (l Link) change(what string, f func(c *Conditions)) {
	w := l.world
	for _, k := range l.ways {
		w.spoken[k] = true
		w.network.Change(func() {
			link := w.network.Link(k.from.machine, k.to.machine)
			c := conditionsOf(link.Conditions)
			f(&c)
			link.Conditions = c.network()
		})
		w.recorder.told(simulated.Happening{When: w.driver.now, Host: k.from.name, What: what, Peer: k.to.name})
	}
}

// Set sets the conditions.
func (l Link) Set(c Conditions) { l.Change(func(now *Conditions) { *now = c }) }

// Cut has nothing pass any more: it is lost. Heal ends it.
func (l Link) Cut() {
	l.world.do(func() { l.change("cut", func(c *Conditions) { c.Down = true }) })
}

// Stall has nothing pass any more: it comes when Heal ends that.
func (l Link) Stall() {
	l.world.do(func() { l.change("stall", func(c *Conditions) { c.Stalled = true }) })
}

// Heal ends Cut and Stall.
func (l Link) Heal() {
	l.world.do(func() { l.change("heal", func(c *Conditions) { c.Down, c.Stalled = false, false }) })
}

// Partition cuts the network into groups: nothing passes from a host of one to a host of
// another. Hosts that are in no group are one together. Heal ends it.
func (w *World) Partition(groups ...[]*Host) {
	w.do(func() {
		group := map[*Host]int{}
		for i, g := range groups {
			for _, h := range g {
				group[h] = i + 1
			}
		}
		for _, a := range w.hosts {
			for _, b := range w.hosts {
				if group[a] != group[b] {
					w.OneWay(a, b).change("cut", func(c *Conditions) { c.Down = true })
				}
			}
		}
	})
}

// Heal ends all partitions, cuts and stalls.
func (w *World) Heal() {
	w.do(func() {
		clear(w.harms)
		for _, a := range w.hosts {
			for _, b := range w.hosts {
				var broken bool
				w.network.Change(func() {
					c := w.network.Link(a.machine, b.machine).Conditions
					broken = c.Down || c.Stalled
				})
				if broken {
					w.OneWay(a, b).change("heal", func(c *Conditions) { c.Down, c.Stalled = false, false })
				}
			}
		}
	})
}

// names are those of hosts, for texts.
func names(hosts []*Host) string {
	all := make([]string, len(hosts))
	for i, h := range hosts {
		all[i] = h.name
	}
	return strings.Join(all, ",")
}
