package loopgroup

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/go-asyncio/asyncio"
)

// Group is several loops that are started, used and shut down together. Make one with New.
type Group struct {
	config

	ctx     context.Context // done when the group is to end: nothing new begins then
	cancel  context.CancelFunc
	hurry   context.Context // done when what is there may take no more time to end
	hurryUp context.CancelFunc
	done    chan struct{} // closed when the group is over

	creating chan struct{} // holds one value while servers are made on loops
	quiet    chan struct{} // gets one value when a loop's last piece of work has ended

	mu       sync.Mutex
	state    state
	members  []*member            // those that serve, by number
	living   map[*member]struct{} // those whose goroutine has not ended
	servers  map[*Server]struct{}
	keep     *keeper // nil until there is a server
	replaced []time.Time
	turn     int  // of the loops, for work
	cut      bool // something was there that had to be ended
	err      error
}

// state is how far a group has come.
type state int

const (
	made state = iota
	running
	stopping
)

// New makes a group, and its loops, which do not run yet: call Start or Run, or Close to let
// go of them. ErrInvalidArgument for options that make no sense; the error of a loop that
// cannot be made.
func New(opts ...Option) (_ *Group, err error) {
	c, err := configOf(opts)
	if err != nil {
		return nil, err
	}
	g := &Group{
		config: c, done: make(chan struct{}), creating: make(chan struct{}, 1), quiet: make(chan struct{}, 1),
		living: map[*member]struct{}{}, servers: map[*Server]struct{}{},
	}
	g.ctx, g.cancel = context.WithCancel(context.Background())
	g.hurry, g.hurryUp = context.WithCancel(context.Background())
	complete := false
	defer func() { // a factory may panic, or not return
		if !complete {
			err = errors.Join(err, g.closeLoops())
		}
	}()
	for i := range c.loops {
		loop, err := c.factory(i)
		if err == nil && loop == nil {
			err = invalid("New", "the loop factory returned nil for loop %d", i)
		}
		if err != nil {
			return nil, opError("New", fmt.Errorf("loop %d: %w", i, err))
		}
		g.members = append(g.members, newMember(i, loop))
	}
	complete = true
	return g, nil
}

// closeLoops closes loops that have never run.
func (g *Group) closeLoops() error {
	g.cancel()
	g.hurryUp()
	var errs []error
	for _, m := range g.members {
		m.end()
		errs = append(errs, m.Loop.Close())
	}
	return errors.Join(errs...)
}

// Start runs the loops, each on a goroutine. ErrInvalidState if they run already, ErrShutdown
// if the group is shut down.
func (g *Group) Start() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch g.state {
	case running:
		return opError("Start", asyncio.ErrInvalidState)
	case stopping:
		return opError("Start", ErrShutdown)
	}
	g.state = running
	for _, m := range g.members {
		g.launch(m)
	}
	return nil
}

// Run starts the group, if that is not done yet, and shuts it down when ctx is done: with the
// time of WithGrace for what is there to end. It returns when the group is over, for whatever
// reason, with the group's error: nil, a *LoopError, a *BlockedError, or both. It suspends or
// blocks.
func (g *Group) Run(ctx context.Context) error {
	if err := g.Start(); err != nil && !errors.Is(err, asyncio.ErrInvalidState) {
		return err
	}
	_, err := outside(context.WithoutCancel(ctx), "Run", func(left context.Context) (struct{}, error) {
		select {
		case <-ctx.Done():
		case <-left.Done():
		case <-g.ctx.Done():
		}
		g.beginEnd(nil, g.grace)
		<-g.done
		return struct{}{}, g.failure()
	}, nil)
	return err
}

// Shutdown stops accepting, refuses new work, and waits until the last connection and the last
// piece of work have ended. When ctx is done it aborts the connections, cancels all tasks of
// the loops, gives them the time of WithAbortTime, and returns ctx's error. Then the loops are
// closed. A loop
// that is still in a callback is left behind: *BlockedError. The error of a group that has
// ended already, by a *LoopError, is returned, too.
//
// It suspends or blocks. A coroutine of one of the group's loops would wait for itself: have a
// goroutine call it.
func (g *Group) Shutdown(ctx context.Context) error {
	const op = "Shutdown"
	g.beginEnd(nil, -1)
	stop := context.AfterFunc(ctx, g.hurryUp)
	defer stop()
	_, err := outside(context.WithoutCancel(ctx), op, func(context.Context) (struct{}, error) {
		<-g.done
		return struct{}{}, nil
	}, nil)
	if err != nil {
		return err
	}
	g.mu.Lock()
	cut := g.cut
	g.mu.Unlock()
	if err = g.failure(); cut && ctx.Err() != nil {
		err = errors.Join(opError(op, ctx.Err()), err)
	}
	return err
}

// Close is a Shutdown that gives nothing time to end: connections are aborted, tasks cancelled
// and loops closed. Closing again is harmless. It suspends or blocks.
func (g *Group) Close() error {
	g.hurryUp()
	return g.Shutdown(context.Background())
}

// Wait returns when the group is over, with its error, or ctx's if that is done first. It
// suspends or blocks.
func (g *Group) Wait(ctx context.Context) error {
	_, err := outside(ctx, "Wait", func(ctx context.Context) (struct{}, error) {
		select {
		case <-g.done:
			return struct{}{}, g.failure()
		case <-ctx.Done():
			return struct{}{}, ctx.Err()
		}
	}, nil)
	return err
}

// Done returns a channel that is closed when the group is over. Any goroutine may call it.
func (g *Group) Done() <-chan struct{} { return g.done }

// Len is how many loops the group has. Any goroutine may call it.
func (g *Group) Len() int { return g.loops }

// Loop returns loop number i, nil if there is none of that number. It may have been replaced a
// moment later. Any goroutine may call it, but most of the loop's methods are the loop's.
func (g *Group) Loop(i int) asyncio.EventLoop {
	if i < 0 || i >= g.loops {
		return nil
	}
	return g.member(i).Loop
}

// failure is why the group is over.
func (g *Group) failure() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.err
}

// check reports why nothing new can begin.
func (g *Group) check(op string) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch g.state {
	case made:
		return opError(op, ErrNotStarted)
	case stopping:
		return opError(op, ErrShutdown)
	}
	return nil
}

// member is the one that has a number now.
func (g *Group) member(i int) *member {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.members[i]
}

// all are the members at this moment.
func (g *Group) all() []*member {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]*member(nil), g.members...)
}
