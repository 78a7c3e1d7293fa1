package asynciotest_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/asynciotest"
	"github.com/go-asyncio/asyncio/internal/testkit"
	"github.com/go-asyncio/asyncio/internal/testkit/loops"
	"github.com/go-asyncio/asyncio/streams"
)

// clocked runs f as a coroutine on a loop over each mechanism, by a clock that clock makes for it.
func clocked(t *testing.T, clock func() asyncio.Clock, f func(ctx context.Context, t *testing.T, c asyncio.Clock)) {
	t.Helper()
	testkit.Over(t, testkit.Unpinned, func(t *testing.T, m testkit.Mechanism) {
		c := clock()
		_, err := asyncio.Run(context.Background(), func(ctx context.Context) (int, error) {
			f(ctx, t, c)
			return 0, nil
		}, asyncio.WithLoopFactory(func() (asyncio.EventLoop, error) { return loops.New(m, asyncio.WithClock(c)) }))
		if err != nil {
			t.Error(err)
		}
	})
}

func jumping() asyncio.Clock { return asynciotest.NewJumpingClock(0) }

// slow is a clock that waits longer for the system than any test lasts.
func slow() asyncio.Clock { return asynciotest.NewJumpingClock(time.Hour) }

func TestClockJumps(t *testing.T) {
	t.Parallel()
	clocked(t, jumping, func(ctx context.Context, t *testing.T, c asyncio.Clock) {
		loop := running(t)
		for _, d := range []time.Duration{1, time.Millisecond, time.Hour, 100 * 365 * 24 * time.Hour} {
			before := loop.Time()
			if err := asyncio.Sleep(ctx, d); err != nil {
				t.Error(err)
			}
			if got := loop.Time() - before; got != d || c.Now() != loop.Time() {
				t.Errorf("a sleep of %v took %v; the clock shows %v, the loop %v", d, got, c.Now(), loop.Time())
			}
		}
		before := c.Now()
		err := asyncio.Timeout(ctx, time.Hour, func(ctx context.Context, _ *asyncio.TimeoutScope) error {
			return asyncio.Sleep(ctx, 2*time.Hour)
		})
		if !errors.Is(err, asyncio.ErrTimeout) || c.Now()-before != time.Hour {
			t.Errorf("Timeout after %v: %v", c.Now()-before, err)
		}
		_, err = asyncio.WaitFor(ctx, time.Minute, asyncio.NewFuture[int](loop).Await)
		if !errors.Is(err, asyncio.ErrTimeout) || c.Now()-before != time.Hour+time.Minute {
			t.Errorf("WaitFor after %v: %v", c.Now()-before, err)
		}
	})
}

// TestClockYears is thousands of years, of clocks that have 292 each.
func TestClockYears(t *testing.T) {
	t.Parallel()
	const year = 365 * 24 * time.Hour
	for range 20 {
		c := asynciotest.NewJumpingClock(0)
		c.Run(t, func(ctx context.Context) {
			for range 290 {
				if err := asyncio.Sleep(ctx, year); err != nil {
					t.Error(err)
				}
			}
		})
		if c.Now() != 290*year {
			t.Error(c.Now())
		}
	}
}

// TestClockOrder sets timers in an order that is not that of their times.
func TestClockOrder(t *testing.T) {
	t.Parallel()
	clocked(t, jumping, func(ctx context.Context, t *testing.T, c asyncio.Clock) {
		loop, start := running(t), c.Now()
		var ran []string
		done := asyncio.NewFuture[int](loop)
		for i, d := range []time.Duration{3, 1, 2, 1, 3, 2, 1} {
			_, err := loop.CallAt(start+d*time.Hour, func() {
				ran = append(ran, fmt.Sprint(int(d), i))
				if c.Now()-start != d*time.Hour {
					t.Errorf("due at %v, ran at %v", d*time.Hour, c.Now()-start)
				}
				if _, err := loop.CallLater(30*time.Minute, func() {
					if ran = append(ran, fmt.Sprint(int(d), i, " again")); len(ran) == 14 {
						_ = done.SetResult(0)
					}
				}); err != nil {
					t.Error(err)
				}
			})
			if err != nil {
				t.Error(err)
			}
		}
		if _, err := done.Await(ctx); err != nil {
			t.Error(err)
		}
		want := []string{"1 1", "1 3", "1 6", "1 1 again", "1 3 again", "1 6 again", "2 2", "2 5", "2 2 again", "2 5 again", "3 0", "3 4", "3 0 again", "3 4 again"}
		if !slices.Equal(ran, want) {
			t.Errorf("ran %q, want %q", ran, want)
		}
	})
}

