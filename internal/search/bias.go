package search

import (
	"fmt"
	"slices"
	"time"

	"github.com/go-asyncio/asyncio/internal/engine/simulated"
)

// Mode is how draws are biased: an even draw seldom makes what is extreme, and failures like
// extremes.
type Mode uint8

// The modes.
const (
	// Mixed is one of the others, drawn first of all.
	Mixed Mode = iota
	// Even draws evenly.
	Even
	// Priorities gives hosts a rank and has the first that can go on, go on; all is as quick
	// and as orderly as it can be, but for a few moments, drawn, at which the host whose turn
	// it would be gets the last rank or is held up, or a message is as late as can be (PCT:
	// few events out of order suffice for most failures, and few places are likelier to be met
	// than many).
	Priorities
	// Swarm draws, for each kind of draws, whether it is even, quiet, extreme, or in turns:
	// what one kind does too often hides what another one would do.
	Swarm
	// Modes is how many there are.
	Modes
)

var modeNames = [Modes]string{Mixed: "mixed", Even: "even", Priorities: "pct", Swarm: "swarm"}

// String is the mode's name.
func (m Mode) String() string { return modeNames[m] }

// ParseMode is the mode of a name.
func ParseMode(name string) (Mode, error) {
	if i := slices.Index(modeNames[:], name); i >= 0 {
		return Mode(i), nil
	}
	return 0, fmt.Errorf("there is no mode %q; there are %q", name, modeNames)
}

// Delays is what a Chance may be in addition: it says for how long a host is held up that
// could go on now, as by what else its machine does. Without that a pass takes no time, and
// two things happen to one host within a few passes only if they do at the same nanosecond.
type Delays interface{ Delay() time.Duration }

// Subsets is what a Chance may be in addition: it says which of n kinds of faults there are in
// this run, at least one, in order.
type Subsets interface{ Some(n int) []int }

// Turns is what a Chance may be in addition: it is told which hosts could go on, by their
// numbers, and says which of them does.
type Turns interface{ Turn(hosts []int) int }

// Biased draws from a Chance in a mode. What it draws depends on nothing else.
func Biased(from simulated.Chance, m Mode) simulated.Chance {
	if m == Mixed {
		m = Even + Mode(from.N(simulated.User, int64(Modes-Even)))
	}
	switch m {
	case Priorities:
		return newPriorities(from)
	case Swarm:
		return newSwarm(from)
	}
	return from
}

// quiet is the draw that is least of a surprise: nothing happens, nothing takes time.
func quiet(n int64) int64 {
	if n == simulated.Shares {
		return n - 1
	}
	return 0
}

// loud is the draw that is most of one.
func loud(n int64) int64 { return n - 1 - quiet(n) }

// priorities draws as Priorities says.
type priorities struct {
	from   simulated.Chance
	rank   []int64 // of hosts: the highest goes on
	low    int64   // the lowest rank so far
	step   int64
	change []int64 // at which steps something is out of order, the next one last
	quick  bool    // messages take as little time as can be
}

func newPriorities(from simulated.Chance) *priorities {
	p := &priorities{from: from, quick: from.N(simulated.User, 2) == 0}
	// How long the run will be is not known; that it is in one of these orders of
	// magnitude is likely.
	length := int64(8) << from.N(simulated.User, 12)
	for range 1 + from.N(simulated.User, 5) {
		p.change = append(p.change, from.N(simulated.User, length))
	}
	slices.Sort(p.change)
	slices.Reverse(p.change)
	return p
}

// N implements simulated.Chance.
func (p *priorities) N(kind simulated.Kind, n int64) int64 {
	if kind != simulated.Latency {
		return p.from.N(kind, n)
	}
	if n > 1 && n != simulated.Shares && p.changes() {
		return loud(n)
	}
	if p.quick {
		return quiet(n)
	}
	return p.from.N(kind, n)
}

// Delay implements Delays.
func (p *priorities) Delay() time.Duration {
	if !p.changes() {
		return 0
	}
	return delay(p.from, 1<<6, 10)
}

