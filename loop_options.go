package asyncio

import (
	"log/slog"
	"time"

	"github.com/go-asyncio/asyncio/internal/netaddr"
)

// LoopOption changes how a loop is made.
type LoopOption func(*loopConfig)

type loopConfig struct {
	self   EventLoop
	pinned bool
	cpus   []int // to which it is pinned; none: whichever
	debug  *bool
	log    *slog.Logger
	clock  Clock // nil: the system's

	names netaddr.Names // a Resolver; nil: the system's

	blockedAfter time.Duration
}

// WithSelf tells a loop who embeds it: GetRunningLoop returns outer, and tasks
// and the loop itself call its overrides.
func WithSelf(outer EventLoop) LoopOption { return func(c *loopConfig) { c.self = outer } }

// WithPinnedThread keeps the loop on one thread of the system, and on the given
// processors if any are named (Linux only: elsewhere the first run fails with
// errors.ErrUnsupported). Waking it from other goroutines then takes some 20 us
// instead of one, and everything else is a little slower; use it for code that
// needs its own thread.
func WithPinnedThread(cpus ...int) LoopOption {
	return func(c *loopConfig) { c.pinned, c.cpus = true, cpus }
}

// WithDebug sets debug mode, whatever ASYNCIO_DEBUG says: see docs/debug.md.
func WithDebug(on bool) LoopOption { return func(c *loopConfig) { c.debug = &on } }

// WithLogger sets where the loop logs; the default is slog.Default at the time.
func WithLogger(log *slog.Logger) LoopOption { return func(c *loopConfig) { c.log = log } }

// WithClock gives the loop another clock than the system's: EventLoop.Time shows it, and
// all that waits for a time on the loop goes by it. How long a wait for the system lasts is
// then the difference between two times of the clock, so it is one that goes as fast as real
// time, unless it is a VirtualClock. What waits on another goroutine, and package time's and
// context's timers, go by real time as before.
func WithClock(clock Clock) LoopOption { return func(c *loopConfig) { c.clock = clock } }
