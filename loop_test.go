package asyncio_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
	"github.com/go-asyncio/asyncio/selectors"
)

// connected returns both ends of a connection of package net.
func connected(t *testing.T) (a, b *net.TCPConn) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer ln.Close()
	c, err := net.Dial("tcp", ln.Addr().String())
	must(t, err)
	s, err := ln.Accept()
	must(t, err)
	t.Cleanup(func() { must(t, errors.Join(c.Close(), s.Close())) })
	return c.(*net.TCPConn), s.(*net.TCPConn)
}

// descriptor returns the descriptor of a connection, which stays the
// connection's.
func descriptor(t *testing.T, c syscall.Conn) (fd uintptr) {
	t.Helper()
	raw, err := c.SyscallConn()
	must(t, err)
	must(t, raw.Control(func(f uintptr) { fd = f }))
	return fd
}

func TestWhoRuns(t *testing.T) {
	t.Parallel()
	plainRow(t, "two-goroutines-run-one-loop", func(t *testing.T) {
		loop := newLoop(t)
		for range 200 {
			// Whoever comes second is refused; the loop runs until he was.
			var wg sync.WaitGroup
			var ran, refused atomic.Int32
			for range 2 {
				wg.Go(func() {
					switch err := loop.RunForever(); {
					case err == nil:
						ran.Add(1)
					case errors.Is(err, asyncio.ErrLoopRunning):
						refused.Add(1)
						loop.Stop()
					default:
						t.Error(err)
					}
				})
			}
			wg.Wait()
			want(t, "ran", ran.Load(), 1)
			want(t, "refused", refused.Load(), 1)
		}
	})
	plainRow(t, "stop-from-other-goroutines", func(t *testing.T) {
		loop := newLoop(t)
		for range 100 {
			var wg sync.WaitGroup
			soon(t, loop, func() {
				for range 3 {
					wg.Go(loop.Stop)
				}
			})
			must(t, loop.RunForever())
			wg.Wait() // a late one makes the next run a single pass
		}
	})
	plainRow(t, "an-interrupted-run-leaves-no-stop", func(t *testing.T) {
		loop := newLoop(t)
		task := asyncio.CreateTask(loop, func(context.Context) (int, error) { return 0, asyncio.ErrInterrupted })
		wantError(t, loop.RunUntilComplete(task), asyncio.ErrInterrupted)
		done := asyncio.NewFuture[int](loop)
		soon(t, loop, func() {
			must(t, done.SetResult(1))
			panic(asyncio.ErrInterrupted)
		})
		wantError(t, loop.RunUntilComplete(done), asyncio.ErrInterrupted)
		ran := false
		_, err := loop.CallLater(instant, func() { ran = true; loop.Stop() })
		must(t, err)
		must(t, loop.RunForever())
		want(t, "the next run went on until it was stopped", ran, true)
	})
	plainRow(t, "a-run-within-a-handler", func(t *testing.T) {
		loop := newLoop(t)
		tried := false
		must(t, loop.SetExceptionHandler(func(l asyncio.EventLoop, _ asyncio.ExceptionContext) {
			tried = true
			wantError(t, l.RunForever(), asyncio.ErrLoopRunning)
			wantError(t, l.Close(), asyncio.ErrLoopRunning)
		}))
		// The loop does not run: the handler is called on this goroutine, for the
		// length of which the loop is this goroutine's.
		loop.CallExceptionHandler(asyncio.ExceptionContext{})
		want(t, "called", tried, true)
	})
}

