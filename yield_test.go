package asyncio_test

import (
	"context"
	"testing"

	"github.com/go-asyncio/asyncio"
)

func TestYield(t *testing.T) {
	t.Parallel()
	row(t, "coroutine", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		ran := 0
		for range 2 {
			_, err := loop.CallSoon(func() { ran++ })
			must(t, err)
		}
		must(t, asyncio.Yield(ctx))
		want(t, "what was ready ran", ran, 2)
		task := asyncio.Go(ctx, func(ctx context.Context) (int, error) { return 0, asyncio.Yield(ctx) }, eagerly)
		task.Cancel("why")
		_, err := task.Await(ctx)
		wantMessage(t, err, "why")
		cut, cancel := context.WithCancel(ctx)
		cancel()
		wantError(t, asyncio.Yield(cut), context.Canceled)
	})
	plainRow(t, "callback", func(t *testing.T) {
		loop := newLoop(t)
		var got error
		_, err := loop.CallSoon(func() { got = asyncio.Yield(context.Background()) })
		must(t, err)
		onePass(t, loop)
		wantError(t, got, asyncio.ErrAwaitInCallback)
	})
	looplessRow(t, "goroutine", func(t *testing.T) {
		must(t, asyncio.Yield(context.Background()))
		cut, cancel := context.WithCancel(context.Background())
		cancel()
		wantError(t, asyncio.Yield(cut), context.Canceled)
	})
}
