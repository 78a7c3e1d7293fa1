package asyncio_test

import (
	"context"
	"errors"
	"testing"

	"github.com/go-asyncio/asyncio"
)

// derived is an error of a kind that is derived from a cancellation.
type derived struct{ *asyncio.CancelledError }

// TestTaskGroupKeepsOutside: a group that fails swallows no cancellation that came
// from outside.
func TestTaskGroupKeepsOutside(t *testing.T) {
	t.Parallel()
	row(t, "taskgroups.702.count-after-failure", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		wantGroup(t, asyncio.WithTaskGroup(ctx, func(ctx context.Context, g *asyncio.TaskGroup) error {
			g.Go(failer(errChild))
			return asyncio.Sleep(ctx, forever)
		}), errChild)
		undisturbed(t, ctx)
	})
	row(t, "taskgroups.703.nested-both-fail", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		var inner, after error
		err := asyncio.WithTaskGroup(ctx, func(ctx context.Context, outer *asyncio.TaskGroup) error {
			outer.Go(failer(errOther))
			inner = asyncio.WithTaskGroup(ctx, func(ctx context.Context, g *asyncio.TaskGroup) error {
				g.Go(failer(errChild))
				return asyncio.Sleep(ctx, forever)
			})
			want(t, "cancelling between", asyncio.CurrentTask().Cancelling(), 1)
			after = asyncio.Sleep(ctx, forever)
			return after
		})
		wantGroup(t, inner, errChild)
		wantError(t, after, asyncio.ErrCancelled)
		wantGroup(t, err, errOther)
		undisturbed(t, ctx)
	})
	row(t, "taskgroups.704.failure-meets-outer-cancel", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		var after error
		child := asyncio.NewFuture[int](loop)
		task := asyncio.Go(ctx, func(ctx context.Context) (int, error) {
			wantGroup(t, asyncio.WithTaskGroup(ctx, func(ctx context.Context, g *asyncio.TaskGroup) error {
				asyncio.GroupGo(g, child.Await)
				return asyncio.Sleep(ctx, forever)
			}), errChild)
			want(t, "cancelling after", asyncio.CurrentTask().Cancelling(), 1)
			after = asyncio.Sleep(ctx, 0)
			return 0, after
		})
		passes(t, ctx, 2)
		must(t, child.SetException(errChild))
		task.Cancel()
		_, err := task.Await(ctx)
		wantError(t, err, asyncio.ErrCancelled)
		wantError(t, after, asyncio.ErrCancelled)
	})
	row(t, "taskgroups.709.cancelled-subclass", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		var child *asyncio.Task[struct{}]
		mine := derived{&asyncio.CancelledError{Message: "mine"}}
		err := asyncio.WithTaskGroup(ctx, func(ctx context.Context, g *asyncio.TaskGroup) error {
			child = asyncio.GroupGo(g, sleeper(forever))
			passes(t, ctx, 1)
			return mine
		})
		want(t, "what comes out", err, error(mine))
		want(t, "child cancelled", child.Cancelled(), true)
		task := asyncio.Go(ctx, func(context.Context) (int, error) { return 0, mine })
		_, _ = task.Await(ctx) // how it ended is looked at next
		want(t, "a task that returns it is cancelled", task.Cancelled(), true)
	})
	row(t, "taskgroups.724.fatal-reports-rest", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		loop := mustLoop(t)
		reported := collectReports(t, loop)
		elsewhere(func() {
			r := asyncio.NewRunner(asyncio.WithLoopFactory(func() (asyncio.EventLoop, error) { return loop, nil }))
			_, err := asyncio.RunOn(context.Background(), r, func(ctx context.Context) (int, error) {
				return 0, asyncio.WithTaskGroup(ctx, func(ctx context.Context, g *asyncio.TaskGroup) error {
					g.Go(failsWhenCancelled(errChild))
					g.Go(failsWhenCancelled(errOther))
					passes(t, ctx, 1)
					return asyncio.ErrInterrupted
				})
			})
			if !errors.Is(err, asyncio.ErrInterrupted) || errors.As(err, new(*asyncio.GroupError)) {
				t.Errorf("out came %v", err)
			}
			must(t, r.Close())
		})
		all := reported.all()
		if len(all) != 2 || all[0].Err != errChild || all[1].Err != errOther || all[0].Extra["group"] == nil {
			t.Errorf("reports: %v", all)
		}
	})
	row(t, "a group that panics", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		task := asyncio.Go(ctx, func(ctx context.Context) (int, error) {
			func() {
				defer func() { want(t, "recovered", recover(), any("boom")) }()
				_ = asyncio.WithTaskGroup(ctx, func(ctx context.Context, g *asyncio.TaskGroup) error {
					_ = asyncio.Sleep(ctx, forever) // cancelled
					panic("boom")
				})
			}()
			return 0, asyncio.Sleep(ctx, 0)
		})
		passes(t, ctx, 1)
		task.Cancel()
		_, err := task.Await(ctx)
		wantError(t, err, asyncio.ErrCancelled)
	})
}

// TestTaskGroupAllEager: the group behaves as it does on a loop whose tasks start
// within the call that makes them.
func TestTaskGroupAllEager(t *testing.T) {
	t.Parallel()
	row(t, "taskgroups.706.suite-holds-eager", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		must(t, loop.SetTaskFactory(func(_ asyncio.EventLoop, s *asyncio.TaskSpec) error { s.Eager = true; return nil }))
		// 001, 015a: it waits for all, and for what they add.
		sum := 0
		must(t, asyncio.WithTaskGroup(ctx, func(_ context.Context, g *asyncio.TaskGroup) error {
			for range 3 {
				g.Go(func(ctx context.Context) error {
					g.Go(func(ctx context.Context) error { sum++; return asyncio.Sleep(ctx, instant) })
					sum++
					return asyncio.Sleep(ctx, 0)
				})
			}
			return nil
		}))
		want(t, "children", sum, 6)
		// 002, 004, 010: errors are collected, the others and the body cancelled.
		cancelled := 0
		wantGroup(t, asyncio.WithTaskGroup(ctx, func(ctx context.Context, g *asyncio.TaskGroup) error {
			g.Go(counts(&cancelled))
			g.Go(failsWhenCancelled(errOther))
			g.Go(func(context.Context) error { return errChild })
			_ = counts(&cancelled)(ctx)
			return errBody
		}), errChild, errOther, errBody)
		want(t, "who saw it", cancelled, 2)
		// 003, 008, 013: a cancellation from outside comes out.
		for n := range 3 {
			seen := 0
			task := groupTask(ctx, func(ctx context.Context, g *asyncio.TaskGroup) error {
				for range n {
					g.Go(counts(&seen))
				}
				return counts(&seen)(ctx)
			})
			wantError(t, cancelWhenWaiting(t, ctx, task), asyncio.ErrCancelled)
			want(t, "who saw it", seen, n+1)
		}
		// 006, 007: groups in groups.
		wantGroup(t, wantGroup(t, asyncio.WithTaskGroup(ctx, func(ctx context.Context, outer *asyncio.TaskGroup) error {
			asyncio.GroupGo(outer, sleeper(forever))
			return asyncio.WithTaskGroup(ctx, func(_ context.Context, g *asyncio.TaskGroup) error {
				g.Go(failer(errChild))
				return nil
			})
		}), nil).Errors[0], errChild)
		undisturbed(t, ctx)
		must(t, loop.SetTaskFactory(nil))
	})
}
