package loopgroup_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
	"github.com/go-asyncio/asyncio/loopgroup"
)

// deaths are the ways in which a loop dies.
var deaths = map[string]struct {
	kill func(loop asyncio.EventLoop)
	err  error
}{
	"stopped": {func(loop asyncio.EventLoop) { loop.Stop() }, asyncio.ErrLoopStopped},
	"interrupted": {func(loop asyncio.EventLoop) {
		_, _ = loop.CallSoonThreadsafe(func() { panic(asyncio.ErrInterrupted) })
	}, asyncio.ErrInterrupted},
}

// TestDeathEndsGroup: without replacement the group ends with the loop's error.
func TestDeathEndsGroup(t *testing.T) {
	t.Parallel()
	for name, death := range deaths {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			everywhere(t, func(t *testing.T, m testkit.Mechanism, spread loopgroup.Spread) {
				var told failures
				g := started(t, loopgroup.WithLoops(2), over(m), told.option(), loopgroup.WithGrace(0))
				c := dial(t, listener(t, g, spread))
				must(t, exchange(c, "hello"))
				death.kill(g.Loop(1))
				err := g.Wait(within(t))
				wantError(t, err, death.err)
				var e *loopgroup.LoopError
				if !errors.As(err, &e) || e.Loop != 1 {
					t.Errorf("the group ended with %v", err)
				}
				if all := told.all(); len(all) != 1 || all[0].Index != 1 || all[0].Replaced || !errors.Is(all[0].Err, death.err) {
					t.Errorf("told: %v", all)
				}
				wantError(t, g.Shutdown(within(t)), death.err)
			})
		})
	}
}

// TestReplacement: a loop that dies has a successor, which serves on the same address; the
// others' connections do not notice.
func TestReplacement(t *testing.T) {
	t.Parallel()
	for name, death := range deaths {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			everywhere(t, func(t *testing.T, m testkit.Mechanism, spread loopgroup.Spread) {
				var told failures
				g := started(t, loopgroup.WithLoops(2), over(m), told.option(), loopgroup.WithReplacement(100, time.Hour))
				s := listener(t, g, spread)
				for i := range 2 {
					kept := connectOn(t, s, 1-i)
					lost := connectOn(t, s, i)
					before := g.Loop(i)
					death.kill(before)
					if _, err := lost.Read(make([]byte, 1)); err == nil {
						t.Error("a connection outlives its loop")
					}
					must(t, exchange(kept, "not concerned"))
					eventually(t, "it is replaced", func() bool { return g.Loop(i) != before })
					must(t, exchange(connectOn(t, s, i), "hello"))
					must(t, exchange(kept, "not concerned"))
					stats, err := g.Stats(within(t))
					must(t, err)
					if stats[i].Replaced != 1 || stats[i].Blocked {
						t.Errorf("statistics %+v", stats[i])
					}
				}
				all := told.all()
				if len(all) != 2 || all[0].Index != 0 || all[1].Index != 1 || !all[0].Replaced {
					t.Errorf("told: %v", all)
				}
				ctx, cancel := context.WithCancel(within(t))
				cancel()
				if err := g.Shutdown(ctx); !errors.Is(err, context.Canceled) || errors.Is(err, death.err) {
					t.Errorf("shutdown: %v", err)
				}
			})
		})
	}
}

// connectOn connects until a loop has the connection.
func connectOn(t *testing.T, s *loopgroup.Server, i int) (c net.Conn) {
	t.Helper()
	eventually(t, "the loop gets a connection", func() bool {
		before := s.Connections()[i]
		c = dial(t, s)
		if exchange(c, "where") != nil {
			return false
		}
		return s.Connections()[i] > before
	})
	return c
}

// TestReplacementLimit: more deaths than may be end the group; a factory that fails, too.
func TestReplacementLimit(t *testing.T) {
	t.Parallel()
	t.Run("too-many", func(t *testing.T) {
		t.Parallel()
		var told failures
		g := started(t, loopgroup.WithLoops(1), told.option(), loopgroup.WithReplacement(2, time.Hour))
		for range 2 {
			before := g.Loop(0)
			before.Stop()
			eventually(t, "it is replaced", func() bool { return g.Loop(0) != before })
		}
		g.Loop(0).Stop()
		wantError(t, g.Wait(within(t)), asyncio.ErrLoopStopped)
		if all := told.all(); len(all) != 3 || all[2].Replaced {
			t.Errorf("told: %v", all)
		}
	})
	t.Run("no-successor", func(t *testing.T) {
		t.Parallel()
		odd := errors.New("odd")
		var once sync.Once
		g := started(t, loopgroup.WithLoops(1), loopgroup.WithReplacement(2, time.Hour), new(failures).option(),
			loopgroup.WithLoopFactory(func(int) (loop asyncio.EventLoop, err error) {
				err = odd
				once.Do(func() { loop, err = asyncio.NewDefaultEventLoop() })
				return loop, err
			}))
		g.Loop(0).Stop()
		wantError(t, g.Wait(within(t)), odd)
	})
	t.Run("handler-and-factory-exit", func(t *testing.T) {
		t.Parallel()
		var once sync.Once
		g := started(t, loopgroup.WithLoops(1), loopgroup.WithReplacement(2, time.Hour),
			loopgroup.WithLogger(slog.New(slog.DiscardHandler)),
			loopgroup.WithFailureHandler(func(loopgroup.LoopFailure) { panic("odd") }),
			loopgroup.WithLoopFactory(func(int) (loop asyncio.EventLoop, err error) {
				first := false
				once.Do(func() { first = true })
				if !first {
					panic("no more")
				}
				return asyncio.NewDefaultEventLoop()
			}))
		g.Loop(0).Stop()
		err := g.Wait(within(t))
		var p *asyncio.PanicError
		if !errors.As(err, &p) {
			t.Errorf("the group ended with %v", err)
		}
	})
}
