package simulation

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/go-asyncio/asyncio/internal/engine/simulated"
	"github.com/go-asyncio/asyncio/internal/search"
)

// sources draw evenly from a seed. Each kind of choice has a source of its own, so that one
// more draw of one kind changes none of another.
type sources [simulated.Kinds]*rand.Rand

func newSources(seed uint64) *sources {
	s := &sources{}
	for k := range s {
		s[k] = rand.New(rand.NewPCG(seed, 0x9e3779b97f4a7c15*uint64(k+1)))
	}
	return s
}

// N implements simulated.Chance.
func (s *sources) N(kind simulated.Kind, n int64) int64 {
	if n <= 1 {
		return 0
	}
	return s[kind].Int64N(n)
}

// chance is what a world draws from. The recorder hears of each draw. Whoever runs has the turn,
// so that it needs no lock.
type chance struct {
	recorder *recorder
	even     *sources
	from     simulated.Chance // even, or what draws in another way
}

func newChance(seed uint64, r *recorder) *chance {
	c := &chance{recorder: r, even: newSources(seed)}
	c.from = c.even
	return c
}

// bias has choices be drawn in a mode; "" is evenly.
func (c *chance) bias(mode string) error {
	if mode == "" {
		return nil
	}
	m, err := search.ParseMode(mode)
	if err != nil {
		return fmt.Errorf("simulation: WithMode: %w", err)
	}
	c.from = search.Biased(c.even, m)
	return nil
}

// N implements simulated.Chance.
func (c *chance) N(kind simulated.Kind, n int64) int64 {
	if n <= 1 {
		return 0
	}
	drawn := c.from.N(kind, n)
	c.recorder.drew(kind, n, drawn)
	return drawn
}

// happens draws whether something of a share happens.
func (c *chance) happens(kind simulated.Kind, share float64) bool {
	return share > 0 && c.N(kind, simulated.Shares) < int64(share*simulated.Shares)
}

// turn draws which of several hosts goes on, by their numbers in ascending order.
func (c *chance) turn(hosts []int) int {
	turns, ranked := c.from.(search.Turns)
	if !ranked {
		return int(c.N(simulated.Turn, int64(len(hosts))))
	}
	drawn := turns.Turn(hosts)
	c.recorder.drew(simulated.Turn, int64(len(hosts)), int64(drawn))
	return drawn
}

// some draws which of several kinds of faults there are in this run; all of them, unless the
// mode says otherwise.
func some[T any](c *chance, kinds []T) []T {
	subsets, any := c.from.(search.Subsets)
	if !any {
		return kinds
	}
	chosen := subsets.Some(len(kinds))
	left := make([]T, len(chosen))
	for i, k := range chosen {
		left[i] = kinds[k]
		c.recorder.drew(simulated.Fault, int64(len(kinds)), int64(k))
	}
	return left
}

// delay draws for how long a host is held up that could go on.
func (c *chance) delay() time.Duration {
	delays, any := c.from.(search.Delays)
	if !any {
		return 0
	}
	drawn := delays.Delay()
	if drawn > 0 {
		c.recorder.drew(simulated.Turn, 0, int64(drawn))
	}
	return drawn
}

// userSource is the source of what a program draws itself.
type userSource struct{ chance *chance }

// Uint64 implements rand.Source.
func (s userSource) Uint64() uint64 {
	return s.chance.even[simulated.User].Uint64()
}
