package asyncio_test

import (
	"context"
	"sync"
	"testing"

	"github.com/go-asyncio/asyncio"
)

func TestWaiter(t *testing.T) {
	t.Parallel()
	row(t, "woken", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		var w asyncio.Waiter
		for _, wake := range []func(){
			func() { w.Wake() },
			func() { go w.Wake() },
			func() { _, err := loop.CallSoon(w.Wake); must(t, err) },
			func() { _, err := loop.CallLater(instant, w.Wake); must(t, err) },
		} {
			wake()
			must(t, w.Wait(ctx))
		}
	})
	row(t, "several wakes count as one", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		var w asyncio.Waiter
		w.Wake()
		w.Wake()
		suspended := false
		_, err := loop.CallSoon(func() { suspended = true })
		must(t, err)
		must(t, w.Wait(ctx))
		want(t, "suspended", suspended, false)
		_, err = loop.CallLater(instant, w.Wake)
		must(t, err)
		must(t, w.Wait(ctx))
		want(t, "suspended", suspended, true)
	})
	row(t, "one at a time", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		var w asyncio.Waiter
		first := asyncio.Go(ctx, func(ctx context.Context) (int, error) { return 0, w.Wait(ctx) })
		passes(t, ctx, 1)
		wantError(t, w.Wait(ctx), asyncio.ErrInvalidState)
		elsewhere(func() { wantError(t, w.Wait(context.Background()), asyncio.ErrInvalidState) })
		w.Wake()
		_, err := first.Await(ctx)
		must(t, err)
	})
	row(t, "a wake that comes with a cancellation is kept", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		var w asyncio.Waiter
		for _, end := range []func(task *asyncio.Task[int]){
			func(task *asyncio.Task[int]) { w.Wake(); task.Cancel() },
			func(task *asyncio.Task[int]) { task.Cancel(); w.Wake() },
		} {
			task := asyncio.Go(ctx, func(ctx context.Context) (int, error) { return 0, w.Wait(ctx) })
			passes(t, ctx, 1)
			end(task)
			_, err := task.Await(ctx)
			wantError(t, err, asyncio.ErrCancelled)
			must(t, w.Wait(ctx))
		}
	})
	row(t, "cancelled before it waits", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		var w asyncio.Waiter
		task := asyncio.Go(ctx, func(ctx context.Context) (int, error) {
			asyncio.CurrentTask().Cancel()
			return 0, w.Wait(ctx)
		})
		_, err := task.Await(ctx)
		wantError(t, err, asyncio.ErrCancelled)
		w.Wake()
		must(t, w.Wait(ctx)) // nobody is left waiting
	})
	looplessRow(t, "elsewhere", func(t *testing.T) {
		var w asyncio.Waiter
		go w.Wake()
		must(t, w.Wait(t.Context()))
		ctx, cancel := context.WithTimeout(t.Context(), instant)
		defer cancel()
		wantError(t, w.Wait(ctx), context.DeadlineExceeded)
		w.Wake()
		must(t, w.Wait(ctx)) // a Wake that was kept comes before a context that is done
	})
}

// TestWaiterPingPong: between a coroutine and another goroutine no wake is lost.
func TestWaiterPingPong(t *testing.T) {
	t.Parallel()
	const n = 2000
	var ping, pong asyncio.Waiter
	var there sync.WaitGroup
	there.Go(func() {
		for range n {
			if err := ping.Wait(context.Background()); err != nil {
				t.Error(err)
			}
			pong.Wake()
		}
	})
	inLoop(t, func(ctx context.Context, _ asyncio.EventLoop) {
		for range n {
			ping.Wake()
			must(t, pong.Wait(ctx))
		}
	})
	there.Wait()
}
