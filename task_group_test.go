package asyncio_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/go-asyncio/asyncio"
)

type groupFunc = func(context.Context, *asyncio.TaskGroup) error

// failer is a coroutine that fails after a pass.
func failer(err error) func(context.Context) error {
	return func(ctx context.Context) error { return errors.Join(asyncio.Sleep(ctx, 0), err) }
}

// failsWhenCancelled is a coroutine that makes an error of its cancellation.
func failsWhenCancelled(err error) func(context.Context) error {
	return func(ctx context.Context) error {
		if asyncio.Sleep(ctx, forever) == nil {
			return nil
		}
		return err
	}
}

// counts is a coroutine that counts in n the cancellations that it sees.
func counts(n *int) func(context.Context) error {
	return func(ctx context.Context) error {
		err := asyncio.Sleep(ctx, forever)
		if errors.Is(err, asyncio.ErrCancelled) {
			*n++
		}
		return err
	}
}

// wantGroup fails the test if err is not a group of just these errors, of which
// nil stands for a group, and returns it.
func wantGroup(t *testing.T, err error, want ...error) *asyncio.GroupError {
	t.Helper()
	group, ok := err.(*asyncio.GroupError)
	if !ok {
		t.Fatalf("error is %v, want a group", err)
	}
	if len(group.Errors) != len(want) {
		t.Fatalf("%v, want %d errors", group, len(want))
	}
	for i, target := range want {
		if _, nested := group.Errors[i].(*asyncio.GroupError); nested != (target == nil) || (target != nil && !errors.Is(group.Errors[i], target)) {
			t.Errorf("error %d of the group is %v, want %v", i, group.Errors[i], target)
		}
	}
	return group
}

// groupTask runs a group in a task of its own.
func groupTask(ctx context.Context, f groupFunc) *asyncio.Task[struct{}] {
	return asyncio.Go(ctx, func(ctx context.Context) (struct{}, error) { return struct{}{}, asyncio.WithTaskGroup(ctx, f) })
}

// cancelWhenWaiting lets the task begin to wait, and cancels it.
func cancelWhenWaiting(t *testing.T, ctx context.Context, task *asyncio.Task[struct{}]) error {
	t.Helper()
	for range 3 {
		must(t, asyncio.Sleep(ctx, 0))
	}
	if !task.Cancel() {
		t.Errorf("%v could not be cancelled", task)
	}
	_, err := task.Await(ctx)
	return err
}

var errChild, errBody = errors.New("child"), errors.New("body")

