package asyncio_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/go-asyncio/asyncio"
)

// TestExecutorSweep: what becomes of work and of the wait for it, in each pass.
func TestExecutorSweep(t *testing.T) {
	t.Parallel()
	plainSweep(t, "cancelled", func(t *testing.T) {
		// Each is cancelled before its turn, or runs to its end; the one worker serves all.
		pool := asyncio.NewPoolExecutor(1)
		inLoop(t, func(ctx context.Context, loop asyncio.EventLoop) {
			for n := range 12 {
				var begun, ended atomic.Bool
				task := asyncio.Go(ctx, func(ctx context.Context) (int, error) {
					f, err := asyncio.RunIn(loop, pool, func() (int, error) {
						begun.Store(true)
						defer ended.Store(true)
						return n, nil
					})
					must(t, err)
					return f.Await(ctx)
				})
				passes(t, ctx, n)
				cancelled := task.Cancel()
				got, err := task.Await(ctx)
				switch {
				case err == nil:
					want(t, "result", got, n)
				case !cancelled || !errors.Is(err, asyncio.ErrCancelled):
					t.Errorf("cancelled=%v after %d passes: %v", cancelled, n, err)
				}
				next, err := asyncio.RunIn(loop, pool, func() (int, error) { return 0, nil })
				must(t, err)
				_, err = next.Await(ctx)
				must(t, err)
				want(t, "what was begun has ended", ended.Load(), begun.Load())
			}
		})
		<-pool.Shutdown()
	})
	for n := range 6 {
		plainSweep(t, "shutdown-cancelled-after-"+string(rune('0'+n)), func(t *testing.T) {
			inLoop(t, func(ctx context.Context, loop asyncio.EventLoop) {
				finish := make(chan struct{})
				busy, err := asyncio.RunIn(loop, nil, func() (int, error) { <-finish; return 7, nil })
				must(t, err)
				task := asyncio.GoErr(ctx, loop.ShutdownDefaultExecutor)
				passes(t, ctx, n)
				task.Cancel()
				_, err = task.Await(ctx)
				wantError(t, err, asyncio.ErrCancelled)
				_, err = asyncio.RunIn(loop, nil, func() (int, error) { return 0, nil })
				if n > 0 {
					wantError(t, err, asyncio.ErrExecutorShutdown)
				} else {
					must(t, err) // it had not begun
				}
				close(finish)
				must(t, loop.ShutdownDefaultExecutor(ctx))
				got, err := busy.Await(ctx)
				must(t, err)
				want(t, "what was accepted", got, 7)
			})
		})
		plainSweep(t, "loop-closed-after-"+string(rune('0'+n)), func(t *testing.T) {
			// Close does not wait; the result that comes late is nobody's.
			loop := mustLoop(t, silent)
			must(t, loop.SetExceptionHandler(func(asyncio.EventLoop, asyncio.ExceptionContext) {}))
			pool := asyncio.NewPoolExecutor(1)
			finish := make(chan struct{})
			asyncio.CreateTaskErr(loop, func(ctx context.Context) error {
				f, err := asyncio.RunIn(loop, pool, func() (int, error) { <-finish; return 0, errBoom })
				must(t, err)
				_, err = f.Await(ctx)
				return err
			})
			for range n {
				onePass(t, loop)
			}
			must(t, loop.Close())
			close(finish)
			<-pool.Shutdown()
		})
	}
}

// refusingExecutor takes no work.
type refusingExecutor struct{ err error }

func (e refusingExecutor) Submit(func()) error { return e.err }

// TestExecutorRefuses: what an executor refuses is its error, and nothing is left to wait
// for.
func TestExecutorRefuses(t *testing.T) {
	t.Parallel()
	inLoop(t, func(ctx context.Context, loop asyncio.EventLoop) {
		f, err := loop.RunInExecutor(refusingExecutor{errBoom}, func() (any, error) { return nil, nil })
		wantError(t, err, errBoom)
		want(t, "future", f, nil)
		must(t, loop.SetDefaultExecutor(refusingExecutor{errBoom}))
		_, err = asyncio.ToThread(ctx, func() (int, error) { return 0, nil })
		wantError(t, err, errBoom)
		_, err = loop.GetAddrInfo(ctx, "tcp", "localhost:http")
		wantError(t, err, errBoom)
		must(t, loop.ShutdownDefaultExecutor(ctx)) // which has nothing to shut down
	})
}
