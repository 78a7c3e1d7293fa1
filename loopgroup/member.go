package loopgroup

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/go-asyncio/asyncio"
)

// Member is one loop of a group.
type Member struct {
	Index int // its number, from 0 on
	Loop  asyncio.EventLoop
}

// member is a Member as the group sees it.
type member struct {
	Member
	ctx      context.Context // done when its run has ended
	end      context.CancelFunc
	decided  chan struct{} // closed when it is known what becomes of one that has died
	gone     chan struct{} // closed when its goroutine ends: the loop is closed, and replaced if it was to be
	stopping atomic.Bool   // the group has ended the run
	work     atomic.Int64  // pieces that have not ended
	born     int           // how many loops had this number before
}

func newMember(i int, loop asyncio.EventLoop) *member {
	m := &member{Member: Member{i, loop}, decided: make(chan struct{}), gone: make(chan struct{})}
	m.ctx, m.end = context.WithCancel(context.Background())
	return m
}

// stop ends the run.
func (m *member) stop() {
	m.stopping.Store(true)
	m.Loop.Stop()
}

// LoopFailure is what the handler of WithFailureHandler hears of a loop that has died.
type LoopFailure struct {
	Member
	// Err is the error of its run; asyncio.ErrLoopStopped if there was none.
	Err error
	// Replaced says that another loop takes the place; otherwise the group is shut down.
	Replaced bool
}

// launch runs a loop on a goroutine. The group is locked.
func (g *Group) launch(m *member) {
	g.living[m] = struct{}{}
	go g.run(m)
}

// run is the goroutine of a loop: it runs and closes it, and has it replaced.
func (g *Group) run(m *member) {
	defer func() {
		g.mu.Lock()
		delete(g.living, m)
		g.mu.Unlock()
		close(m.gone)
	}()
	err := m.Loop.RunForever()
	m.end()
	if m.stopping.Load() {
		closeErr := m.Loop.Close()
		switch {
		case err != nil:
			g.beginEnd(&LoopError{m.Index, err}, g.grace)
		case closeErr != nil:
			g.logger().Warn("a loop was closed with an error", "loop", m.Index, "error", closeErr)
		}
		return
	}
	if err == nil {
		err = asyncio.ErrLoopStopped
	}
	replace := g.mayReplace()
	g.tell(LoopFailure{m.Member, err, replace})
	if !replace {
		g.beginEnd(&LoopError{m.Index, err}, g.grace)
	}
	close(m.decided)
	if errors.Is(err, asyncio.ErrLoopStopped) || errors.Is(err, asyncio.ErrInterrupted) {
		g.lay(m) // another run of one that the system has failed would fail, too
	}
	_ = m.Loop.Close() // what goes wrong now has the same reason
	if replace {
		if replaceErr := g.replace(m); replaceErr != nil {
			g.beginEnd(&LoopError{m.Index, errors.Join(err, replaceErr)}, g.grace)
		}
	}
}

// mayReplace counts a replacement, unless there were too many lately, or the group ends.
func (g *Group) mayReplace() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	for len(g.replaced) > 0 && now.Sub(g.replaced[0]) > g.within {
		g.replaced = g.replaced[1:]
	}
	if g.state == stopping || len(g.replaced) >= g.most {
		return false
	}
	g.replaced = append(g.replaced, now)
	return true
}

// tell reports a loop that has died.
func (g *Group) tell(f LoopFailure) {
	if g.failed == nil {
		g.logger().Error("a loop of the group has died", "loop", f.Index, "error", f.Err, "replaced", f.Replaced)
		return
	}
	if err := guard(func() error { g.failed(f); return nil }); err != nil {
		g.logger().Error("the failure handler of a loop group has failed", "error", err)
	}
}

// lay has the connections and tasks of a loop that has died, and can still run, end in order.
func (g *Group) lay(m *member) {
	g.mu.Lock()
	var servers []*asyncio.Server
	for s := range g.servers {
		servers = append(servers, s.of(m)...)
	}
	g.mu.Unlock()
	_ = m.Loop.RunUntilComplete(asyncio.CreateTaskErr(m.Loop, func(ctx context.Context) error {
		return asyncio.Timeout(ctx, g.abort, func(ctx context.Context, _ *asyncio.TimeoutScope) error {
			for _, s := range servers {
				s.Close()
				s.AbortClients()
			}
			for _, s := range servers {
				if err := s.WaitClosed(ctx); err != nil {
					return err
				}
			}
			return cancelOthers(ctx, m.Loop)
		})
	})) // what is left then is ended by Close
}

// replace puts another loop in the place of one that has died, and has it serve what the group
// serves. A group that ends meanwhile needs none.
func (g *Group) replace(m *member) error {
	var loop asyncio.EventLoop
	err := guard(func() (err error) {
		loop, err = g.factory(m.Index)
		return err
	})
	if err == nil && loop == nil {
		err = invalid("replacement", "the loop factory returned nil")
	}
	if err != nil {
		return fmt.Errorf("it could not be replaced: %w", err)
	}
	next := newMember(m.Index, loop)
	next.born = m.born + 1
	g.mu.Lock()
	if g.state == stopping {
		g.mu.Unlock()
		next.end()
		return loop.Close()
	}
	g.members[m.Index] = next
	g.launch(next)
	g.mu.Unlock()
	if err := g.serveAll(next); err != nil && g.ctx.Err() == nil && next.ctx.Err() == nil {
		return fmt.Errorf("its successor cannot serve: %w", err)
	}
	return nil // if the successor has died, that is its own end
}

// serveAll has a new loop serve what the group serves.
func (g *Group) serveAll(m *member) error {
	select {
	case g.creating <- struct{}{}:
		defer func() { <-g.creating }()
	case <-g.ctx.Done():
		return nil
	}
	g.mu.Lock()
	var servers []*Server
	for s := range g.servers {
		servers = append(servers, s)
	}
	g.mu.Unlock()
	for _, s := range servers {
		if err := s.serveOn(g.ctx, m); err != nil {
			return err
		}
	}
	return nil
}