func TestTaskGroup(t *testing.T) {
	t.Parallel()
	row(t, "taskgroups.001.group-waits-all", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		var first, second *asyncio.Task[int]
		must(t, asyncio.WithTaskGroup(ctx, func(ctx context.Context, g *asyncio.TaskGroup) error {
			first = asyncio.GroupGo(g, value(42))
			must(t, asyncio.Sleep(ctx, 0))
			second = asyncio.GroupGo(g, func(ctx context.Context) (int, error) { return 11, asyncio.Sleep(ctx, instant) })
			return nil
		}))
		for task, want := range map[*asyncio.Task[int]]int{first: 42, second: 11} {
			if v, err := task.Result(); v != want || err != nil {
				t.Errorf("result %v, %v; want %v", v, err, want)
			}
		}
	})
	row(t, "taskgroups.002a.child-error-cancels-siblings", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		var sibling *asyncio.Task[struct{}]
		after := false
		task := asyncio.Go(ctx, func(ctx context.Context) (struct{}, error) {
			err := asyncio.WithTaskGroup(ctx, func(ctx context.Context, g *asyncio.TaskGroup) error {
				g.Go(failer(errChild))
				sibling = asyncio.GroupGo(g, sleeper(forever))
				err := asyncio.Sleep(ctx, forever)
				wantError(t, err, asyncio.ErrCancelled)
				wantError(t, ctx.Err(), context.Canceled)
				return err
			})
			if err != nil {
				return struct{}{}, err
			}
			after = true
			return struct{}{}, nil
		})
		_, err := task.Await(ctx)
		wantGroup(t, err, errChild)
		if after || !sibling.Cancelled() {
			t.Errorf("the code after ran: %v; sibling: %v", after, sibling)
		}
	})
	row(t, "taskgroups.002b.child-errors-collected", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		cancelled := 0
		err := asyncio.WithTaskGroup(ctx, func(ctx context.Context, g *asyncio.TaskGroup) error {
			for range 3 {
				g.Go(failer(errChild))
			}
			g.Go(counts(&cancelled))
			return counts(&cancelled)(ctx)
		})
		wantGroup(t, err, errChild, errChild, errChild)
		if cancelled != 2 {
			t.Errorf("%d saw a cancellation, want a task and the body", cancelled)
		}
		if n := asyncio.CurrentTask().Cancelling(); n != 0 {
			t.Errorf("cancelling is %d", n)
		}
	})
	row(t, "taskgroups.014.finished-tasks-dropped", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		must(t, asyncio.WithTaskGroup(ctx, func(ctx context.Context, g *asyncio.TaskGroup) error {
			for range 100 {
				asyncio.GroupGo(g, value(0))
				must(t, asyncio.Sleep(ctx, 0))
				var n int
				if _, err := fmt.Sscanf(g.String(), "<TaskGroup tasks=%d", &n); err != nil || n > 4 {
					t.Fatalf("%v holds finished tasks", g)
				}
			}
			for range 4 {
				must(t, asyncio.Sleep(ctx, 0))
			}
			if strings.Contains(g.String(), "tasks=") {
				t.Errorf("%v holds finished tasks", g)
			}
			return nil
		}))
	})
	row(t, "taskgroups.015a.child-adds-children", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		var children []*asyncio.Task[int]
		must(t, asyncio.WithTaskGroup(ctx, func(ctx context.Context, g *asyncio.TaskGroup) error {
			g.Go(func(ctx context.Context) error {
				must(t, asyncio.Sleep(ctx, instant))
				for range 2 {
					children = append(children, asyncio.GroupGo(g, value(1)))
				}
				return nil
			})
			return nil
		}))
		for _, c := range children {
			if v, err := c.Result(); v != 1 || err != nil {
				t.Errorf("%v, %v", v, err)
			}
		}
		if len(children) != 2 {
			t.Errorf("%d children", len(children))
		}
	})
	row(t, "taskgroups.015b.children-multiply-until-error", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		collectReports(t, loop) // of children that were refused
		heads := 0
		var hydra func(g *asyncio.TaskGroup) func(context.Context) error
		hydra = func(g *asyncio.TaskGroup) func(context.Context) error {
			return func(ctx context.Context) error {
				heads++
				if err := asyncio.Sleep(ctx, 0); err != nil {
					return err
				}
				g.Go(hydra(g))
				g.Go(hydra(g))
				return nil
			}
		}
		err := asyncio.WithTaskGroup(ctx, func(ctx context.Context, g *asyncio.TaskGroup) error {
			g.Go(hydra(g))
			g.Go(func(ctx context.Context) error {
				for heads < 10 {
					must(t, asyncio.Sleep(ctx, 0))
				}
				return errChild
			})
			return nil
		})
		wantGroup(t, err, errChild)
		if len(asyncio.AllTasks(loop)) != 1 {
			t.Errorf("tasks that are left: %v", asyncio.AllTasks(loop))
		}
	})
	row(t, "taskgroups.016.task-name", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		must(t, asyncio.WithTaskGroup(ctx, func(_ context.Context, g *asyncio.TaskGroup) error {
			if name := asyncio.GroupGo(g, value(0), asyncio.WithName("yolo")).Name(); name != "yolo" {
				t.Errorf("name is %q", name)
			}
			return nil
		}))
	})
}

