package asyncio_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
)

// visitor is one who comes to a door in a sweep.
type visitor struct {
	task   *asyncio.Task[struct{}]
	cancel context.CancelFunc // of the context that it comes with
	in     bool               // it was let in
	err    error
}

// waiterEnds are the ways in which a visitor's wait may end before its turn.
var waiterEnds = map[string]func(v *visitor){
	"cancel":       func(v *visitor) { v.task.Cancel() },
	"cancel twice": func(v *visitor) { v.task.Cancel(); v.task.Cancel() },
	"context":      func(v *visitor) { v.cancel() },
	"both":         func(v *visitor) { v.cancel(); v.task.Cancel() },
	"uncancelled":  func(v *visitor) { v.task.Cancel(); v.task.Uncancel() },
}

// TestWaitersSweep ends the wait of each of three visitors in each pass, before and
// after the door is opened in each pass. Whoever was not ended is let in, in order,
// and nothing is left behind.
func TestWaitersSweep(t *testing.T) {
	t.Parallel()
	const most = 7
	for name, end := range waiterEnds {
		sweepIn(t, name, func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
			for which := range 3 {
				for opened := range most {
					for ended := range most {
						for _, first := range []bool{false, true} {
							what := fmt.Sprintf("visitor %d ended in pass %d, opened in pass %d, ended first %v", which, ended, opened, first)
							waitersInstant(t, ctx, loop, what, func(d *door, vs []*visitor, pass int) {
								if first && pass == ended {
									end(vs[which])
								}
								if pass == opened {
									d.leave()
								}
								if !first && pass == ended {
									end(vs[which])
								}
							}, which, most)
						}
					}
				}
			}
		})
	}
}

// waitersInstant plays one instant of the sweep: act is called in each pass.
func waitersInstant(t *testing.T, ctx context.Context, loop asyncio.EventLoop, what string, act func(d *door, vs []*visitor, pass int), which, most int) {
	t.Helper()
	d := &door{loop: loop, locked: true}
	vs := make([]*visitor, 3)
	var order []int
	for i := range vs {
		v := &visitor{}
		vs[i] = v
		v.task = asyncio.GoErr(ctx, func(ctx context.Context) error {
			ctx, v.cancel = context.WithCancel(ctx)
			defer v.cancel()
			if v.err = d.enter(ctx); v.err != nil {
				return v.err
			}
			v.in = true
			order = append(order, i)
			defer d.leave()
			return asyncio.Yield(ctx)
		})
		v.cancel = func() { v.task.Cancel() } // until it has a context of its own
	}
	for pass := range most {
		act(d, vs, pass)
		passes(t, ctx, 1)
	}
	for i, v := range vs {
		if _, err := v.task.Await(ctx); i != which && err != nil {
			t.Errorf("%s: visitor %d: %v", what, i, err)
		}
		if i != which && !v.in || v.in && v.err != nil {
			t.Errorf("%s: visitor %d was let in: %v, with %v", what, i, v.in, v.err)
		}
	}
	for i := 1; i < len(order); i++ {
		if order[i] < order[i-1] {
			t.Errorf("%s: let in as %v", what, order)
		}
	}
	d.check(t, what)
}

// TestWaitersCloseSweep closes the loop after each number of passes, with coroutines
// that were let in, that wait and that were woken, and goroutines elsewhere. All end,
// the deferred functions of all coroutines run, and nothing is left behind.
func TestWaitersCloseSweep(t *testing.T) {
	t.Parallel()
	overLoops(t, testkit.OrSimulated(testkit.Kinds), func(t *testing.T) {
		for n := range 12 {
			closedAfter(t, n)
		}
	})
}

func closedAfter(t *testing.T, n int) {
	t.Helper()
	loop := mustLoop(t)
	_ = collectReports(t, loop) // of tasks that are destroyed
	d := &door{loop: loop}
	var ended, begun int
	visit := func(ctx context.Context) error {
		begun++
		defer func() { ended++ }()
		for {
			if err := d.enter(ctx); err != nil {
				return err
			}
			err := asyncio.Yield(ctx)
			d.leave()
			if err != nil {
				return err
			}
		}
	}
	for range 4 {
		asyncio.CreateTaskErr(loop, visit)
	}
	var there sync.WaitGroup
	for range 2 {
		there.Go(func() {
			for {
				switch err := d.enter(context.Background()); {
				case err == nil:
					d.leave()
				case errors.Is(err, asyncio.ErrLoopClosed):
					return
				default:
					t.Error(err)
					return
				}
				if loop.IsClosed() {
					return
				}
			}
		})
	}
	must(t, loop.RunUntilComplete(asyncio.CreateTaskErr(loop, func(ctx context.Context) error {
		passes(t, ctx, n)
		return nil
	})))
	must(t, loop.Close())
	there.Wait()
	want(t, fmt.Sprintf("closed after %d passes: coroutines that have ended", n), ended, begun)
	d.locked = false // a coroutine that was inside is not any more
	d.check(t, fmt.Sprintf("closed after %d passes", n))
}

// TestWaitersGoexitSweep: who is inside leaves by Goexit, or by a panic, in each pass;
// those who wait are let in.
func TestWaitersGoexitSweep(t *testing.T) {
	t.Parallel()
	for name, leave := range map[string]func(){"goexit": goexit, "panic": func() { panic(errBoom) }} {
		plainSweep(t, name, func(t *testing.T) {
			loop := newLoop(t)
			_ = collectReports(t, loop) // of panics that nobody looks at
			runIn(t, loop, func(ctx context.Context) {
				for n := range 6 {
					d := &door{loop: loop}
					bad := asyncio.GoErr(ctx, func(ctx context.Context) error {
						must(t, d.enter(ctx))
						defer d.leave()
						passes(t, ctx, n)
						leave()
						return nil
					})
					passes(t, ctx, 1)
					first, second := asyncio.GoErr(ctx, d.enter), asyncio.GoErr(ctx, d.enter)
					_, err := first.Await(ctx)
					must(t, err)
					d.leave()
					_, err = second.Await(ctx)
					must(t, err)
					d.leave()
					want(t, "the bad one failed", bad.Exception() != nil, true)
					d.check(t, fmt.Sprintf("left in pass %d", n))
				}
			})
		})
	}
}
