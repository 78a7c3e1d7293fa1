package loopgroup_test

import (
	"context"
	"errors"
	"net"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
	"github.com/go-asyncio/asyncio/loopgroup"
)

// TestNew: wrong options are refused, and a loop that cannot be made leaves no other.
func TestNew(t *testing.T) {
	t.Parallel()
	factory := loopgroup.WithLoopFactory(func(int) (asyncio.EventLoop, error) { return asyncio.NewDefaultEventLoop() })
	for name, opts := range map[string][]loopgroup.Option{
		"no-loops":           {loopgroup.WithLoops(0)},
		"too-many":           {loopgroup.WithLoops(5000)},
		"negative-limit":     {loopgroup.WithReplacement(-1, time.Second)},
		"negative-time":      {loopgroup.WithReplacement(1, -time.Second)},
		"negative-grace":     {loopgroup.WithGrace(-1)},
		"no-abort-time":      {loopgroup.WithAbortTime(0)},
		"pinned-and-factory": {loopgroup.WithPinnedThreads(), factory},
		"nil-loop":           {loopgroup.WithLoopFactory(func(int) (asyncio.EventLoop, error) { return nil, nil })},
	} {
		if _, err := loopgroup.New(opts...); !errors.Is(err, asyncio.ErrInvalidArgument) {
			t.Errorf("%s: %v", name, err)
		}
	}
	odd := errors.New("odd")
	var loops []asyncio.EventLoop
	_, err := loopgroup.New(loopgroup.WithLoops(3), loopgroup.WithLoopFactory(func(i int) (asyncio.EventLoop, error) {
		if i == 2 {
			return nil, odd
		}
		loop, err := asyncio.NewDefaultEventLoop()
		loops = append(loops, loop)
		return loop, err
	}))
	wantError(t, err, odd)
	for i, loop := range loops {
		if !loop.IsClosed() {
			t.Errorf("loop %d is left open", i)
		}
	}
}

// TestFactoryExits: a factory that panics or does not return leaves no loop either.
func TestFactoryExits(t *testing.T) {
	t.Parallel()
	for name, exit := range map[string]func(){"panic": func() { panic("odd") }, "goexit": runtime.Goexit} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var first asyncio.EventLoop
			done := make(chan struct{})
			go func() {
				defer close(done)
				defer func() { _ = recover() }()
				_, _ = loopgroup.New(loopgroup.WithLoops(2), loopgroup.WithLoopFactory(func(i int) (asyncio.EventLoop, error) {
					if i == 1 {
						exit()
					}
					var err error
					first, err = asyncio.NewDefaultEventLoop()
					return first, err
				}))
			}()
			<-done
			if !first.IsClosed() {
				t.Error("the first loop is left open")
			}
		})
	}
}

// TestStates: what is asked too early or too late has a clear error, and hangs nowhere.
func TestStates(t *testing.T) {
	t.Parallel()
	g := newGroup(t, loopgroup.WithLoops(2))
	ask := func(want error) {
		t.Helper()
		_, err := g.CreateServer(within(t), newEcho, "tcp", "127.0.0.1:0", nil, loopgroup.Auto)
		wantError(t, err, want)
		_, err = g.Stats(within(t))
		wantError(t, err, want)
		_, err = loopgroup.Await(within(t), loopgroup.Go(g, func(context.Context) (int, error) { return 1, nil }))
		wantError(t, err, want)
	}
	ask(loopgroup.ErrNotStarted)
	must(t, g.Start())
	wantError(t, g.Start(), asyncio.ErrInvalidState)
	if g.Len() != 2 || g.Loop(0) == g.Loop(1) || g.Loop(-1) != nil || g.Loop(2) != nil {
		t.Errorf("%d loops", g.Len())
	}
	must(t, g.Shutdown(within(t)))
	ask(loopgroup.ErrShutdown)
	wantError(t, g.Start(), loopgroup.ErrShutdown)
	must(t, g.Shutdown(within(t)))
	must(t, g.Close())
	must(t, g.Wait(within(t)))
	<-g.Done()
	for i := range 2 {
		if !g.Loop(i).IsClosed() {
			t.Errorf("loop %d is open", i)
		}
	}
}

