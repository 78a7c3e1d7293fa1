package loopgroup

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/go-asyncio/asyncio"
)

// beginEnd has the group end, for a reason or none. What is there has some time to end, or,
// if that is negative, as much as it needs.
func (g *Group) beginEnd(cause error, grace time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.state == stopping {
		if cause != nil && !errors.Is(cause, asyncio.ErrLoopStopped) {
			g.err = errors.Join(g.err, cause) // one that the system has failed meanwhile
		}
		return
	}
	started := g.state == running
	g.state, g.err = stopping, cause
	g.cancel()
	if !started {
		g.err = errors.Join(cause, g.closeLoops())
		close(g.done)
		return
	}
	var timer *time.Timer
	if grace >= 0 {
		timer = time.AfterFunc(grace, g.hurryUp)
	}
	go g.finish(timer)
}

// finish ends the group.
func (g *Group) finish(timer *time.Timer) {
	g.mu.Lock()
	var servers []*Server
	for s := range g.servers {
		servers = append(servers, s)
	}
	members, keep := append([]*member(nil), g.members...), g.keep
	g.mu.Unlock()

	for _, s := range servers {
		s.Close()
	}
	select {
	case g.creating <- struct{}{}: // nobody makes servers any more
	case <-g.hurry.Done():
	}
	limit, cancel := g.limit()
	defer cancel()
	drained := drain(g.hurry, g, servers, members)
	if !drained {
		g.mu.Lock()
		g.cut = true
		g.mu.Unlock()
		abortClients(servers)
	}
	cancelTasks(limit, members, keep)
	if !drained {
		abortClients(servers) // those that were being set up are there now
		drain(limit, g, servers, members)
	}
	for _, m := range members {
		m.stop()
	}
	err := blocked(g.leftBehind())
	if keep != nil {
		keep.close()
	}
	if timer != nil {
		timer.Stop()
	}
	g.hurryUp()
	g.mu.Lock()
	g.err = errors.Join(g.err, err)
	g.mu.Unlock()
	close(g.done)
}

// drain waits until the servers' connections and the loops' work have ended, or until ctx is
// done, and reports whether they have.
func drain(ctx context.Context, g *Group, servers []*Server, members []*member) bool {
	for _, s := range servers {
		if s.waitClosed(ctx) != nil {
			return false
		}
	}
	for _, m := range members {
		for m.work.Load() > 0 && m.ctx.Err() == nil {
			select {
			case <-g.quiet:
			case <-m.ctx.Done():
			case <-ctx.Done():
				return false
			}
		}
	}
	return true
}

// limit is a context that is done some time after somebody is in a hurry.
func (g *Group) limit() (context.Context, context.CancelFunc) {
	limit, cancel := context.WithCancel(context.Background())
	stop := context.AfterFunc(g.hurry, func() {
		timer := time.NewTimer(g.abort)
		defer timer.Stop()
		select {
		case <-timer.C:
			cancel()
		case <-limit.Done():
		}
	})
	return limit, func() {
		stop()
		cancel()
	}
}

// abortClients ends the connections of servers.
func abortClients(servers []*Server) {
	for _, s := range servers {
		s.AbortClients()
	}
}

// cancelTasks cancels all tasks that are left, as asyncio.Run does in the end, and waits for
// their ends. What goes wrong does not matter: the loops are closed next.
func cancelTasks(limit context.Context, members []*member, keep *keeper) {
	var all sync.WaitGroup
	defer all.Wait()
	one := func(loop asyncio.EventLoop) {
		fut := asyncio.RunCoroutineThreadsafe(loop, func(ctx context.Context) (struct{}, error) {
			return struct{}{}, cancelOthers(ctx, loop)
		})
		if _, err := fut.Await(limit); err != nil {
			fut.Cancel()
		}
	}
	for _, m := range members {
		all.Go(func() { one(m.Loop) })
	}
	if keep != nil {
		all.Go(func() { one(keep.loop) })
	}
}

// cancelOthers cancels all other tasks of the loop that it runs on, and waits for their end.
func cancelOthers(ctx context.Context, loop asyncio.EventLoop) error {
	var others []asyncio.AnyTask
	for _, t := range asyncio.AllTasks(loop) {
		if t != asyncio.CurrentTask() {
			t.Cancel()
			others = append(others, t)
		}
	}
	if len(others) == 0 {
		return nil
	}
	_, _, err := asyncio.Wait(ctx, others, asyncio.WaitOptions{})
	return err
}

// leftBehind waits for the goroutines of the loops, which have been stopped, and returns the
// numbers of those that do not end. As long as nobody is in a hurry it waits for all.
func (g *Group) leftBehind() (left []int) {
	g.mu.Lock()
	var living []*member
	for m := range g.living {
		living = append(living, m)
	}
	g.mu.Unlock()
	for _, m := range living {
		select {
		case <-m.gone:
		case <-g.hurry.Done():
		}
	}
	patience := time.NewTimer(g.abort)
	defer patience.Stop()
	over := false
	for _, m := range living {
		if !over {
			select {
			case <-m.gone:
			case <-patience.C:
				over = true
			}
		}
		select {
		case <-m.gone:
		default:
			left = append(left, m.Index)
		}
	}
	return left
}
