package simulation

import (
	"testing"

	"github.com/go-asyncio/asyncio/internal/trace"
)

// mostRemembered is how many events of the first run Check can show.
const mostRemembered = 1 << 20

// Check runs f twice with one seed, as [Test] would, and fails unless both runs went the same
// way: it names the first event or draw that differs, with those before it and after it. It says
// nothing of what f reports by Errorf and the like, but that both runs reported the same.
//
// What makes runs part is a choice that is not drawn from the seed: the order of a map or of a
// select, time.Now outside of [Test]'s bubble, math/rand's own functions, goroutines of the
// program's that do not wait for each other, variables that the first run has changed.
func Check(t *testing.T, f func(w *World), opts ...Option) {
	t.Helper()
	c := configOf(opts)
	seed := c.seedOf(t)
	var base *trace.Baseline
	first, one := recorded(t, seed, func(r *trace.Recorder) { base = r.Remember(mostRemembered) }, f, opts)
	second, two := recorded(t, seed, func(r *trace.Recorder) { r.Compare(base) }, f, opts)
	switch d := second.Difference(true); {
	case d != nil:
		t.Errorf("simulation: Check: seed %d: %v", seed, d)
	case first.Sum() != second.Sum():
		t.Errorf("simulation: Check: seed %d: the runs have the fingerprints %016x and %016x", seed, first.Sum(), second.Sum())
	case one != two:
		t.Errorf("simulation: Check: seed %d: the runs went the same way, and reported different things:\n%s\nand\n%s", seed, one, two)
	}
}

// recorded is one run, of which a recorder hears, and how it failed.
func recorded(t *testing.T, seed uint64, prepare func(*trace.Recorder), f func(w *World), opts []Option) (*trace.Recorder, string) {
	tr := trial{seed: seed, f: f, opts: opts, before: func(w *World) { prepare(&w.recorder.to) }}
	tr.run(t)
	return &tr.world.recorder.to, tr.failed
}
