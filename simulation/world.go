package simulation

import (
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/engine/simulated"
	"github.com/go-asyncio/asyncio/internal/goroutine"
)

// World is a network of hosts in virtual time. [Test] and [Run] make one and give it to their
// function, which adds hosts, starts them, and has time pass. What happens is drawn from the
// seed and depends on nothing else.
//
// Unless a method says otherwise, it is called by that function, on its goroutine, or by what
// runs on a host. What would change the world while a host runs, a crash, a partition, is
// put off in the latter case until the host has ended its pass.
type World struct {
	seed     uint64
	config   config
	chance   *chance
	network  *simulated.Network
	driver   *driver
	names    nameService
	user     *rand.Rand
	start    time.Time // of virtual time
	recorder recorder
	report
	faults faultChoice
	ending bool // the hosts that are left are being ended

	hosts  []*Host // in the order in which they were made
	byName map[string]*Host
	harms  map[pair]*harmed
	spoken map[pair]bool // directions of which conditions were said
}

// config is what options have said.
type config struct {
	start   time.Time
	limit   time.Duration
	passes  uint64
	foreign bool
	seed    *uint64
	mode    string // how choices are drawn; "": evenly
	faults  string // which of the planned faults happen; "": all
	search  searchConfig
}

// Option changes how a world is made.
type Option func(*config)

// WithStart sets the time at which virtual time begins: 2000-01-01 in UTC if nobody says
// otherwise, as in testing/synctest. In [Test] it is the bubble's, and the option changes
// World.Now and Host.Now alone, not package time's.
func WithStart(t time.Time) Option { return func(c *config) { c.start = t } }

// WithLimit sets how much virtual time [World.Run] and [World.RunUntil] may take before they
// fail: a program that never ends is an error, which shows the tasks of all hosts. Without it
// they take a day at most.
func WithLimit(d time.Duration) Option { return func(c *config) { c.limit = max(d, 0) } }

// WithPasses sets how many passes the loops of all hosts may make together, before the world
// fails as with [WithLimit]. Without it there is no limit, but one for a program that never
// ends and lets no time pass: a million passes at one moment.
func WithPasses(n uint64) Option { return func(c *config) { c.passes = n } }

// WithForeignGoroutines allows goroutines that are none of the simulation's to hand things to
// the loops of hosts. When they do is then not drawn from the seed, and the world promises no
// more that a run can be repeated.
func WithForeignGoroutines() Option { return func(c *config) { c.foreign = true } }

// WithSeed sets the seed that [Test] takes unless the flag -simulation.seed says another.
func WithSeed(seed uint64) Option { return func(c *config) { c.seed = &seed } }

// defaultLimit is the limit of virtual time if nobody says otherwise.
const defaultLimit = 24 * time.Hour

// newWorld makes a world whose function runs on the calling goroutine.
func newWorld(seed uint64, tb tester, bubble bool, opts []Option) *World {
	w := &World{seed: seed, byName: map[string]*Host{}, spoken: map[pair]bool{}, harms: map[pair]*harmed{}, config: config{
		start: time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), limit: defaultLimit,
	}}
	w.config.apply(opts)
	w.start = w.config.start
	w.chance = newChance(seed, &w.recorder)
	w.user = rand.New(userSource{w.chance})
	w.report.init(tb)
	if err := w.chance.bias(w.config.mode); err != nil {
		w.breakDown(err)
	}
	var err error
	if w.faults, err = chooseFaults(w.config.faults); err != nil {
		w.breakDown(err)
	}
	w.driver = newDriver(w, bubble)
	w.network = simulated.New(simulated.Config{Chance: w.chance, Driver: w.driver, Told: w.recorder.told})
	w.recorder.now = w.driver.time
	w.names.init(w)
	return w
}

// Seed is what everything that was left to chance is drawn from.
func (w *World) Seed() uint64 { return w.seed }

// Rand draws from the seed, for the program: use it in place of the functions of math/rand.
func (w *World) Rand() *rand.Rand { return w.user }

