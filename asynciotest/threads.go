package asynciotest

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/go-asyncio/asyncio"
)

var threadCases = []behaviour{
	{"base.014.debug-thread-check", func(e *env) {
		l := e.loop()
		e.guard(l)
		errs := make(chan error, 8)
		e.soon(l, func() {
			go func() {
				_, err := l.CallSoon(func() {})
				errs <- err
				_, err = l.CallLater(0, func() {})
				errs <- err
				_, err = l.CallAt(0, func() {})
				errs <- err
				errs <- l.AddReader(0, func() {})
				errs <- l.SetExceptionHandler(nil)
				_, err = l.RunInExecutor(nil, func() (any, error) { return nil, nil })
				errs <- err
				errs <- asyncio.CreateTask(l, func(context.Context) (int, error) { return 0, nil }).Exception()
				errs <- l.SetTaskFactory(nil)
				l.Stop()
			}()
		})
		e.must(l.RunForever())
		for range cap(errs) {
			e.wantIs(<-errs, asyncio.ErrWrongGoroutine)
		}
	}},
	{"events.005a.call-soon-threadsafe-order", func(e *env) {
		l := e.loop()
		var order []int
		done := make(chan struct{})
		go func() {
			defer close(done)
			_, err := l.CallSoonThreadsafe(func() { order = append(order, 1) })
			if err != nil {
				e.Error(err)
			}
		}()
		<-done
		e.soon(l, func() { order = append(order, 2) })
		e.pass(l)
		want(e, "order", fmt.Sprint(order), "[1 2]")
	}},
	{"events.005b.call-soon-threadsafe-same-thread", func(e *env) {
		l := e.loop()
		var order []int
		e.soon(l, func() {
			for i := range 6 {
				f := func() { order = append(order, i) }
				if i%2 == 0 {
					e.soon(l, f)
				} else if _, err := l.CallSoonThreadsafe(f); err != nil {
					e.Error(err)
				}
			}
		})
		e.pass(l)
		e.pass(l)
		want(e, "order", fmt.Sprint(order), "[0 1 2 3 4 5]")
	}},
	{"threadsafe-wakes-a-sleeping-loop", func(e *env) {
		l := e.loop()
		e.guard(l)
		for range 50 {
			started := make(chan struct{})
			e.soon(l, func() { close(started) })
			go func() {
				<-started
				if _, err := l.CallSoonThreadsafe(l.Stop); err != nil {
					e.Error(err)
				}
			}()
			e.must(l.RunForever())
		}
	}},
	{"threadsafe-from-many-loses-nothing", func(e *env) {
		l := e.loop()
		e.guard(l)
		const producers, each = 8, 500
		next := [producers]int{}
		left := producers * each
		var wg sync.WaitGroup
		for p := range producers {
			wg.Go(func() {
				for i := range each {
					_, err := l.CallSoonThreadsafe(func() {
						if next[p] != i {
							e.Errorf("producer %d: callback %d ran as number %d", p, i, next[p])
						}
						next[p]++
						if left--; left == 0 {
							l.Stop()
						}
					})
					if err != nil {
						e.Error(err)
					}
				}
			})
		}
		e.must(l.RunForever())
		wg.Wait()
	}},
	{"threadsafe-on-a-closed-loop", func(e *env) {
		l := e.loop()
		e.must(l.Close())
		_, err := l.CallSoonThreadsafe(func() {})
		e.wantIs(err, asyncio.ErrLoopClosed)
		_, err = l.CallSoon(func() {})
		e.wantIs(err, asyncio.ErrLoopClosed)
		_, err = l.CallLater(0, func() {})
		e.wantIs(err, asyncio.ErrLoopClosed)
	}},
	{"handle-cancel-from-another-goroutine", func(e *env) {
		l := e.loop()
		e.guard(l)
		var handles []asyncio.TimerHandle
		ran := 0
		for range 200 {
			handles = append(handles, e.later(l, 10*time.Millisecond, func() { ran++ }))
		}
		cancelled := make(chan int)
		e.soon(l, func() {
			go func() {
				n := 0
				for i, h := range handles {
					if i%2 == 0 && h.Cancel() {
						n++
					}
				}
				cancelled <- n
			}()
		})
		e.later(l, 15*time.Millisecond, l.Stop)
		e.must(l.RunForever())
		want(e, "cancelled and run", <-cancelled+ran, len(handles))
	}},
	{"policy.011.no-running-loop-errors", func(e *env) {
		_, err := asyncio.GetRunningLoop()
		e.wantIs(err, asyncio.ErrNoRunningLoop)
		l := e.loop()
		e.run(l, func(context.Context) error {
			got, err := asyncio.GetRunningLoop()
			e.must(err)
			want(e, "running loop", got, l)
			current, err := asyncio.GetEventLoop()
			e.must(err)
			want(e, "current loop inside", current, l)
			return nil
		})
		_, err = asyncio.GetRunningLoop()
		e.wantIs(err, asyncio.ErrNoRunningLoop)
		_, err = asyncio.GetEventLoop()
		e.wantIs(err, asyncio.ErrNoCurrentLoop)
	}},
}
