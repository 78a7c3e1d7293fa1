package asyncio_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/go-asyncio/asyncio"
)

// undisturbed fails the test if a request to cancel is left over.
func undisturbed(t *testing.T, ctx context.Context) {
	t.Helper()
	want(t, "cancelling", asyncio.CurrentTask().Cancelling(), 0)
	if err := asyncio.Sleep(ctx, 0); err != nil {
		t.Errorf("a cancellation is left over: %v", err)
	}
}

// eagerOrNot makes tasks start within the call that makes them, or not.
func eagerOrNot(t *testing.T, f func(t *testing.T, eager asyncio.TaskOption)) {
	for _, eager := range []bool{false, true} {
		f(t, asyncio.WithEagerStart(eager))
	}
}

// TestTaskGroupEnds: a group that is cancelled by its own Cancel ends without an
// error, whoever calls it and whenever.
func TestTaskGroupEnds(t *testing.T) {
	t.Parallel()
	row(t, "taskgroups.711.cancel-children", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		cancelled := 0
		must(t, asyncio.WithTaskGroup(ctx, func(ctx context.Context, g *asyncio.TaskGroup) error {
			g.Go(counts(&cancelled))
			g.Go(counts(&cancelled))
			passes(t, ctx, 1)
			g.Cancel()
			return nil
		}))
		want(t, "children that saw it", cancelled, 2)
		undisturbed(t, ctx)
	})
	row(t, "taskgroups.712.cancel-body", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		wentOn := false
		must(t, asyncio.WithTaskGroup(ctx, func(ctx context.Context, g *asyncio.TaskGroup) error {
			g.Cancel()
			wentOn = true
			err := asyncio.Sleep(ctx, forever)
			wantError(t, err, asyncio.ErrCancelled)
			return err
		}))
		want(t, "went on", wentOn, true)
		undisturbed(t, ctx)
	})
	row(t, "taskgroups.713.cancel-twice", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		must(t, asyncio.WithTaskGroup(ctx, func(ctx context.Context, g *asyncio.TaskGroup) error {
			g.Cancel()
			g.Cancel()
			want(t, "cancelling inside", asyncio.CurrentTask().Cancelling(), 1)
			return asyncio.Sleep(ctx, forever)
		}))
		undisturbed(t, ctx)
	})
	row(t, "taskgroups.714.cancel-after-exit", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		var g asyncio.TaskGroup
		must(t, g.Run(ctx, func(context.Context, *asyncio.TaskGroup) error { return nil }))
		g.Cancel()
		undisturbed(t, ctx)
	})
	row(t, "taskgroups.715.cancel-before-enter", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		var g asyncio.TaskGroup
		elsewhere(g.Cancel)
		began := false
		must(t, g.Run(ctx, func(ctx context.Context, g *asyncio.TaskGroup) error {
			began = true
			wantError(t, asyncio.GroupGo(g, notEntered(t)).Exception(), asyncio.ErrInvalidState)
			wantError(t, ctx.Err(), asyncio.ErrCancelled)
			err := asyncio.Sleep(ctx, 0)
			wantError(t, err, asyncio.ErrCancelled)
			return err
		}))
		want(t, "began", began, true)
		wantError(t, g.Run(ctx, func(context.Context, *asyncio.TaskGroup) error { t.Error("entered twice"); return nil }), asyncio.ErrInvalidState)
		wantError(t, (*asyncio.TaskGroup)(nil).Run(ctx, func(context.Context, *asyncio.TaskGroup) error { return nil }), asyncio.ErrInvalidArgument)
		undisturbed(t, ctx)
	})
	row(t, "taskgroups.716.cancel-then-create", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		must(t, asyncio.WithTaskGroup(ctx, func(_ context.Context, g *asyncio.TaskGroup) error {
			g.Cancel()
			late := asyncio.GroupGo(g, notEntered(t))
			wantError(t, late.Exception(), asyncio.ErrInvalidState)
			return nil
		}))
	})
	row(t, "taskgroups.717.cancel-child-error", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		wantGroup(t, asyncio.WithTaskGroup(ctx, func(ctx context.Context, g *asyncio.TaskGroup) error {
			g.Go(failsWhenCancelled(errChild))
			passes(t, ctx, 1)
			g.Cancel()
			return nil
		}), errChild)
		undisturbed(t, ctx)
	})
	row(t, "taskgroups.718.cancel-body-error", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		var child *asyncio.Task[struct{}]
		wantGroup(t, asyncio.WithTaskGroup(ctx, func(ctx context.Context, g *asyncio.TaskGroup) error {
			child = asyncio.GroupGo(g, sleeper(forever))
			passes(t, ctx, 1)
			g.Cancel()
			return errBody
		}), errBody)
		want(t, "child cancelled", child.Cancelled(), true)
		undisturbed(t, ctx)
	})
	row(t, "taskgroups.719.cancel-after-failure", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		wantGroup(t, asyncio.WithTaskGroup(ctx, func(ctx context.Context, g *asyncio.TaskGroup) error {
			g.Go(failer(errChild))
			err := asyncio.Sleep(ctx, forever)
			g.Cancel()
			return err
		}), errChild)
		undisturbed(t, ctx)
	})
	row(t, "taskgroups.720.cancel-from-child", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		cancelled, wentOn := 0, false
		must(t, asyncio.WithTaskGroup(ctx, func(ctx context.Context, g *asyncio.TaskGroup) error {
			g.Go(counts(&cancelled))
			g.Go(func(ctx context.Context) error {
				g.Cancel()
				wentOn = true
				return counts(&cancelled)(ctx)
			})
			return counts(&cancelled)(ctx)
		}))
		if cancelled != 3 || !wentOn {
			t.Errorf("%d saw it, want two children and the body; the child went on: %v", cancelled, wentOn)
		}
		undisturbed(t, ctx)
	})
	row(t, "taskgroups.721.cancel-from-eager-child", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		cancelled := 0
		must(t, asyncio.WithTaskGroup(ctx, func(ctx context.Context, g *asyncio.TaskGroup) error {
			g.Go(func(ctx context.Context) error {
				g.Cancel()
				return counts(&cancelled)(ctx)
			}, asyncio.WithEagerStart(true))
			return nil
		}))
		want(t, "cancelled at its first wait", cancelled, 1)
		// One that is done by then stays done.
		var child *asyncio.Task[int]
		must(t, asyncio.WithTaskGroup(ctx, func(_ context.Context, g *asyncio.TaskGroup) error {
			child = asyncio.GroupGo(g, func(context.Context) (int, error) { g.Cancel(); return 7, nil }, asyncio.WithEagerStart(true))
			return nil
		}))
		v, err := child.Result()
		must(t, err)
		want(t, "result", v, 7)
		undisturbed(t, ctx)
	})
	row(t, "taskgroups.722.cancel-while-exiting", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		cancelled := 0
		must(t, asyncio.WithTaskGroup(ctx, func(_ context.Context, g *asyncio.TaskGroup) error {
			g.Go(counts(&cancelled))
			_, err := loop.CallLater(instant, g.Cancel)
			return err
		}))
		want(t, "children that saw it", cancelled, 1)
		undisturbed(t, ctx)
	})
	row(t, "taskgroups.723.cancel-nested-inner", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		var child *asyncio.Task[int]
		must(t, asyncio.WithTaskGroup(ctx, func(ctx context.Context, outer *asyncio.TaskGroup) error {
			child = asyncio.GroupGo(outer, func(ctx context.Context) (int, error) { return 7, asyncio.Sleep(ctx, instant) })
			must(t, asyncio.WithTaskGroup(ctx, func(ctx context.Context, inner *asyncio.TaskGroup) error {
				inner.Go(func(ctx context.Context) error { inner.Cancel(); return nil })
				return asyncio.Sleep(ctx, forever)
			}))
			undisturbed(t, ctx)
			return nil
		}))
		v, err := child.Result()
		must(t, err)
		want(t, "the outer group's child", v, 7)
	})
}

