package loopgroup_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
	"github.com/go-asyncio/asyncio/loopgroup"
)

// TestGo: work runs on the loop that it is sent to, and on all in turn otherwise.
func TestGo(t *testing.T) {
	t.Parallel()
	testkit.Over(t, testkit.Unpinned, func(t *testing.T, m testkit.Mechanism) {
		g := started(t, loopgroup.WithLoops(3), over(m))
		for i := range 3 {
			loop, err := loopgroup.Await(within(t), loopgroup.GoOn(g, i, func(context.Context) (asyncio.EventLoop, error) {
				return asyncio.GetRunningLoop()
			}))
			if err != nil || loop != g.Loop(i) {
				t.Errorf("on loop %d: %v, %v", i, loop, err)
			}
		}
		// Work that stays has the others get what comes next.
		busy, release := map[asyncio.EventLoop]int{}, make(chan struct{})
		var mu sync.Mutex
		var futs []*asyncio.Future[struct{}]
		for range 9 {
			futs = append(futs, loopgroup.GoErr(g, func(ctx context.Context) error {
				loop, err := asyncio.GetRunningLoop()
				mu.Lock()
				busy[loop]++
				mu.Unlock()
				_, waitErr := asyncio.ToThread(ctx, func() (int, error) { <-release; return 0, nil })
				return errors.Join(err, waitErr)
			}))
		}
		eventually(t, "all have begun", func() bool { mu.Lock(); defer mu.Unlock(); return len(busy) == 3 && sumOf(busy) == 9 })
		mu.Lock()
		for loop, n := range busy {
			if n != 3 {
				t.Errorf("%v has %d pieces of 9", loop, n)
			}
		}
		mu.Unlock()
		stats, err := g.Stats(within(t))
		must(t, err)
		for _, s := range stats {
			if s.Work != 3 {
				t.Errorf("loop %d: %d pieces of work", s.Index, s.Work)
			}
		}
		over := make(chan error, 1)
		go func() { over <- g.Shutdown(within(t)) }()
		close(release)
		must(t, <-over)
		for _, f := range futs {
			_, err := loopgroup.Await(within(t), f)
			must(t, err)
		}
	})
}

func sumOf[K comparable](counts map[K]int) (n int) {
	for _, c := range counts {
		n += c
	}
	return n
}

// TestGoMisuse: wrong arguments are told by the future.
func TestGoMisuse(t *testing.T) {
	t.Parallel()
	g := started(t, loopgroup.WithLoops(2))
	for _, f := range []*asyncio.Future[struct{}]{
		loopgroup.GoErr(g, nil), loopgroup.GoOnErr(g, 0, nil),
		loopgroup.GoOnErr(g, 2, func(context.Context) error { return nil }),
		loopgroup.GoOnErr(g, -1, func(context.Context) error { return nil }),
	} {
		_, err := loopgroup.Await(within(t), f)
		wantError(t, err, asyncio.ErrInvalidArgument)
	}
	_, err := loopgroup.Await[int](within(t), nil)
	wantError(t, err, asyncio.ErrInvalidArgument)
	must(t, g.Shutdown(within(t))) // and none of them is waited for
}

// TestGoCancelled: work that is cancelled before it begins, or while it runs, is over.
func TestGoCancelled(t *testing.T) {
	t.Parallel()
	g := started(t, loopgroup.WithLoops(1))
	block := make(chan struct{})
	_, err := g.Loop(0).CallSoonThreadsafe(func() { <-block })
	must(t, err)
	early := loopgroup.GoErr(g, func(context.Context) error { t.Error("entered"); return nil })
	early.Cancel()
	late := loopgroup.GoErr(g, func(ctx context.Context) error { return asyncio.Sleep(ctx, time.Hour) })
	close(block)
	eventually(t, "the work sleeps", func() bool { return len(asyncio.AllTasks(g.Loop(0))) == 1 })
	ctx, cancel := context.WithCancel(within(t))
	cancel()
	_, err = loopgroup.Await(ctx, late)
	wantError(t, err, context.Canceled)
	must(t, g.Shutdown(within(t)))
}

// TestAwaitFromOtherLoop: a coroutine of another loop of the group waits for a result, and
// hears of it if the loop that has the work dies.
func TestAwaitFromOtherLoop(t *testing.T) {
	t.Parallel()
	testkit.Over(t, testkit.Unpinned, func(t *testing.T, m testkit.Mechanism) {
		g := started(t, loopgroup.WithLoops(2), over(m), loopgroup.WithReplacement(5, time.Hour), new(failures).option())
		v, err := loopgroup.Await(within(t), loopgroup.GoOn(g, 0, func(ctx context.Context) (int, error) {
			return loopgroup.Await(ctx, loopgroup.GoOn(g, 1, func(ctx context.Context) (int, error) {
				return 42, asyncio.Sleep(ctx, 0)
			}))
		}))
		if err != nil || v != 42 {
			t.Errorf("%d, %v", v, err)
		}
		_, err = loopgroup.Await(within(t), loopgroup.GoOn(g, 0, func(ctx context.Context) (int, error) {
			return loopgroup.Await(ctx, loopgroup.GoOn(g, 1, func(ctx context.Context) (int, error) {
				g.Loop(1).Stop()
				return 0, asyncio.Sleep(ctx, time.Hour)
			}))
		}))
		if err == nil {
			t.Error("work of a loop that has died has a result")
		}
	})
}

// TestWorkOfDeadLoop: a loop that dies takes its work with it, and a shutdown does not wait for
// that.
func TestWorkOfDeadLoop(t *testing.T) {
	t.Parallel()
	g := started(t, loopgroup.WithLoops(2), loopgroup.WithReplacement(5, time.Hour), new(failures).option())
	fut := loopgroup.GoOnErr(g, 1, func(ctx context.Context) error { return asyncio.Sleep(ctx, time.Hour) })
	before := g.Loop(1)
	eventually(t, "the work sleeps", func() bool { return len(asyncio.AllTasks(before)) == 1 })
	before.Stop()
	if _, err := loopgroup.Await(within(t), fut); err == nil {
		t.Error("it has a result")
	}
	eventually(t, "it is replaced", func() bool { return g.Loop(1) != before })
	must(t, g.Shutdown(within(t)))
}