// TestClockWhileReady has a task that is always ready, beside a timer.
func TestClockWhileReady(t *testing.T) {
	t.Parallel()
	clocked(t, jumping, func(ctx context.Context, t *testing.T, c asyncio.Clock) {
		if _, err := running(t).CallLater(time.Hour, func() {}); err != nil {
			t.Error(err)
		}
		for range 3000 {
			if err := asyncio.Sleep(ctx, 0); err != nil {
				t.Error(err)
			}
		}
		if c.Now() != 0 {
			t.Errorf("while a task was ready the clock went to %v", c.Now())
		}
	})
}

// watched is a Clock that tells of the sleeps that cannot end by it.
type watched struct {
	*asynciotest.Clock
	asleep chan asyncio.ClockWait
}

func watch(c *asynciotest.Clock) *watched { return &watched{c, make(chan asyncio.ClockWait, 1000)} }

func (w *watched) Join(wake func()) asyncio.ClockSleeper {
	return &watchedSleeper{w.Clock.Join(wake), w.asleep}
}

type watchedSleeper struct {
	asyncio.ClockSleeper
	asleep chan asyncio.ClockWait
}

func (s *watchedSleeper) Sleep(until time.Duration, w asyncio.ClockWait) time.Duration {
	timeout := s.ClockSleeper.Sleep(until, w)
	if timeout == math.MaxInt64 {
		s.asleep <- w
	}
	return timeout
}

// TestClockWhileElsewhere has a function in an executor return when the loop sleeps, and
// others in a queue behind it, one of which is cancelled.
func TestClockWhileElsewhere(t *testing.T) {
	t.Parallel()
	kind := func() asyncio.Clock { return watch(asynciotest.NewJumpingClock(0)) }
	clocked(t, kind, func(ctx context.Context, t *testing.T, c asyncio.Clock) {
		loop := running(t)
		if err := loop.SetDefaultExecutor(asyncio.NewPoolExecutor(1)); err != nil {
			t.Error(err)
		}
		if _, err := loop.CallLater(time.Hour, func() {}); err != nil {
			t.Error(err)
		}
		var fs []*asyncio.Future[any]
		for range 4 {
			f, err := loop.RunInExecutor(nil, func() (any, error) {
				if w := <-c.(*watched).asleep; !w.Elsewhere {
					t.Error("the clock does not know of it")
				}
				return c.Now(), nil
			})
			if err != nil {
				t.Fatal(err)
			}
			fs = append(fs, f)
		}
		fs[2].Cancel()
		for _, i := range []int{0, 1, 3} {
			if v, err := fs[i].Await(ctx); v != time.Duration(0) || err != nil {
				t.Errorf("the function %d in the executor saw %v, %v", i, v, err)
			}
		}
		if err := asyncio.Sleep(ctx, time.Minute); err != nil || c.Now() != time.Minute {
			t.Errorf("afterwards, %v at %v", err, c.Now())
		}
	})
}

