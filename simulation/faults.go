package simulation

import (
	"fmt"
	"strings"
	"time"

	"github.com/go-asyncio/asyncio/internal/engine/simulated"
)

// FaultKind is what goes wrong.
type FaultKind string

// What can go wrong.
const (
	FaultPartition FaultKind = "partition" // nothing passes between the hosts and the others
	FaultOneWay    FaultKind = "one-way"   // nothing passes from the first host to the second
	FaultStall     FaultKind = "stall"     // what is sent between the two hosts comes only when it is over
	FaultLoss      FaultKind = "loss"      // between the hosts and all others, the share is lost
	FaultCrash     FaultKind = "crash"     // the host crashes, and is restarted
	FaultPause     FaultKind = "pause"     // nothing of the host's goes on
)

// Fault is something that goes wrong for a while.
type Fault struct {
	Kind  FaultKind
	At    time.Duration // when it begins, from when it is planned
	For   time.Duration // how long it lasts
	Hosts []*Host       // whom it meets: two of FaultOneWay and FaultStall, one of FaultCrash and FaultPause
	Share float64       // what is lost, of FaultLoss
}

// String is the fault on one line.
func (f Fault) String() string {
	hosts := names(f.Hosts)
	switch f.Kind {
	case FaultOneWay:
		hosts = strings.Join(strings.Split(hosts, ","), " > ")
	case FaultStall:
		hosts = strings.Join(strings.Split(hosts, ","), " - ")
	case FaultLoss:
		hosts += fmt.Sprintf(" (%.0f%%)", 100*f.Share)
	}
	return fmt.Sprintf("at %v for %v: %s %s", f.At, f.For, f.Kind, hosts)
}

// check is what is wrong with a fault.
func (f Fault) check() error {
	want := -1
	switch f.Kind {
	case FaultOneWay, FaultStall:
		want = 2
	case FaultCrash, FaultPause:
		want = 1
	case FaultPartition, FaultLoss:
	default:
		return fmt.Errorf("simulation: Faults: there is no fault %q", f.Kind)
	}
	if want >= 0 && len(f.Hosts) != want {
		return fmt.Errorf("simulation: Faults: %s is of %d hosts, and %d are given", f.Kind, want, len(f.Hosts))
	}
	if f.Share < 0 || f.Share > 1 {
		return fmt.Errorf("simulation: Faults: %s: a share is between 0 and 1, not %v", f.Kind, f.Share)
	}
	return nil
}

// Faults plans faults: each happens at its time, counted from now, and is over by itself.
// Those of one kind may overlap. [Search] finds out which of them a failure needs.
func (w *World) Faults(faults ...Fault) {
	w.mark.Helper()
	for _, f := range faults {
		if err := f.check(); err != nil {
			w.Fatalf("%v", err)
		}
	}
	w.do(func() {
		now := w.driver.now
		for _, f := range faults {
			d, happens := w.faults.next(f.For, func(d time.Duration) string {
				f.For = d
				return f.String()
			})
			if !happens {
				continue
			}
			f.For = d
			w.at(now+f.At, func() { w.harm(f, true) })
			w.at(now+f.At+f.For, func() { w.harm(f, false) })
		}
	})
}

// FaultPlan says what faults are drawn.
type FaultPlan struct {
	Hosts   []*Host       // whom they may meet; nil: all hosts
	Kinds   []FaultKind   // nil: all kinds
	Within  time.Duration // they begin within so much time from now; 0: ten seconds
	Count   int           // how many there are at most; 0: eight
	Longest time.Duration // and how long each lasts at most; 0: a second
}

// RandomFaults draws faults from the seed, plans them as [World.Faults] does, and returns them.
func (w *World) RandomFaults(p FaultPlan) []Fault {
	w.mark.Helper()
	if p.Hosts == nil {
		p.Hosts = w.Hosts()
	}
	if p.Kinds == nil {
		p.Kinds = []FaultKind{FaultPartition, FaultOneWay, FaultStall, FaultLoss, FaultCrash, FaultPause}
	}
	if p.Within <= 0 {
		p.Within = 10 * time.Second
	}
	if p.Count <= 0 {
		p.Count = 8
	}
	if p.Longest <= 0 {
		p.Longest = time.Second
	}
	if len(p.Hosts) == 0 {
		w.Fatalf("simulation: RandomFaults: there is no host that could be met")
	}
	p.Kinds = some(w.chance, p.Kinds)
	faults := make([]Fault, w.fault(p.Count+1))
	for i := range faults {
		faults[i] = w.drawFault(p)
	}
	w.Faults(faults...)
	return faults
}

