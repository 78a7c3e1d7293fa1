package asyncio_test

import (
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
	"github.com/go-asyncio/asyncio/selectors"
)

// TestSteadyState is not parallel: AllocsPerRun counts the whole process.
func TestSteadyState(t *testing.T) {
	if testkit.RaceDetector {
		t.Skip("the race detector allocates")
	}
	loop := newLoop(t)
	noReports(t, loop)
	runIn(t, loop, func(ctx context.Context) {
		// No subtests: they would run on goroutines of their own.
		check := func(name string, f func()) {
			t.Helper()
			if n := testing.AllocsPerRun(1000, f); n != 0 {
				t.Errorf("%s: %v allocations", name, n)
			}
		}
		pass := func() { must(t, asyncio.Sleep(ctx, 0)) }
		f := func() {}
		once := func(name string, f func()) {
			t.Helper()
			if n := testing.AllocsPerRun(1000, f); n != 1 {
				t.Errorf("%s: %v allocations, not one", name, n)
			}
		}
		one := func(context.Context) (int, error) { return 1, nil }
		once("a-task", func() {
			_, err := asyncio.Go(ctx, one).Await(ctx)
			must(t, err)
		})
		once("a-future", func() {
			f := asyncio.NewFuture[int](loop)
			must(t, f.SetResult(1))
			_, err := f.Await(ctx)
			must(t, err)
		})
		check("Sleep-zero", pass)
		check("Sleep", func() { must(t, asyncio.Sleep(ctx, time.Nanosecond)) })
		check("CallSoon", func() {
			soon(t, loop, f)
			pass()
		})
		check("CallSoon-cancelled", func() {
			h, err := loop.CallSoon(f)
			must(t, err)
			h.Cancel()
			pass()
		})
		check("CallSoonThreadsafe", func() {
			_, err := loop.CallSoonThreadsafe(f)
			must(t, err)
			pass()
		})
		check("timer-fired", func() {
			_, err := loop.CallLater(0, f)
			must(t, err)
			pass()
			pass()
		})
		check("timer-cancelled", func() {
			h, err := loop.CallLater(forever, f)
			must(t, err)
			h.Cancel()
		})
		var w asyncio.Waiter
		wake := w.Wake
		check("Waiter", func() {
			soon(t, loop, wake)
			must(t, w.Wait(ctx))
		})
		check("Waiter-that-was-woken", func() {
			w.Wake()
			must(t, w.Wait(ctx))
		})
		requests := make(chan struct{})
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			for range requests {
				_, err := loop.CallSoonThreadsafe(wake)
				must(t, err)
			}
		}()
		check("round-trip-to-a-goroutine", func() {
			requests <- struct{}{}
			must(t, w.Wait(ctx))
		})
		close(requests)
		<-ended
		task := asyncio.CreateTask(loop, func(ctx context.Context) (int, error) {
			for {
				if err := asyncio.Sleep(ctx, 0); err != nil {
					return 0, err
				}
			}
		})
		check("another-task's-steps", pass)
		task.Cancel()
		_, err := task.Await(ctx)
		wantError(t, err, asyncio.ErrCancelled)
	})
}

// TestBursts is not parallel: it measures the heap.
func TestBursts(t *testing.T) {
	if testkit.RaceDetector {
		t.Skip("the race detector's memory counts, too")
	}
	t.Run("then-rest", func(t *testing.T) {
		s := &restSelector{}
		var w asyncio.Waiter
		wake := w.Wake
		s.resting = func(loop asyncio.EventLoop) {
			_, err := loop.CallSoonThreadsafe(wake)
			must(t, err)
		}
		afterBurst(t, s, 200, func(ctx context.Context) { must(t, w.Wait(ctx)) })
		if s.rests < 200 {
			t.Errorf("the loop rested %d times", s.rests)
		}
	})
	t.Run("then-work", func(t *testing.T) {
		s := &restSelector{}
		afterBurst(t, s, 80_000, func(ctx context.Context) { must(t, asyncio.Sleep(ctx, 0)) })
		if s.rests > 0 {
			t.Errorf("the loop rested %d times", s.rests)
		}
	})
}

// restSelector tells when its loop is about to sleep for as long as it takes.
type restSelector struct {
	selectors.Selector
	loop    asyncio.EventLoop
	resting func(asyncio.EventLoop)
	rests   int
}

func (s *restSelector) Select(timeout time.Duration) ([]selectors.Ready, error) {
	if timeout == selectors.Forever {
		s.rests++
		if s.resting != nil {
			s.resting(s.loop)
		}
	}
	return s.Selector.Select(timeout)
}

// afterBurst goes through a burst of callbacks and timers, and then through some
// rounds of little work; little of the burst's memory must be left.
func afterBurst(t *testing.T, s *restSelector, rounds int, round func(ctx context.Context)) {
	const many = 20_000
	var err error
	s.Selector, err = selectors.NewDefaultSelector()
	must(t, err)
	loop, err := asyncio.NewSelectorEventLoop(s)
	must(t, err)
	defer func() { must(t, loop.Close()) }()
	s.loop = loop
	noReports(t, loop)
	before := heap()
	runIn(t, loop, func(ctx context.Context) {
		for range many {
			soon(t, loop, func() {})
			_, err := loop.CallLater(0, func() {})
			must(t, err)
			_, err = loop.CallSoonThreadsafe(func() {})
			must(t, err)
		}
		timers := make([]asyncio.TimerHandle, 0, many)
		for range many {
			h, err := loop.CallLater(forever, func() { t.Error("a cancelled timer ran") })
			must(t, err)
			timers = append(timers, h)
		}
		elsewhere(func() {
			for _, h := range timers {
				h.Cancel()
			}
		})
		timers = nil
		peak := heap()
		for range rounds {
			_, err := loop.CallLater(0, func() {})
			must(t, err)
			round(ctx)
		}
		// The timer queue looks at its memory again only after as many timers more.
		if kept, burst := heap()-before, peak-before; kept > burst/8 {
			t.Errorf("%d KiB are left of a burst of %d KiB", kept>>10, burst>>10)
		}
	})
}

// heap is how much memory is in use.
func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // what pools have kept through the first
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