// TestClockWhileKept has the user keep it from jumping.
func TestClockWhileKept(t *testing.T) {
	t.Parallel()
	kind := func() asyncio.Clock { return watch(asynciotest.NewJumpingClock(0)) }
	clocked(t, kind, func(ctx context.Context, t *testing.T, c asyncio.Clock) {
		asleep, release := c.(*watched).asleep, c.(*watched).Keep()
		loop := running(t)
		saw := asyncio.NewFuture[time.Duration](loop)
		go func() {
			<-asleep
			if _, err := loop.CallSoonThreadsafe(func() {}); err != nil {
				t.Error(err)
			}
			<-asleep // it was woken, and sleeps again
			_ = saw.SetResult(c.Now())
			release()
			release()
		}()
		if err := asyncio.Sleep(ctx, time.Hour); err != nil || c.Now() != time.Hour {
			t.Error(c.Now(), err)
		}
		if at, err := saw.Await(ctx); at != 0 || err != nil {
			t.Errorf("it was kept, and went to %v, %v", at, err)
		}
	})
}

// TestClockWhileIO has bytes go there and back, with timeouts that are shorter than any system
// needs for that.
func TestClockWhileIO(t *testing.T) {
	t.Parallel()
	clocked(t, slow, func(ctx context.Context, t *testing.T, c asyncio.Clock) {
		server, client := connected(ctx, t)
		defer client.Writer.Close()
		defer server.Writer.Close()
		asyncio.Go(ctx, func(ctx context.Context) (int, error) {
			for {
				line, err := server.Reader.ReadLine(ctx)
				if err != nil {
					return 0, nil // the end
				}
				if _, err := server.Writer.Write(line); err != nil {
					return 0, err
				}
			}
		})
		for range 50 {
			if _, err := client.Writer.Write([]byte("text\n")); err != nil {
				t.Error(err)
			}
			var line []byte
			err := asyncio.Timeout(ctx, 1, func(ctx context.Context, _ *asyncio.TimeoutScope) (err error) {
				line, err = client.Reader.ReadLine(ctx)
				return err
			})
			if string(line) != "text\n" || err != nil {
				t.Errorf("%q, %v", line, err)
			}
		}
		if c.Now() != 0 {
			t.Errorf("while bytes were on their way the clock went to %v", c.Now())
		}
	})
}

// TestClockIOSilent has nothing come from an open connection.
func TestClockIOSilent(t *testing.T) {
	t.Parallel()
	kind := func() asyncio.Clock { return asynciotest.NewJumpingClock(time.Millisecond) }
	clocked(t, kind, func(ctx context.Context, t *testing.T, c asyncio.Clock) {
		server, client := connected(ctx, t)
		defer server.Writer.Close()
		defer client.Writer.Close()
		conn := streams.Conn(ctx, client.Reader, client.Writer)
		before := c.Now()
		if err := conn.SetReadDeadline(time.Now().Add(time.Hour)); err != nil {
			t.Error(err)
		}
		_, err := conn.Read(make([]byte, 1))
		if passed := c.Now() - before; !errors.Is(err, os.ErrDeadlineExceeded) || passed < 59*time.Minute || passed > time.Hour {
			t.Errorf("%v after %v", err, passed)
		}
	})
}

// TestClockAdvance moves a clock that stands still: from the loop, and from elsewhere.
func TestClockAdvance(t *testing.T) {
	t.Parallel()
	still := func() asyncio.Clock { return asynciotest.NewClock() }
	t.Run("from-a-coroutine", func(t *testing.T) {
		t.Parallel()
		clocked(t, still, func(ctx context.Context, t *testing.T, c asyncio.Clock) {
			clock, ran := c.(*asynciotest.Clock), 0
			if _, err := running(t).CallLater(time.Hour, func() { ran++ }); err != nil {
				t.Error(err)
			}
			pass := func() { // and come behind the timers of the next one
				for range 2 {
					if err := asyncio.Sleep(ctx, 0); err != nil {
						t.Error(err)
					}
				}
			}
			clock.Advance(time.Hour - 1)
			if pass(); ran != 0 {
				t.Error("a nanosecond too early, it ran")
			}
			clock.Advance(1)
			if pass(); ran != 1 {
				t.Error("the pass after it was due, it has not run")
			}
			clock.Set(3 * time.Hour)
			if running(t).Time() != 3*time.Hour {
				t.Error(running(t).Time())
			}
		})
	})
	t.Run("from-another-goroutine", func(t *testing.T) {
		t.Parallel()
		clocked(t, still, func(ctx context.Context, t *testing.T, c asyncio.Clock) {
			var others sync.WaitGroup
			for range 10 {
				others.Go(func() { c.(*asynciotest.Clock).Advance(6 * time.Minute) })
			}
			loop := running(t)
			due := asyncio.NewFuture[time.Duration](loop)
			if _, err := loop.CallAt(time.Hour, func() { _ = due.SetResult(loop.Time()) }); err != nil {
				t.Error(err)
			}
			if at, err := due.Await(ctx); err != nil || at != time.Hour {
				t.Error(at, err)
			}
			others.Wait()
		})
	})
}