// fault draws a number below n.
func (w *World) fault(n int) int { return int(w.chance.N(simulated.Fault, int64(n))) }

// drawFault draws one.
func (w *World) drawFault(p FaultPlan) Fault {
	f := Fault{
		Kind: p.Kinds[w.fault(len(p.Kinds))],
		At:   time.Duration(w.fault(int(p.Within/time.Millisecond)+1)) * time.Millisecond,
		For:  time.Duration(1+w.fault(int(p.Longest/time.Millisecond))) * time.Millisecond,
	}
	hosts := append([]*Host(nil), p.Hosts...)
	for i := range hosts {
		j := i + w.fault(len(hosts)-i)
		hosts[i], hosts[j] = hosts[j], hosts[i]
	}
	many := 1
	switch f.Kind {
	case FaultOneWay, FaultStall:
		many = 2
	case FaultPartition:
		many = 1 + w.fault(max(len(hosts)/2, 1))
	case FaultLoss:
		f.Share = float64(1+w.fault(50)) / 100
	}
	if many > len(hosts) { // there is nobody to be cut off from
		f.Kind, many = FaultPause, 1
	}
	f.Hosts = hosts[:many]
	return f
}

// harm begins a fault, or ends it.
func (w *World) harm(f Fault, begins bool) {
	switch f.Kind {
	case FaultOneWay:
		w.harmWay(pair{f.Hosts[0], f.Hosts[1]}, f, begins)
	case FaultStall:
		w.harmWay(pair{f.Hosts[0], f.Hosts[1]}, f, begins)
		w.harmWay(pair{f.Hosts[1], f.Hosts[0]}, f, begins)
	case FaultPartition, FaultLoss:
		among := map[*Host]bool{}
		for _, h := range f.Hosts {
			among[h] = true
		}
		for _, a := range w.hosts {
			for _, b := range w.hosts {
				if among[a] != among[b] {
					w.harmWay(pair{a, b}, f, begins)
				}
			}
		}
	case FaultCrash:
		w.harmHost(f.Hosts[0], begins)
	case FaultPause:
		if begins {
			f.Hosts[0].Pause(f.For)
		}
	}
}

// harmHost crashes a host, or restarts it, unless the world's function has done so already.
func (w *World) harmHost(h *Host, begins bool) {
	switch down := h.life != nil && h.life.seat.killed.Load(); {
	case begins && h.Running():
		h.Crash()
	case !begins && down:
		h.Restart()
	}
}

// verb is what a trace calls that something happens to a direction.
func (k FaultKind) verb(begins bool) string {
	switch {
	case k == FaultStall && begins:
		return "stall"
	case k == FaultStall:
		return "unstall"
	case k == FaultLoss:
		return "loss"
	case begins:
		return "cut"
	}
	return "heal"
}

// harmed is how many faults meet a direction.
type harmed struct {
	cut, stalled, lossy int
	loss                float64 // without faults
}

// harmWay begins a fault in one direction, or ends it.
func (w *World) harmWay(k pair, f Fault, begins bool) {
	h := w.harms[k]
	if h == nil {
		h = &harmed{}
		w.harms[k] = h
	}
	count := &h.cut
	switch f.Kind {
	case FaultStall:
		count = &h.stalled
	case FaultLoss:
		count = &h.lossy
	}
	if begins {
		*count++
	} else {
		*count = max(*count-1, 0)
	}
	w.OneWay(k.from, k.to).change(f.Kind.verb(begins), func(c *Conditions) {
		switch f.Kind {
		case FaultStall:
			c.Stalled = h.stalled > 0
		case FaultLoss:
			if begins && h.lossy == 1 {
				h.loss = c.Loss
			}
			c.Loss = h.loss
			if h.lossy > 0 {
				c.Loss = max(h.loss, f.Share)
			}
		default:
			c.Down = h.cut > 0
		}
	})
}
