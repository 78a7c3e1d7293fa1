package locks_test

import (
	"context"
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/locks"
)

// TestFairness: a coroutine that never has to wait gives way after its budget, and hears of
// its cancellation.
func TestFairness(t *testing.T) {
	t.Parallel()
	for name, call := range map[string]func(ctx context.Context) error{
		"Lock":      func(ctx context.Context) error { return new(locks.Lock).Acquire(ctx) },
		"With":      func(ctx context.Context) error { return new(locks.Lock).With(ctx, func() error { return nil }) },
		"Semaphore": func(ctx context.Context) error { return new(locks.Semaphore).Acquire(ctx) },
		"Condition": func(ctx context.Context) error { return new(locks.Condition).Acquire(ctx) },
		"Event":     func(ctx context.Context) error { var e locks.Event; e.Set(); return e.Wait(ctx) },
		"Barrier":   func(ctx context.Context) error { _, err := new(locks.Barrier).Wait(ctx); return err },
	} {
		row(t, name, func(s *stage) {
			most, done := 0, 0
			var turn func()
			over := false
			turn = func() {
				most, done = max(most, done), 0
				if !over {
					s.soon(turn)
				}
			}
			s.soon(turn)
			for range 10 * asyncio.Budget {
				s.Must(call(s.Ctx))
				done++
			}
			over = true
			if most = max(most, done); most > asyncio.Budget {
				s.Errorf("%d calls in one turn, the budget is %d", most, asyncio.Budget)
			}
			calls := 0
			task := s.Start(func(ctx context.Context) error {
				for {
					if err := call(ctx); err != nil {
						return err
					}
					if calls++; calls > 3*asyncio.Budget {
						s.Error("no word of the cancellation")
						return nil
					}
				}
			})
			s.Must(asyncio.Sleep(s.Ctx, 0))
			task.Cancel()
			s.Fails(s.ended(task), asyncio.ErrCancelled)
		})
	}
}