func TestTaskGroupCancelled(t *testing.T) {
	t.Parallel()
	row(t, "taskgroups.003a.outer-cancel", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		cancelled := 0
		task := groupTask(ctx, func(ctx context.Context, g *asyncio.TaskGroup) error {
			for range 5 {
				g.Go(counts(&cancelled))
			}
			return nil
		})
		wantError(t, cancelWhenWaiting(t, ctx, task), asyncio.ErrCancelled)
		if cancelled != 5 || !task.Cancelled() {
			t.Errorf("%d children saw it; %v", cancelled, task)
		}
	})
	row(t, "taskgroups.003b.outer-cancel-body", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		cancelled, body := 0, 0
		task := groupTask(ctx, func(ctx context.Context, g *asyncio.TaskGroup) error {
			for range 5 {
				g.Go(counts(&cancelled))
			}
			return counts(&body)(ctx)
		})
		wantError(t, cancelWhenWaiting(t, ctx, task), asyncio.ErrCancelled)
		if cancelled != 5 || body != 1 || !task.Cancelled() {
			t.Errorf("%d children saw it, the body %d times; %v", cancelled, body, task)
		}
	})
	row(t, "taskgroups.004.outer-cancel-child-errors", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		err := cancelWhenWaiting(t, ctx, groupTask(ctx, func(ctx context.Context, g *asyncio.TaskGroup) error {
			g.Go(failsWhenCancelled(errChild))
			g.Go(failsWhenCancelled(errOther))
			return asyncio.Sleep(ctx, forever)
		}))
		wantGroup(t, err, errChild, errOther)
	})
	row(t, "taskgroups.006.nested-outer-cancel", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		for _, outerChild := range []bool{false, true} {
			err := cancelWhenWaiting(t, ctx, groupTask(ctx, func(ctx context.Context, outer *asyncio.TaskGroup) error {
				if outerChild {
					asyncio.GroupGo(outer, sleeper(forever))
				}
				return asyncio.WithTaskGroup(ctx, func(ctx context.Context, inner *asyncio.TaskGroup) error {
					for range 3 {
						inner.Go(failsWhenCancelled(errChild))
					}
					return asyncio.Sleep(ctx, forever)
				})
			}))
			wantGroup(t, wantGroup(t, err, nil).Errors[0], errChild, errChild, errChild)
		}
	})
	row(t, "taskgroups.007a.nested-outer-child-error", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		var inner error
		err := asyncio.WithTaskGroup(ctx, func(ctx context.Context, outer *asyncio.TaskGroup) error {
			outer.Go(failer(errChild))
			inner = asyncio.WithTaskGroup(ctx, func(_ context.Context, g *asyncio.TaskGroup) error {
				asyncio.GroupGo(g, sleeper(forever))
				return nil
			})
			return inner
		})
		wantGroup(t, err, errChild)
		wantError(t, inner, asyncio.ErrCancelled)
		if errors.As(inner, new(*asyncio.GroupError)) {
			t.Errorf("the inner group gives %v", inner)
		}
	})
	row(t, "taskgroups.007b.nested-inner-child-error", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		var outerChild *asyncio.Task[struct{}]
		err := asyncio.WithTaskGroup(ctx, func(ctx context.Context, outer *asyncio.TaskGroup) error {
			outerChild = asyncio.GroupGo(outer, sleeper(forever))
			return asyncio.WithTaskGroup(ctx, func(_ context.Context, g *asyncio.TaskGroup) error {
				g.Go(failer(errChild))
				return nil
			})
		})
		wantGroup(t, wantGroup(t, err, nil).Errors[0], errChild)
		if !outerChild.Cancelled() {
			t.Errorf("the outer group's child: %v", outerChild)
		}
	})
	row(t, "taskgroups.008.cancel-empty-group", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		seen := 0
		err := cancelWhenWaiting(t, ctx, groupTask(ctx, func(ctx context.Context, _ *asyncio.TaskGroup) error {
			return counts(&seen)(ctx)
		}))
		wantError(t, err, asyncio.ErrCancelled)
		if seen != 1 {
			t.Errorf("the body saw it %d times", seen)
		}
	})
	row(t, "taskgroups.009.cancel-body-error", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		err := cancelWhenWaiting(t, ctx, groupTask(ctx, func(ctx context.Context, _ *asyncio.TaskGroup) error {
			return failsWhenCancelled(errBody)(ctx)
		}))
		wantGroup(t, err, errBody)
	})
	row(t, "taskgroups.013.cancel-from-outside-simple", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		task := groupTask(ctx, func(_ context.Context, g *asyncio.TaskGroup) error {
			asyncio.GroupGo(g, sleeper(forever))
			asyncio.GroupGo(g, sleeper(forever))
			return nil
		})
		wantError(t, cancelWhenWaiting(t, ctx, task), asyncio.ErrCancelled)
		if !task.Cancelled() {
			t.Error(task)
		}
	})
}