// Elapsed is how much virtual time has passed.
func (w *World) Elapsed() time.Duration { return w.network.Now() }

// Now is the world's time, which no host need have the same.
func (w *World) Now() time.Time { return w.start.Add(w.Elapsed()) }

// Hash is a fingerprint of all that has happened so far: two runs with the same seed have the
// same.
func (w *World) Hash() uint64 { return w.recorder.sum() }

// do changes the world: at once if the caller is the world's function, else when the host
// that runs now has ended its pass.
func (w *World) do(f func()) {
	d := w.driver
	if goroutine.ID() == d.home {
		f()
		return
	}
	d.mu.Lock()
	d.todo = append(d.todo, f)
	d.news.Store(true)
	d.mu.Unlock()
}

// at has f done at a time of the network's, between two turns.
func (w *World) at(when time.Duration, f func()) (cancel func()) {
	return w.network.At(when, func() { w.driver.later(f) })
}

// Hosts are those of the world, in the order in which they were made.
func (w *World) Hosts() []*Host { return append([]*Host(nil), w.hosts...) }

// HostOption changes how a host is made.
type HostOption func(*hostConfig)

type hostConfig struct {
	loop  []asyncio.LoopOption
	addrs []netip.Addr
	skew  time.Duration
	drift float64
	stack simulated.Stack
}

// WithAddrs gives a host these addresses. Without it, it has one of 10.0.0.0/8 and one of
// fd00::/64.
func WithAddrs(addrs ...netip.Addr) HostOption {
	return func(c *hostConfig) { c.addrs = append(c.addrs, addrs...) }
}

// WithSkew has the host's clock go wrong by that much from the start; see [Host.SetSkew].
func WithSkew(d time.Duration) HostOption { return func(c *hostConfig) { c.skew = d } }

// WithDrift has the host's clock run faster by that share of time; see [Host.SetDrift].
func WithDrift(share float64) HostOption { return func(c *hostConfig) { c.drift = share } }

// WithStack sets how the host's system does its part of the network.
func WithStack(s Stack) HostOption { return func(c *hostConfig) { c.stack = simulated.Stack(s) } }

// WithLoopOptions has the host's loops made with these options. Debug mode is off unless they
// say otherwise, whatever the environment says.
func WithLoopOptions(opts ...asyncio.LoopOption) HostOption {
	return func(c *hostConfig) { c.loop = append(c.loop, opts...) }
}

// Host returns the host of that name, and makes it if there is none; options are for one that
// is made. The name is one that others can look up. What is wrong with a name or an address
// ends the world's function as Fatalf does.
func (w *World) Host(name string, opts ...HostOption) *Host {
	if h := w.byName[name]; h != nil {
		return h
	}
	w.mark.Helper()
	var c hostConfig
	for _, o := range opts {
		o(&c)
	}
	if len(c.addrs) == 0 {
		c.addrs = usualAddrs(len(w.hosts) + 1)
	}
	if name == "" {
		w.Fatalf("simulation: Host: the name is empty")
	}
	if c.drift <= -1 {
		w.Fatalf("simulation: Host: a drift of %v would stop the clock of %q, or have it run back; give one above -1", c.drift, name)
	}
	made, err := w.network.AddHost(name, c.addrs...)
	if err != nil {
		w.Fatalf("simulation: Host: %v", err)
	}
	h := &Host{world: w, name: name, number: len(w.hosts), machine: made, skew: c.skew, options: c.loop}
	h.rand = rand.New(userSource{w.chance})
	w.network.Change(func() {
		made.SetDrift(c.drift)
		made.SetStack(c.stack)
	})
	w.hosts = append(w.hosts, h)
	w.byName[name] = h
	return h
}

// usualAddrs are the addresses of the host of a number.
func usualAddrs(n int) []netip.Addr {
	four := netip.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)})
	six := netip.AddrFrom16([16]byte{0: 0xfd, 13: byte(n >> 16), 14: byte(n >> 8), 15: byte(n)})
	return []netip.Addr{four, six}
}
