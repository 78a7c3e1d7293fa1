package asyncio_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/go-asyncio/asyncio"
)

// TestScopesUnderFactory: a task factory that makes no task is heard of wherever
// one was to be made.
func TestScopesUnderFactory(t *testing.T) {
	t.Parallel()
	refuse := func(asyncio.EventLoop, *asyncio.TaskSpec) error { return errOther }
	inLoop(t, func(ctx context.Context, loop asyncio.EventLoop) {
		must(t, loop.SetTaskFactory(refuse))
		must(t, asyncio.WithTaskGroup(ctx, func(_ context.Context, g *asyncio.TaskGroup) error {
			wantError(t, asyncio.GroupGo(g, notEntered(t)).Exception(), errOther)
			return nil
		}))
		_, err := asyncio.WaitFor(ctx, 0, notEntered(t))
		wantError(t, err, errOther)
		must(t, loop.SetTaskFactory(nil))
	})
	r := asyncio.NewRunner()
	loop, err := r.Loop()
	must(t, err)
	must(t, loop.SetTaskFactory(refuse))
	_, err = asyncio.RunOn(context.Background(), r, notEntered(t))
	wantError(t, err, errOther)
	wantError(t, r.Close(), errOther) // the last step is a task
	if !loop.IsClosed() {
		t.Errorf("%v was not closed", loop)
	}
}

// TestScopesFromElsewhere: what belongs to the loop is refused on other
// goroutines.
func TestScopesFromElsewhere(t *testing.T) {
	t.Parallel()
	inLoop(t, func(ctx context.Context, _ asyncio.EventLoop) {
		must(t, asyncio.Timeout(ctx, forever, func(ctx context.Context, s *asyncio.TimeoutScope) error {
			elsewhere := make(chan error)
			go func() { elsewhere <- s.Reschedule(0) }()
			wantError(t, <-elsewhere, asyncio.ErrWrongGoroutine)
			return asyncio.Sleep(ctx, 0)
		}))
	})
}

func TestTaskGroupString(t *testing.T) {
	t.Parallel()
	inLoop(t, func(ctx context.Context, _ asyncio.EventLoop) {
		var kept *asyncio.TaskGroup
		want := func(g *asyncio.TaskGroup, text string) {
			t.Helper()
			if fmt.Sprint(g) != text {
				t.Errorf("%v, want %s", g, text)
			}
		}
		want(&asyncio.TaskGroup{}, "<TaskGroup>")
		err := asyncio.WithTaskGroup(ctx, func(ctx context.Context, g *asyncio.TaskGroup) error {
			kept = g
			want(g, "<TaskGroup entered>")
			g.Go(failer(errChild))
			asyncio.GroupGo(g, sleeper(forever))
			want(g, "<TaskGroup tasks=2 entered>")
			wantError(t, asyncio.Sleep(ctx, forever), asyncio.ErrCancelled)
			want(g, "<TaskGroup tasks=1 errors=1 cancelling>")
			return nil
		})
		wantGroup(t, err, errChild)
		want(kept, "<TaskGroup errors=1 finished>")
	})
}

// TestScopesUnderUsersContext: once a scope has ended, waits in it go on until
// something ends them, a context of the user's around it or not.
func TestScopesUnderUsersContext(t *testing.T) {
	t.Parallel()
	inLoop(t, func(ctx context.Context, _ asyncio.EventLoop) {
		around, cancel := context.WithCancel(ctx)
		defer cancel()
		must(t, asyncio.Timeout(around, 0, func(ctx context.Context, _ *asyncio.TimeoutScope) error {
			wantError(t, asyncio.Sleep(ctx, forever), asyncio.ErrCancelled)
			return asyncio.Sleep(ctx, instant) // the clean-up
		}))
		err := asyncio.Timeout(around, forever, func(ctx context.Context, _ *asyncio.TimeoutScope) error {
			cancel()
			return asyncio.Timeout(ctx, forever, func(ctx context.Context, _ *asyncio.TimeoutScope) error {
				return asyncio.Sleep(ctx, forever)
			})
		})
		wantError(t, err, context.Canceled)
		must(t, asyncio.Sleep(ctx, 0))
		//lint:ignore SA1012 a nil context is what is tried
		must(t, asyncio.Timeout(nil, forever, func(ctx context.Context, _ *asyncio.TimeoutScope) error {
			return asyncio.Sleep(ctx, 0)
		}))
	})
}
