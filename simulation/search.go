package simulation

import (
	"cmp"
	"flag"
	"fmt"
	"math"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio/internal/search"
)

// Modes of [Search], for [WithMode].
const (
	// Even draws evenly.
	Even = "even"
	// Priorities has hosts go on by a rank that is drawn, and messages come as quickly as can
	// be, but for a few moments (PCT).
	Priorities = "pct"
	// Swarm draws for each kind of choice whether it is even, quiet or extreme in this run.
	Swarm = "swarm"
	// Mixed is one of the others, drawn from the seed.
	Mixed = "mixed"
)

// WithMode sets how choices are drawn, by [Test] and [Run] evenly without it, by [Search] in
// mixed mode. The flag -simulation.mode goes before it.
func WithMode(mode string) Option { return func(c *config) { c.mode = mode } }

// WithSeeds sets how many seeds [Search] tries, 100 without it. The flag -simulation.seeds
// goes before it.
func WithSeeds(n int) Option { return func(c *config) { c.search.seeds = n } }

// WithDuration has [Search] try seeds for so long, in real time, and not a number of them. The
// flag -simulation.for goes before it.
func WithDuration(d time.Duration) Option { return func(c *config) { c.search.duration = d } }

// withFaults has only some of the faults happen that were planned: see -simulation.faults.
func withFaults(faults string) Option { return func(c *config) { c.faults = faults } }

// configOf is what options say.
func configOf(opts []Option) config {
	c := config{}
	c.apply(opts)
	return c
}

// apply sets what options say, and what flags do, which go before them.
func (c *config) apply(opts []Option) {
	for _, o := range opts {
		o(c)
	}
	c.mode, c.faults = cmp.Or(flags.mode, c.mode), cmp.Or(flags.faults, c.faults)
}

// seedOf is the seed of a single run.
func (c *config) seedOf(t *testing.T) uint64 {
	t.Helper()
	seed := uint64(1)
	if c.seed != nil {
		seed = *c.seed
	}
	if flags.seed != "" {
		if _, err := fmt.Sscan(flags.seed, &seed); err != nil {
			t.Fatalf("simulation: -simulation.seed=%s is no seed: a number from 0 to 18446744073709551615", flags.seed)
		}
	}
	return seed
}

// searchConfig is the part of config that Search alone asks for.
type searchConfig struct {
	seeds    int
	duration time.Duration
}

// usualSeeds is how many seeds are tried if nobody says otherwise.
const usualSeeds = 100

// searchFlags are the flags of searches.
type searchFlags struct {
	seed     string
	seeds    int
	duration time.Duration
	from     uint64
	mode     string
	faults   string
	html     string
	shrink   time.Duration
}

var flags searchFlags

func init() {
	if !testing.Testing() {
		return // a program has flags of its own
	}
	flag.StringVar(&flags.seed, "simulation.seed", "", "the seed of simulations, in place of the test's own")
	flag.IntVar(&flags.seeds, "simulation.seeds", 0, "how many seeds simulation.Search tries")
	flag.Uint64Var(&flags.from, "simulation.from", 0, "the seed with which simulation.Search begins")
	flag.DurationVar(&flags.duration, "simulation.for", 0, "for how long simulation.Search tries seeds")
	flag.StringVar(&flags.mode, "simulation.mode", "", "how simulations draw: even, pct, swarm or mixed")
	flag.StringVar(&flags.faults, "simulation.faults", "", "which of the planned faults happen: as simulation.Search tells it")
	flag.DurationVar(&flags.shrink, "simulation.shrink", 30*time.Second, "for how long simulation.Search leaves out planned faults that a failure does not need")
	flag.StringVar(&flags.html, "simulation.html", "", "the folder for the traces of simulations, as text and as pages")
}

// Search tries f with one seed after the other, as [Test] would, on all cores, until it fails or
// enough were tried: by WithSeeds and WithDuration, or the flags -simulation.seeds and
// -simulation.for. It begins with the seed of WithSeed, else with 1.
//
// When it fails, the test fails, and says with which seed; which of the faults that were planned
// are needed for that, the fewest and shortest that a bounded number of further runs finds; where
// the trace is, as text and as a page of HTML; and the command that repeats it. With the flag
// -simulation.seed that seed alone is run, in the test's own process.
//
// Seeds are tried in processes of their own, each the test's program once more with this test
// alone: what f leaves in variables, what ends the process, and crypto/rand are then one run's
// and not all runs'. Of several seeds that fail the lowest is told.
func Search(t *testing.T, f func(w *World), opts ...Option) {
	t.Helper()
	pkg := callerPackage()
	opts = append([]Option{WithMode(Mixed)}, opts...)
	c := configOf(opts)
	if _, err := search.ParseMode(c.mode); err != nil {
		t.Fatalf("simulation: Search: %v", err)
	}
	if job := childJob(t); job != nil {
		if err := job.run(t, f, opts); err != nil {
			t.Fatalf("simulation: Search: %v", err)
		}
		return
	}
	if flags.seed != "" {
		test(t, pkg, f, opts)
		return
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatalf("simulation: Search: %v", err)
	}
	s := &searching{t: t, f: f, opts: opts, program: program, mode: c.mode, first: 1, seeds: usualSeeds, parallel: runtime.GOMAXPROCS(0)}
	if c.seed != nil {
		s.first = *c.seed
	}
	if flags.from > 0 {
		s.first = flags.from
	}
	s.limits(c.search)
	found, err := s.search()
	switch {
	case err != nil:
		t.Fatalf("simulation: Search: %v", err)
	case found != nil:
		s.report(found, pkg)
	default:
		rest := ""
		if s.cut && s.tried < s.seeds {
			rest = "; no more, since the test has a deadline: see -timeout"
		}
		t.Logf("simulation: %d seeds from %d in mode %s, none fails%s", s.tried, s.first, c.mode, rest)
	}
}

// limits sets how long is searched: the flags go before what the program says.
func (s *searching) limits(c searchConfig) {
	duration := c.duration
	if flags.duration > 0 {
		duration = flags.duration
	}
	switch {
	case flags.seeds > 0:
		s.seeds = flags.seeds
	case flags.duration > 0 || duration > 0 && c.seeds <= 0:
		s.seeds = math.MaxInt
	case c.seeds > 0:
		s.seeds = c.seeds
	}
	s.end = time.Now().Add(1000 * time.Hour)
	if duration > 0 {
		s.end = time.Now().Add(duration)
	}
	if deadline, limited := s.t.Deadline(); limited {
		// What is found must still be told.
		if room := time.Until(deadline); s.end.After(deadline.Add(-room / 4)) {
			s.end, s.cut = deadline.Add(-room/4), true
		}
	}
}

// describe says how a run was made.
func describe(seed uint64, mode, faults string) string {
	text := fmt.Sprintf("seed %d, mode %s", seed, mode)
	if faults != "" {
		text += ", faults " + faults
	}
	return text
}