func TestIdleLoop(t *testing.T) {
	t.Parallel()
	const goroutines, each = 6, 200
	plainRow(t, "calls-from-several-goroutines", func(t *testing.T) {
		loop := newLoop(t)
		noReports(t, loop)
		_, b := connected(t)
		fd := descriptor(t, b)
		var wg sync.WaitGroup
		ran := 0
		for range goroutines {
			wg.Go(func() {
				for range each {
					soon(t, loop, func() { ran++ })
					_, err := loop.CallSoonThreadsafe(func() { ran++ })
					must(t, err)
					_, err = loop.CallAt(0, func() { ran++ })
					must(t, err)
					h, err := loop.CallLater(forever, func() { t.Error("a cancelled timer ran") })
					must(t, err)
					_ = h.String()
					want(t, "Cancel", h.Cancel(), true)
					asyncio.CreateTask(loop, func(context.Context) (int, error) { ran++; return 0, nil })
					must(t, loop.AddReader(fd, func() {}))
					_, err = loop.RemoveReader(fd)
					must(t, err)
					must(t, loop.SetTaskFactory(nil))
				}
			})
		}
		wg.Wait()
		onePass(t, loop)
		want(t, "ran", ran, goroutines*each*4)
	})
	plainRow(t, "calls-while-it-begins-and-ends-to-run", func(t *testing.T) {
		loop := newLoop(t)
		var wg sync.WaitGroup
		var accepted, ran atomic.Int64
		for range goroutines {
			wg.Go(func() {
				for range each {
					switch _, err := loop.CallSoon(func() { ran.Add(1) }); {
					case err == nil:
						accepted.Add(1)
					case !errors.Is(err, asyncio.ErrWrongGoroutine):
						t.Error(err)
					}
					runtime.Gosched()
				}
			})
		}
		ended := make(chan struct{})
		go func() {
			wg.Wait()
			close(ended)
		}()
		for running := true; running; {
			onePass(t, loop)
			select {
			case <-ended:
				running = false
			default:
			}
		}
		onePass(t, loop)
		want(t, "what was accepted ran", ran.Load(), accepted.Load())
	})
}

func TestEventsThatDoNotReturn(t *testing.T) {
	t.Parallel()
	for _, debug := range []bool{false, true} {
		plainRow(t, fmt.Sprintf("debug=%v", debug), func(t *testing.T) {
			loop := newLoop(t, asyncio.WithDebug(debug))
			r := collectReports(t, loop)
			calls := map[string]int{}
			on := func(name string, then func()) {
				_, b := connected(t)
				must(t, loop.AddWriter(descriptor(t, b), func() {
					calls[name]++
					if calls["panics"] >= 3 && calls["exits"] >= 3 && calls["returns"] >= 3 {
						loop.Stop()
					}
					then()
				}))
			}
			// All three are ready in each pass, and nothing else is there to run: without
			// debug mode they are called directly.
			on("panics", panicsHere)
			on("exits", runtime.Goexit)
			on("returns", func() {})
			must(t, loop.RunForever())
			for name, n := range calls {
				if n > 4 || n < 3 {
					t.Errorf("%s: called %d times, others %v", name, n, calls)
				}
			}
			panics, exits := 0, 0
			for _, c := range r.all() {
				switch {
				case errors.Is(c.Err, errBoom):
					panics++
				case errors.Is(c.Err, asyncio.ErrGoexit):
					exits++
				}
			}
			want(t, "panics reported", panics, calls["panics"])
			want(t, "exits reported", exits, calls["exits"])
		})
	}
}

