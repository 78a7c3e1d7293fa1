package asyncio_test

import (
	"context"
	"testing"

	"github.com/go-asyncio/asyncio"
)

// TestCleanupInScope: what cleans up with a context that cannot be done may use
// timeouts and groups for it, and is not disturbed there by requests to cancel
// either; they are delivered after it.
func TestCleanupInScope(t *testing.T) {
	t.Parallel()
	cleanups := map[string]func(t *testing.T, ctx context.Context) error{
		"in time": func(t *testing.T, ctx context.Context) error {
			return asyncio.Timeout(ctx, forever, func(ctx context.Context, _ *asyncio.TimeoutScope) error {
				return asyncio.Sleep(ctx, instant)
			})
		},
		"too late": func(t *testing.T, ctx context.Context) error {
			var scope *asyncio.TimeoutScope
			wantTimeout(t, asyncio.Timeout(ctx, instant, sleeping(&scope, forever)))
			return asyncio.Sleep(ctx, 0)
		},
		"in a scope in a scope": func(t *testing.T, ctx context.Context) error {
			return asyncio.Timeout(ctx, forever, func(ctx context.Context, _ *asyncio.TimeoutScope) error {
				return asyncio.Timeout(context.WithoutCancel(ctx), forever, func(ctx context.Context, _ *asyncio.TimeoutScope) error {
					return asyncio.Sleep(ctx, instant)
				})
			})
		},
		"in a group": func(t *testing.T, ctx context.Context) error {
			return asyncio.WithTaskGroup(ctx, func(ctx context.Context, g *asyncio.TaskGroup) error {
				g.Go(func(ctx context.Context) error { return asyncio.Sleep(ctx, instant) })
				return asyncio.Sleep(ctx, 0)
			})
		},
		"in a group that fails": func(t *testing.T, ctx context.Context) error {
			wantGroup(t, asyncio.WithTaskGroup(ctx, func(ctx context.Context, g *asyncio.TaskGroup) error {
				g.Go(failsWhenCancelled(errOther))
				return errBody
			}), errBody)
			return asyncio.Sleep(ctx, 0)
		},
		"waiting for": func(t *testing.T, ctx context.Context) error {
			_, err := asyncio.WaitFor(ctx, instant, func(ctx context.Context) (int, error) {
				return 0, asyncio.Sleep(ctx, forever)
			})
			wantTimeout(t, err)
			return asyncio.Sleep(ctx, 0)
		},
	}
	for name, cleanUp := range cleanups {
		row(t, name, func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
			cleaning := false
			var cleaned, after error
			task := asyncio.Go(ctx, func(ctx context.Context) (int, error) {
				wantError(t, asyncio.Sleep(ctx, forever), asyncio.ErrCancelled)
				cleaning = true
				calm := context.WithoutCancel(ctx)
				if cleaned = asyncio.Sleep(calm, 0); cleaned == nil {
					cleaned = cleanUp(t, calm)
				}
				after = asyncio.Sleep(ctx, forever)
				return 0, after
			})
			must(t, asyncio.Sleep(ctx, 0))
			task.Cancel()
			for !cleaning {
				must(t, asyncio.Sleep(ctx, 0))
			}
			task.Cancel() // before the clean-up has entered its scope,
			must(t, asyncio.Sleep(ctx, 0))
			must(t, asyncio.Sleep(ctx, 0))
			task.Cancel() // and once it has
			_, err := task.Await(ctx)
			wantError(t, err, asyncio.ErrCancelled)
			must(t, cleaned)
			wantError(t, after, asyncio.ErrCancelled)
		})
	}
}
