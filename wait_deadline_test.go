package asyncio_test

import (
	"context"
	"errors"
	"os"
	"testing"

	"github.com/go-asyncio/asyncio"
)

// everyCall is each call that waits for something of the loop that does not come.
func everyCall(loop asyncio.EventLoop) map[string]func(ctx context.Context) error {
	f := func() *asyncio.Future[int] { return asyncio.NewFuture[int](loop) }
	return map[string]func(ctx context.Context) error{
		"Await":     func(ctx context.Context) error { _, err := f().Await(ctx); return err },
		"Sleep":     func(ctx context.Context) error { return asyncio.Sleep(ctx, forever) },
		"Waiter":    func(ctx context.Context) error { return new(asyncio.Waiter).Wait(ctx) },
		"Shield":    func(ctx context.Context) error { _, err := asyncio.Shield(ctx, f()); return err },
		"GatherOf":  func(ctx context.Context) error { _, err := asyncio.GatherOf(ctx, f(), f()); return err },
		"WaitForOf": func(ctx context.Context) error { _, err := asyncio.WaitForOf(ctx, forever, f()); return err },
		"WaitForOf without a timeout": func(ctx context.Context) error {
			_, err := asyncio.WaitForOf(ctx, asyncio.NoTimeout, f())
			return err
		},
		"WaitFor": func(ctx context.Context) error { _, err := asyncio.WaitFor(ctx, forever, f().Await); return err },
		"Wait": func(ctx context.Context) error {
			_, _, err := asyncio.Wait(ctx, []*asyncio.Future[int]{f()}, asyncio.WaitOptions{})
			return err
		},
		"AsCompleted": func(ctx context.Context) error {
			for _, err := range asyncio.AsCompleted(ctx, f()) {
				return err
			}
			return nil
		},
		"Completed": func(ctx context.Context) error {
			for _, err := range asyncio.Completed(ctx, f()) {
				return err
			}
			return nil
		},
	}
}

// TestWaitDeadline: a context's own deadline that ends a wait is ErrTimeout, in a
// coroutine and on any other goroutine; a context that is cancelled is its own
// error and no cancellation of the task.
func TestWaitDeadline(t *testing.T) {
	t.Parallel()
	check := func(t *testing.T, where string, parent context.Context, loop asyncio.EventLoop) {
		for name, call := range everyCall(loop) {
			for _, before := range []bool{true, false} {
				late, cancel := context.WithTimeout(parent, instant)
				if before {
					<-late.Done()
				}
				err := call(late)
				cancel()
				for _, target := range []error{asyncio.ErrTimeout, context.DeadlineExceeded, os.ErrDeadlineExceeded} {
					if !errors.Is(err, target) || errors.Is(err, asyncio.ErrCancelled) {
						t.Errorf("%s: %s, over before it began %v: %v, want %v", where, name, before, err, target)
					}
				}
			}
			cancelled, cancel := context.WithCancel(parent)
			cancel()
			if err := call(cancelled); !errors.Is(err, context.Canceled) || errors.Is(err, asyncio.ErrCancelled) {
				t.Errorf("%s: %s: %v, want %v", where, name, err, context.Canceled)
			}
		}
	}
	row(t, "coroutine", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		check(t, "coroutine", ctx, loop)
		_ = asyncio.Timeout(ctx, forever, func(ctx context.Context, _ *asyncio.TimeoutScope) error {
			check(t, "in a scope", ctx, loop)
			return nil
		})
		// A scope inside the context.
		late, cancel := context.WithTimeout(ctx, instant)
		defer cancel()
		wantTimeout(t, asyncio.Timeout(late, forever, func(ctx context.Context, _ *asyncio.TimeoutScope) error {
			return asyncio.Sleep(ctx, forever)
		}))
	})
	plainRow(t, "goroutine", func(t *testing.T) {
		loop := newLoop(t)
		noReports(t, loop)
		runIn(t, loop, func(ctx context.Context) {
			over := asyncio.NewFuture[int](loop)
			go func() {
				check(t, "goroutine", context.Background(), loop)
				_ = over.SetResult(0)
			}()
			_, err := over.Await(ctx)
			must(t, err)
		})
	})
	row(t, "thread", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		late, cancel := context.WithTimeout(ctx, instant)
		defer cancel()
		proceed := make(chan struct{})
		wantTimeout(t, asyncio.ToThreadErr(late, func() error { <-proceed; return nil }))
		wantTimeout(t, loop.ShutdownDefaultExecutor(late))
		close(proceed)
		elsewhere(func() {
			wantTimeout(t, asyncio.ToThreadErr(late, func() error { t.Error("called"); return nil }))
			wantTimeout(t, asyncio.WaitForErr(late, forever, func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }))
		})
	})
}