// TestTaskGroupRefuses: what a group does not take is never called.
func TestTaskGroupRefuses(t *testing.T) {
	t.Parallel()
	row(t, "taskgroups.701.refused-coroutine-closed", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		refused := func(g *asyncio.TaskGroup, why string) {
			task := asyncio.GroupGo(g, notEntered(t))
			wantError(t, task.Exception(), asyncio.ErrInvalidState)
			if !strings.Contains(fmt.Sprint(task.Exception()), why) {
				t.Errorf("%v does not say %q", task.Exception(), why)
			}
		}
		var g asyncio.TaskGroup
		refused(&g, "not been entered")
		must(t, g.Run(ctx, func(ctx context.Context, g *asyncio.TaskGroup) error {
			asyncio.GroupGo(g, sleeper(forever))
			g.Cancel()
			refused(g, "shutting down")
			return nil
		}))
		refused(&g, "finished")
	})
	row(t, "taskgroups.705.name-inside", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		eagerOrNot(t, func(t *testing.T, eager asyncio.TaskOption) {
			must(t, asyncio.WithTaskGroup(ctx, func(_ context.Context, g *asyncio.TaskGroup) error {
				g.Go(func(context.Context) error {
					want(t, "name inside", asyncio.CurrentTask().Name(), "yolo")
					return nil
				}, asyncio.WithName("yolo"), eager)
				return nil
			}))
		})
	})
	row(t, "taskgroups.707.child-adds-failing-child", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		eagerOrNot(t, func(t *testing.T, eager asyncio.TaskOption) {
			var inside error
			wantGroup(t, asyncio.WithTaskGroup(ctx, func(_ context.Context, g *asyncio.TaskGroup) error {
				g.Go(func(ctx context.Context) error {
					g.Go(func(context.Context) error { return errChild }, eager)
					for range 2 {
						if inside = asyncio.Sleep(ctx, 0); inside != nil {
							return inside
						}
					}
					t.Error("the child was not cancelled in time")
					return nil
				}, eager)
				return nil
			}), errChild)
			wantError(t, inside, asyncio.ErrCancelled)
			undisturbed(t, ctx)
		})
	})
	row(t, "taskgroups.708.cancellation-stays-inside", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		eagerOrNot(t, func(t *testing.T, eager asyncio.TaskOption) {
			wantGroup(t, asyncio.WithTaskGroup(ctx, func(_ context.Context, g *asyncio.TaskGroup) error {
				g.Go(func(context.Context) error { return errChild }, eager)
				return nil
			}), errChild)
			undisturbed(t, ctx)
		})
	})
}
