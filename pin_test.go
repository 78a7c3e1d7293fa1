package asyncio_test

import (
	"context"
	"runtime"
	"testing"

	"github.com/go-asyncio/asyncio"
)

func TestPinnedLoop(t *testing.T) {
	t.Parallel()
	plainRow(t, "works-as-any-other", func(t *testing.T) {
		loop := newLoop(t, asyncio.WithPinnedThread())
		r := collectReports(t, loop)
		runIn(t, loop, func(ctx context.Context) {
			got, err := asyncio.Gather(ctx, value(1), value(2), value(3))
			must(t, err)
			want(t, "gathered", len(got), 3)
			must(t, asyncio.Sleep(ctx, instant))
			_, err = asyncio.ToThread(ctx, func() (int, error) {
				runtime.LockOSThread() // allowed here, and nowhere on the loop
				defer runtime.UnlockOSThread()
				return 1, nil
			})
			must(t, err)
			f := asyncio.NewFuture[int](nil)
			go func() { must(t, f.SetResult(4)) }()
			n, err := f.Await(ctx)
			must(t, err)
			want(t, "from another goroutine", n, 4)
			eager := asyncio.Go(ctx, value(5), asyncio.WithEagerStart(true))
			n, err = eager.Await(ctx)
			must(t, err)
			want(t, "started at once", n, 5)
		})
		soon(t, loop, runtime.Goexit)
		soon(t, loop, panicsHere)
		onePass(t, loop)
		want(t, "reports", len(r.all()), 2)
		runIn(t, loop, func(ctx context.Context) { passes(t, ctx, 3) })
	})
	plainRow(t, "run-from-several-goroutines", func(t *testing.T) {
		loop := newLoop(t, asyncio.WithPinnedThread())
		noReports(t, loop)
		for range 5 {
			elsewhere(func() { runIn(t, loop, func(ctx context.Context) { passes(t, ctx, 2) }) })
		}
	})
	plainRow(t, "closed-without-a-run", func(t *testing.T) {
		must(t, mustLoop(t, asyncio.WithPinnedThread()).Close())
	})
}