// delay is a length of time: at least that many microseconds, doubled less than so many times,
// each as likely.
func delay(from simulated.Chance, least, doubled int64) time.Duration {
	most := least << from.N(simulated.Turn, doubled)
	return time.Duration(most+from.N(simulated.Turn, most)) * time.Microsecond
}

// changes counts a step, and tells whether something is out of order there.
func (p *priorities) changes() bool {
	p.step++
	changes := false
	for i := len(p.change) - 1; i >= 0 && p.change[i] < p.step; i-- {
		p.change, changes = p.change[:i], true
	}
	return changes
}

// Turn implements Turns.
func (p *priorities) Turn(hosts []int) int {
	if len(hosts) < 2 {
		return 0
	}
	best := p.best(hosts)
	if p.changes() {
		p.low--
		p.rank[hosts[best]] = p.low
		best = p.best(hosts)
	}
	return best
}

// best is the one of the hosts with the highest rank.
func (p *priorities) best(hosts []int) int {
	best := 0
	for i, h := range hosts {
		for len(p.rank) <= h {
			p.rank = append(p.rank, 1+p.from.N(simulated.Turn, 1<<30))
		}
		if p.rank[h] > p.rank[hosts[best]] {
			best = i
		}
	}
	return best
}

// style is how Swarm draws one kind.
type style uint8

const (
	evenly style = iota
	quietly
	loudly
	inTurns // quietly for a while, then loudly for a while
	styles
)

// swarm draws as Swarm says.
type swarm struct {
	from   simulated.Chance
	style  [simulated.Kinds]style
	loud   [simulated.Kinds]bool  // in turns: which it is
	remain [simulated.Kinds]int64 // and for how many draws
	delays style
}

// styled are the kinds whose extremes mean something.
var styled = []simulated.Kind{
	simulated.Turn, simulated.Order, simulated.Latency, simulated.Loss, simulated.Duplicate, simulated.Piece, simulated.Cost,
}

func newSwarm(from simulated.Chance) *swarm {
	s := &swarm{from: from}
	for _, k := range styled {
		s.style[k] = style(from.N(simulated.User, int64(styles)))
	}
	s.delays = style(from.N(simulated.User, int64(styles)))
	return s
}

// Delay implements Delays.
func (s *swarm) Delay() time.Duration {
	switch s.delays {
	case evenly: // each pass takes a little
		return time.Duration(s.from.N(simulated.Turn, 50_000))
	case loudly: // one in a while
		if s.from.N(simulated.Turn, 32) == 0 {
			return delay(s.from, 1<<6, 8)
		}
	case inTurns: // few, and long
		if s.from.N(simulated.Turn, 256) == 0 {
			return delay(s.from, 1<<10, 8)
		}
	}
	return 0
}

// N implements simulated.Chance.
func (s *swarm) N(kind simulated.Kind, n int64) int64 {
	if n <= 1 {
		return 0
	}
	switch s.style[kind] {
	case quietly:
		return quiet(n)
	case loudly:
		return s.extreme(kind, n)
	case inTurns:
		if s.remain[kind]--; s.remain[kind] < 0 {
			s.loud[kind] = !s.loud[kind]
			s.remain[kind] = 1 + s.from.N(kind, 64)
		}
		if !s.loud[kind] {
			return quiet(n)
		}
		return s.extreme(kind, n)
	}
	return s.from.N(kind, n)
}

// Some implements Subsets: half of the kinds, on average.
func (s *swarm) Some(n int) (some []int) {
	for i := range n {
		if s.from.N(simulated.Fault, 2) == 0 {
			some = append(some, i)
		}
	}
	if some == nil && n > 0 {
		some = []int{int(s.from.N(simulated.Fault, int64(n)))}
	}
	return some
}

// extreme is every other time the loudest draw, and else an even one: what is lost
// each time never arrives.
func (s *swarm) extreme(kind simulated.Kind, n int64) int64 {
	if s.from.N(kind, 2) == 0 {
		return loud(n)
	}
	return s.from.N(kind, n)
}
