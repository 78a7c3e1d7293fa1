package asyncio

import (
	"log/slog"
	"time"

	"github.com/go-asyncio/asyncio/internal/netaddr"
	"github.com/go-asyncio/asyncio/internal/sched"
)

// LoopOption changes how a loop is made.
type LoopOption func(*loopConfig)

type loopConfig struct {
	self   EventLoop
	pinned bool
	cpus   []int // to which it is pinned; none: whichever
	debug  *bool
	log    *slog.Logger
	clock  sched.Clock // nil: the system's

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