// TestNeverStarted: a group that has not been started is closed all the same.
func TestNeverStarted(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(g *loopgroup.Group) error{
		"shutdown": func(g *loopgroup.Group) error { return g.Shutdown(within(t)) },
		"close":    (*loopgroup.Group).Close,
	} {
		g := newGroup(t, loopgroup.WithLoops(2))
		if err := end(g); err != nil || !g.Loop(0).IsClosed() || !g.Loop(1).IsClosed() {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestRun: the group runs until its context is done, and what then does not end is cut off.
func TestRun(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, m testkit.Mechanism, spread loopgroup.Spread) {
		g := newGroup(t, loopgroup.WithLoops(2), over(m), loopgroup.WithGrace(0))
		ctx, cancel := context.WithCancel(within(t))
		over := make(chan error, 1)
		must(t, g.Start())
		go func() { over <- g.Run(ctx) }()
		c := dial(t, listener(t, g, spread))
		must(t, exchange(c, "hello"))
		cancel()
		must(t, <-over)
		if err := exchange(c, "hello"); err == nil {
			t.Error("a connection outlives the group")
		}
	})
}

// TestShutdownDeadline: what does not end in time is aborted and cancelled, and that is told.
func TestShutdownDeadline(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, m testkit.Mechanism, spread loopgroup.Spread) {
		g := started(t, loopgroup.WithLoops(2), over(m))
		c := dial(t, listener(t, g, spread))
		must(t, exchange(c, "hello"))
		cancelled := make(chan error, 1)
		fut := loopgroup.GoOnErr(g, 1, func(ctx context.Context) error {
			err := asyncio.Sleep(ctx, time.Hour)
			cancelled <- err
			return err
		})
		eventually(t, "the task sleeps", func() bool { return len(asyncio.AllTasks(g.Loop(1))) > 0 })
		ctx, cancel := context.WithCancel(within(t))
		cancel()
		wantError(t, g.Shutdown(ctx), context.Canceled)
		wantError(t, <-cancelled, asyncio.ErrCancelled)
		if _, err := loopgroup.Await(within(t), fut); err == nil {
			t.Error("the work has a result")
		}
		if err := exchange(c, "hello"); err == nil {
			t.Error("a connection outlives the group")
		}
	})
}

// TestBlockedLoop: a loop that does not come back is named, and closed once it does.
func TestBlockedLoop(t *testing.T) {
	t.Parallel()
	testkit.Over(t, testkit.Kinds, func(t *testing.T, m testkit.Mechanism) {
		g := started(t, loopgroup.WithLoops(3), over(m))
		s := listener(t, g, loopgroup.Auto)
		block, blocked := make(chan struct{}), make(chan struct{})
		_, err := g.Loop(1).CallSoonThreadsafe(func() { close(blocked); <-block })
		must(t, err)
		<-blocked
		ctx, cancel := context.WithCancel(within(t))
		cancel()
		stats, err := g.Stats(ctx)
		if err != nil || !stats[1].Blocked || stats[1].Busy(loopgroup.LoopStats{}) != 1 {
			t.Errorf("statistics of a blocked loop: %+v, %v", stats, err)
		}
		err = g.Shutdown(ctx)
		var e *loopgroup.BlockedError
		if !errors.As(err, &e) || !slices.Contains(e.Loops, 1) || !errors.Is(err, loopgroup.ErrBlocked) {
			t.Errorf("shutdown: %v", err)
		}
		for _, i := range []int{0, 2} {
			eventually(t, "the others are closed", g.Loop(i).IsClosed)
		}
		addr := s.Addrs()[0]
		close(block)
		eventually(t, "the loop is closed", g.Loop(1).IsClosed)
		eventually(t, "nobody listens", func() bool { // a loop that says that it is closed still lets go of what it had
			c, err := net.Dial(addr.Network(), addr.String())
			if err == nil {
				_ = c.Close()
			}
			return err != nil
		})
	})
}

// TestShutdownFromCoroutine: a coroutine of the group's that shuts it down is ended with its
// loop, and nothing hangs; one of another loop waits for the end.
func TestShutdownFromCoroutine(t *testing.T) {
	t.Parallel()
	t.Run("of-the-group", func(t *testing.T) {
		t.Parallel()
		g := started(t, loopgroup.WithLoops(2))
		ctx, cancel := context.WithCancel(within(t))
		entered := make(chan struct{})
		loopgroup.GoErr(g, func(context.Context) error {
			close(entered)
			return g.Shutdown(ctx)
		})
		<-entered
		cancel()
		must(t, g.Wait(within(t)))
	})
	t.Run("of-another-loop", func(t *testing.T) {
		t.Parallel()
		g := started(t, loopgroup.WithLoops(2))
		must(t, asyncio.RunErr(within(t), func(ctx context.Context) error {
			s, err := g.CreateServer(ctx, newEcho, "tcp", "127.0.0.1:0", nil, loopgroup.Auto)
			if err != nil {
				return err
			}
			if _, err := g.Stats(ctx); err != nil {
				return err
			}
			if err := g.Shutdown(ctx); err != nil {
				return err
			}
			return errors.Join(s.WaitClosed(ctx), g.Wait(ctx))
		}))
	})
	t.Run("in-a-callback", func(t *testing.T) {
		t.Parallel()
		g := started(t, loopgroup.WithLoops(1))
		told := make(chan error, 1)
		_, err := g.Loop(0).CallSoonThreadsafe(func() { told <- g.Wait(context.Background()) })
		must(t, err)
		wantError(t, <-told, asyncio.ErrAwaitInCallback)
	})
}
