package loopgroup

import (
	"log/slog"
	"runtime"
	"time"

	"github.com/go-asyncio/asyncio"
)

// Option changes how a group is made.
type Option func(*config)

// config is what the options say.
type config struct {
	loops   int
	factory func(i int) (asyncio.EventLoop, error)
	pinned  bool
	cpus    []int
	most    int           // replacements,
	within  time.Duration // in this time
	failed  func(LoopFailure)
	log     *slog.Logger
	grace   time.Duration
	abort   time.Duration
}

// maxLoops is what is surely a mistake above.
const maxLoops = 1024

// The times of a group whose options say no others.
const (
	defaultGrace = 5 * time.Second
	defaultAbort = time.Second
)

// WithLoops sets how many loops there are; otherwise as many as Go uses processors
// (runtime.GOMAXPROCS). Less than 1, and more than 1024, is an error of New.
func WithLoops(n int) Option { return func(c *config) { c.loops = n } }

// WithLoopFactory sets what makes loop number i, from 0 on, when the group is made and when
// the loop is replaced; otherwise it is asyncio.NewDefaultEventLoop. The loop is the
// group's, which runs and closes it. A factory may set the loop's exception handler, task
// factory, debug mode and so on.
func WithLoopFactory(factory func(i int) (asyncio.EventLoop, error)) Option {
	return func(c *config) { c.factory = factory }
}

// WithPinnedThreads keeps each loop on one thread of the system, as asyncio.WithPinnedThread
// does: loop i on processor cpus[i], from the beginning again if there are more loops than
// processors; without cpus on whichever. Not together with WithLoopFactory, which gives that
// option to the loops that it makes.
func WithPinnedThreads(cpus ...int) Option {
	return func(c *config) { c.pinned, c.cpus = true, cpus }
}

// WithReplacement has a loop that dies replaced by another one, as long as there are not more
// than most replacements of all loops together within a time; then, and without this option,
// the group is shut down, and its error is a *LoopError.
func WithReplacement(most int, within time.Duration) Option {
	return func(c *config) { c.most, c.within = most, within }
}

// WithFailureHandler sets who hears of a loop that has died, on a goroutine of the group's,
// before it is replaced or the group shut down; otherwise that is logged as an error.
func WithFailureHandler(f func(LoopFailure)) Option { return func(c *config) { c.failed = f } }

// WithLogger sets where the group logs; the default is slog.Default at the time. The loops
// have loggers of their own: asyncio.WithLogger.
func WithLogger(log *slog.Logger) Option { return func(c *config) { c.log = log } }

// WithGrace sets how long connections and work have to end when nobody says so by a context:
// when Run's is done, or when the group ends because a loop has died; otherwise 5 s. Zero is
// no time at all.
func WithGrace(d time.Duration) Option { return func(c *config) { c.grace = d } }

// WithAbortTime sets how long connections that are aborted and tasks that are cancelled may take
// at the end, and then again loops that are stopped, before they are left behind as blocked;
// otherwise a second.
func WithAbortTime(d time.Duration) Option { return func(c *config) { c.abort = d } }

// configOf is what options say, checked.
func configOf(opts []Option) (config, error) {
	const op = "New"
	c := config{loops: runtime.GOMAXPROCS(0), grace: defaultGrace, abort: defaultAbort}
	for _, o := range opts {
		o(&c)
	}
	switch {
	case c.loops < 1 || c.loops > maxLoops:
		return c, invalid(op, "WithLoops(%d): it takes 1 to %d", c.loops, maxLoops)
	case c.most < 0 || c.within < 0:
		return c, invalid(op, "WithReplacement(%d, %v): neither may be negative", c.most, c.within)
	case c.grace < 0:
		return c, invalid(op, "WithGrace(%v): a negative time; 0 is no time at all", c.grace)
	case c.abort <= 0:
		return c, invalid(op, "WithAbortTime(%v): loops need some time to stop", c.abort)
	case c.factory != nil && c.pinned:
		return c, invalid(op, "WithPinnedThreads with WithLoopFactory: give asyncio.WithPinnedThread to the loops that the factory makes")
	case c.factory == nil && c.pinned:
		kind, err := defaultKind()
		if err != nil {
			return c, opError(op, err)
		}
		c.factory = func(i int) (asyncio.EventLoop, error) { return pinnedLoop(kind, c.cpus, i) }
	case c.factory == nil:
		c.factory = func(int) (asyncio.EventLoop, error) { return asyncio.NewDefaultEventLoop() }
	}
	return c, nil
}

// logger is where the group logs.
func (c *config) logger() *slog.Logger {
	if c.log != nil {
		return c.log
	}
	return slog.Default()
}

// defaultKind finds out which kind of loop asyncio.NewDefaultEventLoop makes.
func defaultKind() (string, error) {
	loop, err := asyncio.NewDefaultEventLoop()
	if err != nil {
		return "", err
	}
	b, err := asyncio.LoopBackend(loop)
	if closeErr := loop.Close(); err == nil {
		err = closeErr
	}
	return b.Kind, err
}

// pinnedLoop makes loop number i on a thread, and a processor, of its own.
func pinnedLoop(kind string, cpus []int, i int) (asyncio.EventLoop, error) {
	pin := asyncio.WithPinnedThread()
	if len(cpus) > 0 {
		pin = asyncio.WithPinnedThread(cpus[i%len(cpus)])
	}
	if kind == "proactor" {
		return asLoop(asyncio.NewProactorEventLoop(nil, pin))
	}
	return asLoop(asyncio.NewSelectorEventLoop(nil, pin))
}

// asLoop has no loop be none as an interface, too.
func asLoop[L asyncio.EventLoop](loop L, err error) (asyncio.EventLoop, error) {
	if err != nil {
		return nil, err
	}
	return loop, nil
}
