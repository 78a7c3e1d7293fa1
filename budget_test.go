package asyncio_test

import (
	"context"
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
)

// TestConsumeBudget: a coroutine that does not wait gives way after a budget, and
// one that waits has all of it again.
func TestConsumeBudget(t *testing.T) {
	t.Parallel()
	overLoops(t, testkit.Kinds, func(t *testing.T) {
		inLoop(t, func(ctx context.Context, loop asyncio.EventLoop) {
			turns := 0
			var turn func()
			turn = func() {
				turns++
				_, err := loop.CallSoon(turn)
				must(t, err)
			}
			defer func() { turn = func() {} }()
			turn()
			spend := func(ctx context.Context, n, gaveWay int) {
				t.Helper()
				before := turns
				for range n {
					must(t, asyncio.ConsumeBudget(ctx))
				}
				want(t, "turns", turns-before, gaveWay)
			}
			must(t, asyncio.Sleep(ctx, 0))
			turns = 0
			spend(ctx, asyncio.Budget, 0)
			spend(ctx, 1, 1)
			spend(ctx, asyncio.Budget-1, 0)
			spend(ctx, 1, 1)
			spend(ctx, 10*asyncio.Budget, 10)
			spend(context.Background(), asyncio.Budget, 1) // whatever the context
			must(t, asyncio.Sleep(ctx, 0))
			spend(ctx, asyncio.Budget, 0)

			// Each task has its own.
			other := asyncio.Go(ctx, func(ctx context.Context) (int, error) {
				for range asyncio.Budget {
					must(t, asyncio.ConsumeBudget(ctx))
				}
				return turns, nil
			})
			n, err := other.Await(ctx)
			must(t, err)
			want(t, "turns of another task", n, turns-1)

			// What waits for the task comes with the giving way.
			stopped := asyncio.Go(ctx, func(ctx context.Context) (int, error) {
				for n := range 10 * asyncio.Budget {
					if err := asyncio.ConsumeBudget(ctx); err != nil {
						return n, err
					}
				}
				return 0, nil
			})
			must(t, asyncio.Sleep(ctx, 0))
			stopped.Cancel()
			_, err = stopped.Await(ctx)
			wantError(t, err, asyncio.ErrCancelled)

			done := make(chan struct{})
			_, err = loop.CallSoon(func() {
				defer close(done)
				for range 2 * asyncio.Budget {
					must(t, asyncio.ConsumeBudget(ctx)) // of a task, but this is none
				}
			})
			must(t, err)
			must(t, asyncio.Sleep(ctx, 0))
			<-done
		})
	})
	for range 2 * asyncio.Budget {
		must(t, asyncio.ConsumeBudget(context.Background()))
	}
}