func TestTaskGroupErrors(t *testing.T) {
	t.Parallel()
	row(t, "taskgroups.005.body-error", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		var running, never *asyncio.Task[struct{}]
		entered := false
		err := asyncio.WithTaskGroup(ctx, func(ctx context.Context, g *asyncio.TaskGroup) error {
			running = asyncio.GroupGo(g, sleeper(forever))
			must(t, asyncio.Sleep(ctx, instant))
			never = g.Go(func(context.Context) error { entered = true; return nil })
			return errBody
		})
		wantGroup(t, err, errBody)
		if !running.Cancelled() || !never.Cancelled() || entered {
			t.Errorf("%v, %v, entered %v", running, never, entered)
		}
	})
	row(t, "taskgroups.010.body-and-child-errors", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		err := asyncio.WithTaskGroup(ctx, func(ctx context.Context, g *asyncio.TaskGroup) error {
			g.Go(failer(errChild))
			return failsWhenCancelled(errBody)(ctx)
		})
		wantGroup(t, err, errChild, errBody)
	})
	row(t, "taskgroups.012b.child-base-error", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		err := asyncio.WithTaskGroup(ctx, func(ctx context.Context, g *asyncio.TaskGroup) error {
			g.Go(func(ctx context.Context) error { panic(errChild) })
			return failsWhenCancelled(errBody)(ctx)
		})
		group := wantGroup(t, err, errChild, errBody)
		if _, ok := group.Errors[0].(*asyncio.PanicError); !ok {
			t.Errorf("%T, want the panic of the child", group.Errors[0])
		}
	})
	row(t, "a task for a group that has failed", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		err := asyncio.WithTaskGroup(ctx, func(ctx context.Context, g *asyncio.TaskGroup) error {
			g.Go(failer(errChild))
			g.Go(func(ctx context.Context) error {
				err := asyncio.Sleep(ctx, forever)
				entered := false
				late := func(context.Context) error { entered = true; return errOther }
				refused := g.Go(late)
				wantError(t, refused.Exception(), asyncio.ErrInvalidState)
				if entered || !strings.Contains(fmt.Sprint(refused.Exception()), "shutting down") {
					t.Errorf("entered: %v; %v", entered, refused)
				}
				if late(ctx) != errOther { // it is the caller's to run
					t.Error("the function could not be run")
				}
				return err
			})
			return nil
		})
		wantGroup(t, err, errChild)
	})
	row(t, "taskgroups.019.exit-raises-uncancel", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		task := asyncio.CurrentTask()
		err := asyncio.WithTaskGroup(ctx, func(ctx context.Context, g *asyncio.TaskGroup) (err error) {
			defer func() { err = errBody }() // a resource that fails to close
			g.Go(func(context.Context) error { return errChild })
			return asyncio.Sleep(ctx, forever)
		})
		wantGroup(t, err, errChild, errBody)
		if n := task.Cancelling(); n != 0 {
			t.Errorf("cancelling is %d", n)
		}
	})
	row(t, "taskgroups.020.already-entered", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		var g asyncio.TaskGroup
		again := &g
		enter := func(ctx context.Context, f groupFunc) {
			t.Helper()
			wantError(t, g.Run(ctx, f), asyncio.ErrInvalidState)
		}
		never := func(context.Context, *asyncio.TaskGroup) error { t.Error("entered twice"); return nil }
		must(t, g.Run(ctx, func(ctx context.Context, _ *asyncio.TaskGroup) error {
			enter(ctx, never)
			return nil
		}))
		enter(ctx, never)
		late := asyncio.GroupGo(again, value(0))
		wantError(t, late.Exception(), asyncio.ErrInvalidState)
		if !strings.Contains(fmt.Sprint(late.Exception()), "finished") {
			t.Errorf("%v does not say that it is finished", late.Exception())
		}
	})
	row(t, "taskgroups.021.create-not-entered", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		var g asyncio.TaskGroup
		task := g.Go(func(context.Context) error { t.Error("the function was called"); return nil })
		wantError(t, task.Exception(), asyncio.ErrInvalidState)
		if !strings.Contains(fmt.Sprint(task.Exception()), "not been entered") {
			t.Errorf("%v does not say that it was not entered", task.Exception())
		}
		g.Cancel()
		must(t, asyncio.Sleep(ctx, 0))
	})
	row(t, "taskgroups.022.without-task", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		f := func(context.Context, *asyncio.TaskGroup) error { t.Error("the function was called"); return nil }
		inCallback := asyncio.NewFuture[error](loop)
		_, err := loop.CallSoon(func() { must(t, inCallback.SetResult(asyncio.WithTaskGroup(ctx, f))) })
		must(t, err)
		err, wait := inCallback.Await(ctx)
		must(t, wait)
		wantError(t, err, asyncio.ErrNotInTask)
		elsewhere := make(chan error)
		go func() { elsewhere <- asyncio.WithTaskGroup(ctx, f) }()
		wantError(t, <-elsewhere, asyncio.ErrNotInTask)
		wantError(t, asyncio.WithTaskGroup(ctx, nil), asyncio.ErrInvalidArgument)
	})
}

