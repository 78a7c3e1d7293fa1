package loopgroup

import (
	"context"
	"sync"
	"time"

	"github.com/go-asyncio/asyncio"
)

// LoopStats is what there is to know of one loop of a group at a moment.
type LoopStats struct {
	Index       int
	Replaced    int // how many loops that had the number have died
	Connections int // of the group's servers
	Work        int // pieces that have not ended: of Go and GoOn, and handlers of StartServer

	// Lag is how long the question waited for its turn on the loop: what any callback waits
	// at this moment. If the loop has not answered, it is how long that has lasted, and there
	// are no asyncio.LoopStats: a loop that is Blocked for long hangs in a callback.
	Lag     time.Duration
	Blocked bool
	asyncio.LoopStats
}

// Busy is the share of the time since earlier statistics of the loop in which it had something
// to do, from 0 to 1: of the time since the first ones, if those given have no measure. A loop
// that does not answer is busy.
func (s LoopStats) Busy(since LoopStats) float64 {
	if s.Replaced != since.Replaced {
		since = LoopStats{}
	}
	took := s.Measured - since.Measured
	if took <= 0 {
		if s.Blocked {
			return 1
		}
		return 0
	}
	return min(max(1-float64(s.Asleep-since.Asleep)/float64(took), 0), 1)
}

// Stats asks each loop, and returns when all have answered or ctx is done, whichever is first,
// what there is to know of them. A loop that sleeps is woken by it. What is counted costs
// nothing on a message's way; how long a loop sleeps is measured from the first question on.
// It suspends or blocks; ErrNotStarted, ErrShutdown.
func (g *Group) Stats(ctx context.Context) ([]LoopStats, error) {
	const op = "Stats"
	if err := g.check(op); err != nil {
		return nil, err
	}
	return outside(ctx, op, func(ctx context.Context) ([]LoopStats, error) {
		members := g.all()
		all := make([]LoopStats, len(members))
		var asking sync.WaitGroup
		for i, m := range members {
			asking.Go(func() { all[i] = ask(ctx, m) })
		}
		asking.Wait()
		g.mu.Lock()
		defer g.mu.Unlock()
		for i := range all {
			all[i].Work = int(members[i].work.Load())
			for s := range g.servers {
				all[i].Connections += s.connectionsOn(i)
			}
		}
		return all, nil
	}, nil)
}

// ask asks one loop.
func ask(ctx context.Context, m *member) LoopStats {
	began := time.Now()
	answer := make(chan LoopStats, 1)
	_, err := m.Loop.CallSoonThreadsafe(func() {
		a := LoopStats{Index: m.Index, Replaced: m.born, Lag: time.Since(began)}
		a.LoopStats, _ = asyncio.ReadLoopStats(m.Loop) // without them, of a loop that embeds none of asyncio's
		answer <- a
	})
	if err == nil {
		select {
		case a := <-answer:
			return a
		case <-m.ctx.Done():
		case <-ctx.Done():
		}
	}
	return LoopStats{Index: m.Index, Replaced: m.born, Lag: time.Since(began), Blocked: m.ctx.Err() == nil}
}