// TestClockClose ends a loop that waits for a timer by a clock that stands still.
func TestClockClose(t *testing.T) {
	t.Parallel()
	testkit.Over(t, testkit.Unpinned, func(t *testing.T, m testkit.Mechanism) {
		c := watch(asynciotest.NewClock())
		loop, err := loops.New(m, asyncio.WithClock(c))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := loop.CallLater(time.Hour, func() { t.Error("the timer ran") }); err != nil {
			t.Error(err)
		}
		ended := make(chan error)
		go func() { ended <- loop.RunForever() }()
		<-c.asleep
		loop.Stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		c.Advance(2 * time.Hour) // nobody listens
		if err := loop.Close(); err != nil {
			t.Error(err)
		}
		c.Advance(2 * time.Hour)
	})
}

// TestClockSeveralLoops has two loops run by one clock: it jumps to the first timer of both.
func TestClockSeveralLoops(t *testing.T) {
	t.Parallel()
	c := asynciotest.NewJumpingClock(time.Millisecond)
	release := c.Keep() // until both run
	var mu sync.Mutex
	var ran []int
	var both, begun sync.WaitGroup
	begun.Add(2)
	for i := range 2 {
		both.Go(func() {
			c.Run(t, func(ctx context.Context) {
				begun.Done()
				for n := i; n < 10; n += 2 {
					if err := asyncio.Sleep(ctx, time.Duration(n+1)*time.Hour-c.Now()); err != nil {
						t.Error(err)
					}
					mu.Lock()
					ran = append(ran, n)
					mu.Unlock()
				}
			})
		})
	}
	begun.Wait()
	release()
	both.Wait()
	if !slices.Equal(ran, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}) || c.Now() != 10*time.Hour {
		t.Errorf("ran %v until %v", ran, c.Now())
	}
}

// TestClockFar is about the end of a clock's time, and timers beyond it.
func TestClockFar(t *testing.T) {
	t.Parallel()
	c := asynciotest.NewJumpingClock(0)
	c.Advance(math.MaxInt64 - 10)
	c.Run(t, func(ctx context.Context) {
		loop := running(t)
		timer, err := loop.CallLater(time.Hour, func() { t.Error("it is never due") })
		if err != nil {
			t.Error(err)
		}
		if err := asyncio.Sleep(ctx, 5); err != nil {
			t.Error(err)
		}
		timer.Cancel()
	})
	if c.Now() != math.MaxInt64-5 {
		t.Error(c.Now())
	}
	c.Advance(time.Hour)
	if c.Now() != math.MaxInt64 {
		t.Error(c.Now())
	}
}

func TestClockMisuse(t *testing.T) {
	t.Parallel()
	c := asynciotest.NewClock()
	c.Advance(time.Second)
	for name, f := range map[string]func(){
		"advance": func() { c.Advance(-1) },
		"set":     func() { c.Set(time.Second - 1) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: time went back", name)
				}
			}()
			f()
		}()
	}
	if c.Now() != time.Second {
		t.Error(c.Now())
	}
}

// failing is a VirtualClock that panics.
type failing struct {
	*asynciotest.Clock
	sleeps bool
}

func (f failing) Join(wake func()) asyncio.ClockSleeper {
	if !f.sleeps {
		panic("no joining")
	}
	return failingSleeper{f.Clock.Join(wake)}
}

type failingSleeper struct{ asyncio.ClockSleeper }

