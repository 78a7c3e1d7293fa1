package simulated_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio/internal/engine/simulated"
)

// trip is a connection of a random history: what its client has sent comes back.
type trip struct {
	*attempt
	c         *conn
	want      []byte
	disturbed bool // it may fail
}

// disorder is a random history: clients of two hosts and an echo server of a third, and all
// that can happen to them.
type disorder struct {
	*lab
	seeded
	server *server
	echoes []*conn
	trips  []*trip
	down   [3]bool
}

// pick draws one of n.
func (d *disorder) pick(n int64) int { return int(d.N(0, n)) }

// open begins to serve.
func (d *disorder) open() {
	d.server = d.serve(2, 80, 3).accept()
	d.server.on = func(c *conn) {
		d.echoes = append(d.echoes, c)
		c.on = func(p []byte) { c.put(p) }
	}
}

// disturb notes that connections of a host may fail from now on.
func (d *disorder) disturb(host int) {
	for _, t := range d.trips {
		t.disturbed = t.disturbed || t.host == host || host == 2
	}
}

// dials begins a trip.
func (d *disorder) dials() {
	host := d.pick(2)
	if d.down[host] {
		return
	}
	t := &trip{attempt: d.dial(host, inet(d, addr4(2), 80)), want: pattern(1 + d.pick(20_000)), disturbed: d.down[2]}
	d.trips = append(d.trips, t)
}

// crashes has a host crash, or be up again.
func (d *disorder) crashes() {
	i := d.pick(3)
	d.disturb(i)
	if d.down[i] = !d.down[i]; d.down[i] {
		d.crash(i)
		return
	}
	d.restart(i)
	if i == 2 {
		d.open()
	}
}

// event is one thing that happens.
func (d *disorder) event() {
	client := d.pick(2)
	switch d.pick(12) {
	case 0, 1, 2, 3:
		d.dials()
	case 4:
		d.links(client, 2, func(c *simulated.Conditions) { c.Stalled = !c.Stalled })
	case 5:
		d.net.Change(func() {
			l := d.net.Link(d.hosts[2], d.hosts[client])
			l.Down = !l.Down
		})
	case 6:
		d.links(client, 2, func(c *simulated.Conditions) { c.Loss = float64(d.pick(3)) / 5 })
	case 7:
		d.disturb(client)
		d.net.Change(func() { d.net.Reset(d.hosts[2], d.hosts[client]) })
	case 8:
		d.crashes()
	case 9:
		if len(d.trips) > 0 {
			t := d.trips[d.pick(int64(len(d.trips)))]
			t.disturbed = true
			d.leave(t)
		}
	default:
		d.runFor(time.Duration(d.pick(1e9)))
	}
}

// leave closes a trip's client, however far it is.
func (d *disorder) leave(t *trip) {
	if t.c != nil {
		t.c.close()
	} else if t.fd != 0 {
		t.giveUp()
	}
}

// giveUp gives a connect up and closes its descriptor, once.
func (a *attempt) giveUp() {
	if a.cancel != nil {
		a.cancel()
	}
	_ = a.l.engines[a.host].Sockets().Close(a.fd) // which may be gone with a crash
	a.fd = 0
}

// proceed lets the trips go on that can.
func (d *disorder) proceed(steps int) {
	for range steps {
		for _, t := range d.trips {
			if t.over && t.err == nil && t.c == nil && t.fd != 0 && !t.disturbed {
				t.c = d.stream(t.host, t.fd)
				t.c.put(t.want)
			}
		}
		if !d.step() {
			return
		}
	}
}

// check wants of each trip what was sent, or if it was disturbed a part of that.
func (d *disorder) check() {
	for _, t := range d.trips {
		switch {
		case t.c == nil && !t.disturbed && t.err == nil:
			d.Errorf("a connect neither failed nor succeeded")
		case t.c == nil:
		case !bytes.HasPrefix(t.want, t.c.got):
			d.Errorf("other bytes came than were sent")
		case !t.disturbed && t.c.err == nil && t.c.serr == nil && len(t.c.got) < len(t.want):
			d.Errorf("%d bytes of %d came, and nothing failed", len(t.c.got), len(t.want))
		}
	}
}

// TestDisorder: random histories of faults; what comes is what was sent, all of it unless
// something failed, and nothing is left.
func TestDisorder(t *testing.T) {
	t.Parallel()
	for seed := uint64(1); seed <= 150; seed++ {
		d := &disorder{lab: newLab(t, 3, seed, nil), seeded: seeded(seed * 7919)}
		d.usual(simulated.Conditions{Latency: simulated.Spread{Least: 1e5, Most: 3e6, Tail: 0.1}})
		d.stacks(simulated.Stack{SendBuffer: 3000, ReceiveBuffer: 2500})
		d.open()
		for range 30 {
			d.event()
			d.proceed(d.pick(40))
		}
		for i, down := range d.down {
			if down {
				d.down[i] = false
				d.restart(i)
				if i == 2 {
					d.open()
				}
			}
		}
		for i := range 2 {
			d.links(i, 2, func(c *simulated.Conditions) { c.Stalled, c.Down, c.Loss = false, false, 0 })
		}
		d.proceed(1e6)
		d.check()
		for _, trip := range d.trips {
			d.leave(trip)
		}
		d.proceed(1e6)
		for _, c := range d.echoes {
			c.close()
		}
		d.must(d.server.ln.Close())
		d.empty()
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}