// TestTaskGroupFatal: what ends a run comes out of a group by itself.
func TestTaskGroupFatal(t *testing.T) {
	t.Parallel()
	plainRow(t, "taskgroups.011.body-fatal", func(t *testing.T) {
		var out error
		childDone := false
		_, err := runOfKind(t, context.Background(), func(ctx context.Context) (int, error) {
			var child *asyncio.Task[struct{}]
			out = asyncio.WithTaskGroup(ctx, func(ctx context.Context, g *asyncio.TaskGroup) error {
				child = g.Go(failer(errChild))
				wantError(t, asyncio.Sleep(ctx, forever), asyncio.ErrCancelled)
				asyncio.GroupGo(g, sleeper(0)).Cancel()
				return asyncio.ErrInterrupted
			})
			childDone = child.Done()
			return 0, out
		})
		wantError(t, err, asyncio.ErrInterrupted)
		if out != asyncio.ErrInterrupted || !childDone {
			t.Errorf("out of the group came %v, the child was done: %v", out, childDone)
		}
	})
	plainRow(t, "taskgroups.012a.child-fatal", func(t *testing.T) {
		var out error
		_, err := runOfKind(t, context.Background(), func(ctx context.Context) (int, error) {
			out = asyncio.WithTaskGroup(ctx, func(ctx context.Context, g *asyncio.TaskGroup) error {
				g.Go(func(context.Context) error { return asyncio.ErrInterrupted })
				return failsWhenCancelled(errBody)(ctx)
			})
			return 0, out
		})
		// The run ends at once; its tasks end while the runner closes.
		wantError(t, err, asyncio.ErrInterrupted)
		wantError(t, out, asyncio.ErrInterrupted)
		if errors.As(out, new(*asyncio.GroupError)) {
			t.Errorf("it is in a group: %v", out)
		}
	})
}