func (failingSleeper) Sleep(time.Duration, asyncio.ClockWait) time.Duration { panic("no sleep") }

// TestClockPanics has a clock of a user's panic: the run fails, and the loop can be closed.
func TestClockPanics(t *testing.T) {
	t.Parallel()
	for _, sleeps := range []bool{false, true} {
		loop, err := asyncio.NewSelectorEventLoop(nil, asyncio.WithClock(failing{asynciotest.NewClock(), sleeps}))
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := loop.RunForever(); err == nil {
				t.Error("it ran")
			}
		}
		if err := loop.Close(); err != nil {
			t.Error(err)
		}
	}
}

// running is the running loop.
func running(t *testing.T) asyncio.EventLoop {
	t.Helper()
	loop, err := asyncio.GetRunningLoop()
	if err != nil {
		t.Error(err)
	}
	return loop
}

// peer is one end of a connection.
type peer struct {
	Reader *streams.StreamReader
	Writer *streams.StreamWriter
}

// connected is a connection between two ends on the running loop, over TCP.
func connected(ctx context.Context, t *testing.T) (server, client peer) {
	t.Helper()
	accepted := asyncio.NewFuture[peer](running(t))
	s, err := streams.StartServer(ctx, func(_ context.Context, r *streams.StreamReader, w *streams.StreamWriter) {
		_ = accepted.SetResult(peer{r, w})
	}, "tcp", "127.0.0.1:0", nil)
	if err != nil {
		t.Error(err)
		return
	}
	r, w, err := streams.OpenConnection(ctx, "tcp", s.Addrs()[0].String(), nil)
	if err != nil {
		t.Error(err)
		return
	}
	server, err = accepted.Await(ctx)
	if err != nil {
		t.Error(err)
	}
	s.Close()
	return server, peer{r, w}
}

// refusing is an executor that takes nothing, in two ways.
type refusing struct{ panics bool }

func (r refusing) Submit(func()) error {
	if r.panics {
		panic("no work today")
	}
	return errors.New("no work today")
}

// TestClockAfterRefusals: what an executor has not taken keeps nothing.
func TestClockAfterRefusals(t *testing.T) {
	t.Parallel()
	clocked(t, jumping, func(ctx context.Context, t *testing.T, c asyncio.Clock) {
		loop := running(t)
		for _, panics := range []bool{false, true} {
			func() {
				defer func() { _ = recover() }()
				if _, err := loop.RunInExecutor(refusing{panics}, func() (any, error) { return nil, nil }); err == nil {
					t.Error("it was taken")
				}
			}()
		}
		f, err := loop.RunInExecutor(nil, func() (any, error) { runtime.Goexit(); return nil, nil })
		if err != nil {
			t.Error(err)
		}
		if _, err := f.Await(ctx); !errors.Is(err, asyncio.ErrGoexit) {
			t.Error(err)
		}
		if err := asyncio.Sleep(ctx, time.Hour); err != nil || c.Now() != time.Hour {
			t.Error(c.Now(), err)
		}
	})
}

// TestClockShutdown has a run end while an executor works: its patience with it is in the
// clock's time, which does not jump meanwhile.
func TestClockShutdown(t *testing.T) {
	t.Parallel()
	c := watch(asynciotest.NewJumpingClock(0))
	ended := make(chan time.Duration, 1)
	_, err := asyncio.Run(context.Background(), func(ctx context.Context) (int, error) {
		loop := running(t)
		_, err := loop.RunInExecutor(nil, func() (any, error) {
			<-c.asleep // the loop, which waits for this
			ended <- c.Now()
			return nil, nil
		})
		return 0, err
	}, asyncio.WithLoopFactory(func() (asyncio.EventLoop, error) {
		return asyncio.NewSelectorEventLoop(nil, asyncio.WithClock(c))
	}))
	if at := <-ended; err != nil || at != 0 || c.Now() != 0 {
		t.Errorf("it worked until %v, the run ended at %v: %v", at, c.Now(), err)
	}
}