func TestWaits(t *testing.T) {
	t.Parallel()
	row := func(t *testing.T) {
		// waits runs the loop until it would sleep, or until it is stopped, and says how
		// long it was going to.
		waits := func(prepare func(loop asyncio.EventLoop)) (all []time.Duration) {
			var loop asyncio.EventLoop
			loop = openHooked(t, func(wait func(time.Duration) (bool, error), timeout time.Duration) error {
				all = append(all, timeout)
				if timeout > 0 || timeout == selectors.Forever {
					loop.Stop()
				}
				_, err := wait(0)
				return err
			})
			defer func() { must(t, loop.Close()) }()
			prepare(loop)
			must(t, loop.RunForever())
			// It may have looked without waiting before it slept, and looks once
			// more when it is stopped.
			return slices.DeleteFunc(all, func(d time.Duration) bool { return d == 0 && len(all) > 1 })
		}
		later := func(loop asyncio.EventLoop, d time.Duration) asyncio.TimerHandle {
			h, err := loop.CallLater(d, func() { t.Error("it ran") })
			must(t, err)
			return h
		}
		between := func(what string, got []time.Duration, low, high time.Duration) {
			t.Helper()
			if len(got) != 1 || got[0] < low || got[0] > high {
				t.Errorf("%s: waits %v, want one from %v to %v", what, got, low, high)
			}
		}
		between("ready", waits(func(l asyncio.EventLoop) { later(l, time.Hour); soon(t, l, l.Stop) }), 0, 0)
		between("stopped", waits(func(l asyncio.EventLoop) { later(l, time.Hour); l.Stop() }), 0, 0)
		between("a timer", waits(func(l asyncio.EventLoop) { later(l, 10*time.Hour) }), 9*time.Hour, 10*time.Hour)
		between("a far timer", waits(func(l asyncio.EventLoop) { later(l, 1000*time.Hour) }), 24*time.Hour, 24*time.Hour)
		between("no timer", waits(func(asyncio.EventLoop) {}), selectors.Forever, selectors.Forever)
		between("a cancelled timer before another", waits(func(l asyncio.EventLoop) {
			h := later(l, time.Hour)
			later(l, 10*time.Hour)
			want(t, "Cancel", h.Cancel(), true)
		}), 9*time.Hour, 10*time.Hour)
		between("all timers cancelled", waits(func(l asyncio.EventLoop) {
			h := later(l, time.Hour)
			soon(t, l, func() { want(t, "Cancel", h.Cancel(), true) })
		}), selectors.Forever, selectors.Forever)
	}
	looplessRow(t, "base.096.pass-select-timeout", func(t *testing.T) { overLoops(t, testkit.Unpinned, row) })
}

func TestTinySleeps(t *testing.T) {
	t.Parallel()
	row := func(t *testing.T) {
		waits := 0
		loop := openHooked(t, func(wait func(time.Duration) (bool, error), timeout time.Duration) error {
			waits++
			_, err := wait(timeout)
			return err
		})
		defer func() { must(t, loop.Close()) }()
		runIn(t, loop, func(ctx context.Context) {
			for _, d := range []time.Duration{10 * time.Millisecond, time.Millisecond, 100 * time.Microsecond, time.Microsecond, time.Nanosecond} {
				must(t, asyncio.Sleep(ctx, d))
			}
		})
		if waits > 20 {
			t.Errorf("it waited %d times", waits)
		}
	}
	looplessRow(t, "events.042.timeout-rounding", func(t *testing.T) { overLoops(t, testkit.Unpinned, row) })
}

func TestClock(t *testing.T) {
	t.Parallel()
	loop := newLoop(t)
	last := loop.Time()
	for range 1000 {
		now := loop.Time()
		if now < last {
			t.Fatalf("the clock went back from %v to %v", last, now)
		}
		last = now
	}
	h, err := loop.CallLater(time.Duration(1<<63-1), func() { t.Error("it ran") })
	must(t, err)
	want(t, "a timer too far away", h.When(), time.Duration(1<<63-1))
	h, err = loop.CallLater(-1<<63, func() {})
	must(t, err)
	if h.When() > last {
		t.Errorf("a delay below zero is due at %v", h.When())
	}
	onePass(t, loop)
	other := newLoop(t)
	if d := loop.Time() - other.Time(); d < 0 {
		t.Errorf("an older loop's clock is %v behind", -d)
	}
}

func TestMillion(t *testing.T) {
	t.Parallel()
	million := 1_000_000
	if testkit.RaceDetector {
		million /= 20
	}
	loop := newLoop(t)
	next, wrong := 0, 0
	soon(t, loop, func() {
		for i := range million {
			soon(t, loop, func() {
				if i != next {
					wrong++
				}
				next++
			})
		}
	})
	onePass(t, loop)
	want(t, "ran in the pass that scheduled them", next, 0)
	onePass(t, loop)
	want(t, "ran", next, million)
	want(t, "out of order", wrong, 0)
}
