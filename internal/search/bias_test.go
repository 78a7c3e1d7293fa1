package search

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio/internal/engine/simulated"
)

// dice is a Chance by seed.
type dice struct{ *rand.Rand }

func newDice(seed uint64) dice { return dice{rand.New(rand.NewPCG(seed, 0))} }

// N implements simulated.Chance.
func (d dice) N(_ simulated.Kind, n int64) int64 { return d.Int64N(n) }

// draws are many draws of all kinds.
func draws(c simulated.Chance) (all []int64) {
	turns, _ := c.(Turns)
	for i := range int64(4000) {
		kind := simulated.Kind(i) % simulated.Kinds
		n := []int64{1, 2, 7, 400001, simulated.Shares}[i/int64(simulated.Kinds)%5]
		if kind == simulated.Turn && turns != nil {
			hosts := []int{0, 1, 2, 3, 4, 5}[i%4:]
			all = append(all, int64(turns.Turn(hosts)))
			n = int64(len(hosts))
		} else {
			all = append(all, c.N(kind, n))
		}
		if got := all[len(all)-1]; got < 0 || got >= n {
			panic("a draw that is none of the possibilities")
		}
	}
	return all
}

// TestSameDraws: the same seed gives the same draws in each mode, another one others.
func TestSameDraws(t *testing.T) {
	t.Parallel()
	for m := range Modes {
		for seed := range uint64(50) {
			one, two := draws(Biased(newDice(seed), m)), draws(Biased(newDice(seed), m))
			if !slices.Equal(one, two) {
				t.Fatalf("%v: seed %d draws in two ways", m, seed)
			}
			if slices.Equal(one, draws(Biased(newDice(seed+1000), m))) {
				t.Fatalf("%v: seeds %d and %d draw the same", m, seed, seed+1000)
			}
		}
	}
}

// TestModes: each mode has a name, and is found by it; a mixed one is all others.
func TestModes(t *testing.T) {
	t.Parallel()
	for m := range Modes {
		if got, err := ParseMode(m.String()); got != m || err != nil || m.String() == "" {
			t.Errorf("%d: %v, %v", m, got, err)
		}
	}
	if _, err := ParseMode("odd"); err == nil {
		t.Error("there is a mode odd")
	}
	var met [3]bool
	for seed := range uint64(60) {
		switch Biased(newDice(seed), Mixed).(type) {
		case dice:
			met[0] = true
		case *priorities:
			met[1] = true
		case *swarm:
			met[2] = true
		}
	}
	if met != [3]bool{true, true, true} {
		t.Errorf("mixed are %v", met)
	}
}

// TestPriorities: one host goes on until it cannot, but for at most five times; and messages
// of a quick run are late that seldom.
func TestPriorities(t *testing.T) {
	t.Parallel()
	changed := 0
	for seed := range uint64(100) {
		p := newPriorities(newDice(seed))
		hosts := []int{0, 1, 2}
		last, changes := p.Turn(hosts), 0
		for range 40000 {
			if now := p.Turn(hosts); now != last {
				last = now
				changes++
			}
		}
		if changes > 5 {
			t.Errorf("seed %d: another host's turn %d times", seed, changes)
		}
		changed += changes
		q := newPriorities(newDice(seed))
		q.quick = true
		slow := 0
		for range 40000 {
			if q.N(simulated.Latency, 1000) != 0 {
				slow++
			}
			if q.N(simulated.Latency, simulated.Shares) != simulated.Shares-1 {
				t.Fatal("a tail happens")
			}
		}
		if slow == 0 || slow > 5 {
			t.Errorf("seed %d: %d of 40000 messages are late", seed, slow)
		}
	}
	if changed < 100 {
		t.Errorf("only %d changes in 100 runs", changed)
	}
}

// TestSwarm: over the seeds each kind is drawn in each way; what a program draws for itself,
// ports and failures are always even.
func TestSwarm(t *testing.T) {
	t.Parallel()
	for kind := range simulated.Kinds {
		var never, often, between int
		for seed := range uint64(200) {
			s := newSwarm(newDice(seed))
			most := 0
			for range 1000 {
				if s.N(kind, 1000) == 999 {
					most++
				}
			}
			switch {
			case most == 0 && s.style[kind] == quietly:
				never++
			case most > 300:
				often++
			default:
				between++
			}
		}
		if is := slices.Contains(styled, kind); is != (never > 10) || is != (often > 10) || between < 10 {
			t.Errorf("kind %d: quiet %d times, extreme %d times, else %d times", kind, never, often, between)
		}
	}
}

// TestSubsets: of several kinds some are chosen, never none, and each about half of the time.
func TestSubsets(t *testing.T) {
	t.Parallel()
	var met [6]int
	for seed := range uint64(400) {
		some := newSwarm(newDice(seed)).Some(len(met))
		if len(some) == 0 || !slices.IsSorted(some) {
			t.Fatalf("seed %d: %v", seed, some)
		}
		for _, i := range some {
			met[i]++
		}
		if one := newSwarm(newDice(seed)).Some(1); !slices.Equal(one, []int{0}) {
			t.Fatalf("seed %d: of one kind %v", seed, one)
		}
	}
	for i, n := range met {
		if n < 150 || n > 250 {
			t.Errorf("kind %d is there %d times of 400", i, n)
		}
	}
}

// TestDelays: hosts are held up seldom, by priorities at most five times, and in some runs of a
// swarm never.
func TestDelays(t *testing.T) {
	t.Parallel()
	never, often := 0, 0
	for seed := range uint64(200) {
		p := newPriorities(newDice(seed))
		held := 0
		for range 40000 {
			if p.Delay() > 0 {
				held++
			}
		}
		if held == 0 || held > 5 {
			t.Errorf("seed %d: held up %d times", seed, held)
		}
		s := newSwarm(newDice(seed))
		held = 0
		for range 1000 {
			switch d := s.Delay(); {
			case d < 0 || d > time.Second:
				t.Fatalf("seed %d: held up for %v", seed, d)
			case d > 0:
				held++
			}
		}
		switch {
		case held == 0:
			never++
		case held > 900:
			often++
		}
	}
	if never < 20 || often < 20 {
		t.Errorf("of 200 swarms %d never hold up, and %d each time", never, often)
	}
}
