package asyncio

import (
	"errors"
	"log/slog"
	"time"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/engine/readiness"
	"github.com/go-asyncio/asyncio/internal/identity"
	"github.com/go-asyncio/asyncio/internal/poller"
	"github.com/go-asyncio/asyncio/selectors"
)

// SelectorEventLoop is the event loop over a selector: it waits until
// descriptors are ready. Make one with NewSelectorEventLoop. Its methods are
// described at EventLoop. (asyncio.SelectorEventLoop)
type SelectorEventLoop struct {
	baseLoop
	selector selectors.Selector
}

// NewSelectorEventLoop makes a loop over s, or over the best selector that the
// machine has if s is nil. The loop owns s from now on and closes it, also if this
// fails. It needs some descriptors, those of the Go runtime's own poller included:
// what fails for want of them later is told as an error. Any goroutine may call it.
func NewSelectorEventLoop(s selectors.Selector, opts ...LoopOption) (*SelectorEventLoop, error) {
	const op = "NewSelectorEventLoop"
	err := poller.Start()
	if err != nil {
		if s != nil {
			err = errors.Join(err, s.Close())
		}
		return nil, opError(op, err)
	}
	why := chosenByProgram
	if s == nil {
		why = bestSelector
		if s, err = selectors.NewDefaultSelector(); err != nil {
			return nil, opError(op, err)
		}
	}
	eng, err := readiness.New(s)
	if err != nil {
		return nil, opError(op, errors.Join(err, s.Close()))
	}
	l := &SelectorEventLoop{selector: s}
	l.init(eng, l, opts)
	l.why = why
	return l, nil
}

// Selector returns the loop's selector, for information. Its registrations are
// the loop's to change.
func (l *SelectorEventLoop) Selector() selectors.Selector { return l.selector }

// LoopOption changes how a loop is made.
type LoopOption func(*loopConfig)

type loopConfig struct {
	self  EventLoop
	pin   *pinning
	debug *bool
	log   *slog.Logger

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
	return func(c *loopConfig) { c.pin = &pinning{cpus} }
}

// WithDebug sets debug mode, whatever ASYNCIO_DEBUG says: see docs/debug.md.
func WithDebug(on bool) LoopOption { return func(c *loopConfig) { c.debug = &on } }

// WithLogger sets where the loop logs; the default is slog.Default at the time.
func WithLogger(log *slog.Logger) LoopOption { return func(c *loopConfig) { c.log = log } }

// init puts a new loop together.
func (l *baseLoop) init(eng engine.Engine, self EventLoop, opts []LoopOption) {
	c := loopConfig{blockedAfter: blockedAfter}
	for _, o := range opts {
		o(&c)
	}
	l.eng, l.self = eng, self
	if c.self != nil {
		l.self, l.outer = c.self, true
	}
	l.pin, l.log = c.pin, c.log
	l.initDiagnostics()
	l.watch.limit = c.blockedAfter
	if c.debug != nil {
		l.debug.Store(*c.debug)
	}
	l.initScheduling()
	l.initTasks()
	tellSlowIdentity(l.logger(), identity.Quick, &slowIdentity)
	l.fate.Store(newFate())
}
