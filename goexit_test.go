package asyncio_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"

	"github.com/go-asyncio/asyncio"
)

// eachThreading runs f with a loop that is locked to its thread and with one that
// is not. What the loop reports is collected.
func eachThreading(t *testing.T, name string, f func(t *testing.T, loop asyncio.EventLoop, r *reports)) {
	t.Helper()
	for kind, opts := range map[string][]asyncio.LoopOption{"free": nil, "pinned": {asyncio.WithPinnedThread()}} {
		plainRow(t, name+"/"+kind, func(t *testing.T) {
			loop := newLoop(t, opts...)
			f(t, loop, collectReports(t, loop))
		})
	}
}

// ways to end a callback or coroutine other than by returning.
var ways = map[string]struct {
	end  func()
	want error
}{
	"Goexit": {runtime.Goexit, asyncio.ErrGoexit},
	"panic":  {func() { panic(errBoom) }, errBoom},
}

func TestCallbackThatDoesNotReturn(t *testing.T) {
	t.Parallel()
	for name, way := range ways {
		eachThreading(t, name, func(t *testing.T, loop asyncio.EventLoop, r *reports) {
			var order []string
			soon := func(s string, f func()) {
				_, err := loop.CallSoon(func() {
					order = append(order, s)
					f()
				})
				must(t, err)
			}
			f := asyncio.NewFuture[int](loop)
			soon("before", func() {})
			soon("ends", way.end)
			soon("after", func() {
				f.AddDoneCallback(func(*asyncio.Future[int]) { way.end() })
				f.AddDoneCallback(func(*asyncio.Future[int]) { order = append(order, "second done callback") })
				must(t, f.SetResult(1))
			})
			_, err := loop.CallLater(instant, func() {
				// The timer may be due in the first pass, and Stop ends a run with
				// its pass: what that pass has scheduled is to run, too.
				soon("timer", func() { soon("stop", loop.Stop) })
				way.end()
			})
			must(t, err)
			must(t, loop.RunForever())
			want(t, "order", fmt.Sprint(order), "[before ends after second done callback timer stop]")
			want(t, "reports", len(r.all()), 3)
			for _, c := range r.all() {
				wantError(t, c.Err, way.want)
			}
			runIn(t, loop, func(ctx context.Context) { passes(t, ctx, 3) }) // it still works
		})
	}
}

func TestCoroutineThatDoesNotReturn(t *testing.T) {
	t.Parallel()
	for name, way := range ways {
		eachThreading(t, name, func(t *testing.T, loop asyncio.EventLoop, r *reports) {
			runIn(t, loop, func(ctx context.Context) {
				for _, eager := range []bool{false, true} {
					deferred := false
					atOnce := asyncio.Go(ctx, func(context.Context) (int, error) {
						defer func() { deferred = true }()
						way.end()
						return 1, nil
					}, asyncio.WithEagerStart(eager))
					later := asyncio.Go(ctx, func(ctx context.Context) (int, error) {
						must(t, asyncio.Sleep(ctx, 0))
						way.end()
						return 1, nil
					}, asyncio.WithEagerStart(eager))
					results, err := asyncio.GatherResults(ctx, atOnce.Await, later.Await, value(7))
					must(t, err)
					wantError(t, results[0].Err, way.want)
					wantError(t, results[1].Err, way.want)
					want(t, "the third", results[2].Value, 7)
					want(t, "deferred", deferred, true)
				}
			})
			want(t, "reports", len(r.all()), 0)
		})
	}
	t.Run("panic has its stack", func(t *testing.T) {
		t.Parallel()
		inLoop(t, func(ctx context.Context, _ asyncio.EventLoop) {
			_, err := asyncio.Go(ctx, panicsInside).Await(ctx)
			var p *asyncio.PanicError
			if !errors.As(err, &p) || len(p.Stack) == 0 || p.Value != errBoom {
				t.Errorf("error is %v", err)
			}
		})
	})
}

// TestRunGoesOnAfterGoexit: a pass is finished, however many of its callbacks end
// the goroutine that they run on.
func TestRunGoesOnAfterGoexit(t *testing.T) {
	t.Parallel()
	eachThreading(t, "many", func(t *testing.T, loop asyncio.EventLoop, r *reports) {
		const n = 300
		ran := 0
		for i := range n {
			_, err := loop.CallSoon(func() {
				ran++
				if i%3 == 0 {
					runtime.Goexit()
				}
			})
			must(t, err)
		}
		loop.Stop()
		must(t, loop.RunForever()) // a single pass
		want(t, "ran", ran, n)
		want(t, "reports", len(r.all()), n/3)
	})
}
