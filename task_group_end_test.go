package asyncio_test

import (
	"context"
	"errors"
	"testing"

	"github.com/go-asyncio/asyncio"
)

// TestTaskGroupCancel: a group that is told to end ends without an error.
func TestTaskGroupCancel(t *testing.T) {
	t.Parallel()
	tests := map[string]func(t *testing.T, ctx context.Context, g *asyncio.TaskGroup) error{
		"from a child": func(_ *testing.T, ctx context.Context, g *asyncio.TaskGroup) error {
			g.Go(func(ctx context.Context) error { g.Cancel(); return nil })
			return asyncio.Sleep(ctx, forever)
		},
		"from its function": func(_ *testing.T, ctx context.Context, g *asyncio.TaskGroup) error {
			g.Cancel()
			g.Cancel()
			return asyncio.Sleep(ctx, forever)
		},
		"from its function that does not wait": func(_ *testing.T, _ context.Context, g *asyncio.TaskGroup) error {
			g.Cancel()
			return nil
		},
		"while it waits for tasks": func(_ *testing.T, _ context.Context, g *asyncio.TaskGroup) error {
			g.Go(func(ctx context.Context) error {
				err := asyncio.Sleep(ctx, instant)
				g.Cancel()
				return err
			})
			return nil
		},
		"from another goroutine": func(_ *testing.T, ctx context.Context, g *asyncio.TaskGroup) error {
			go g.Cancel()
			return asyncio.Sleep(ctx, forever)
		},
	}
	for name, f := range tests {
		row(t, name, func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
			var child *asyncio.Task[struct{}]
			var left *asyncio.TaskGroup
			must(t, asyncio.WithTaskGroup(ctx, func(ctx context.Context, g *asyncio.TaskGroup) error {
				child, left = asyncio.GroupGo(g, sleeper(forever)), g
				return f(t, ctx, g)
			}))
			if !child.Cancelled() {
				t.Errorf("child: %v", child)
			}
			left.Cancel() // it is over
			must(t, asyncio.Sleep(ctx, 0))
			if n := asyncio.CurrentTask().Cancelling(); n != 0 {
				t.Errorf("cancelling is %d", n)
			}
		})
	}
	row(t, "with an error on the way", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		err := asyncio.WithTaskGroup(ctx, func(ctx context.Context, g *asyncio.TaskGroup) error {
			g.Go(failsWhenCancelled(errChild))
			must(t, asyncio.Sleep(ctx, 0))
			g.Cancel()
			return asyncio.Sleep(ctx, forever)
		})
		wantGroup(t, err, errChild)
	})
	row(t, "and from outside at once", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		var group *asyncio.TaskGroup
		task := groupTask(ctx, func(ctx context.Context, g *asyncio.TaskGroup) error {
			group = g
			asyncio.GroupGo(g, sleeper(forever))
			return asyncio.Sleep(ctx, forever)
		})
		must(t, asyncio.Sleep(ctx, 0))
		group.Cancel()
		task.Cancel()
		_, err := task.Await(ctx)
		wantError(t, err, asyncio.ErrCancelled)
	})
}

// TestTaskGroupLeavesNothing: a task that fails while the group waits at its end
// leaves no request to cancel behind, which would spoil a timeout around it.
func TestTaskGroupLeavesNothing(t *testing.T) {
	t.Parallel()
	inLoop(t, func(ctx context.Context, _ asyncio.EventLoop) {
		wantTimeout(t, asyncio.Timeout(ctx, forever, func(ctx context.Context, scope *asyncio.TimeoutScope) error {
			wantGroup(t, asyncio.WithTaskGroup(ctx, func(_ context.Context, g *asyncio.TaskGroup) error {
				asyncio.GroupGo(g, sleeper(forever))
				g.Go(failer(errChild))
				return nil
			}), errChild)
			must(t, scope.Reschedule(0))
			return asyncio.Sleep(ctx, forever)
		}))
		if n := asyncio.CurrentTask().Cancelling(); n != 0 {
			t.Errorf("cancelling is %d", n)
		}
	})
}

// TestTaskGroupContext: a context of the user's around a group ends it.
func TestTaskGroupContext(t *testing.T) {
	t.Parallel()
	type key struct{}
	inLoop(t, func(ctx context.Context, _ asyncio.EventLoop) {
		limited, cancel := context.WithTimeout(context.WithValue(ctx, key{}, "value"), instant)
		defer cancel()
		var child *asyncio.Task[struct{}]
		err := asyncio.WithTaskGroup(limited, func(_ context.Context, g *asyncio.TaskGroup) error {
			child = asyncio.GroupGo(g, func(ctx context.Context) (struct{}, error) {
				// The time may be over before the child has begun.
				if ctx.Value(key{}) != "value" || ctx.Err() != nil && limited.Err() == nil {
					t.Errorf("the child's context: %v, %v", ctx.Value(key{}), ctx.Err())
				}
				return struct{}{}, asyncio.Sleep(ctx, forever)
			})
			return nil
		})
		wantGroup(t, err, context.DeadlineExceeded)
		if !child.Cancelled() {
			t.Errorf("child: %v", child)
		}
	})
}

// TestTaskGroupPanic: a function that panics or exits takes its group's tasks
// with it first.
func TestTaskGroupPanic(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(){"panic": func() { panic("boom") }, "goexit": goexit} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			loop := newLoop(t)
			reported := collectReports(t, loop)
			cancelled := 0
			task := asyncio.CreateTask(loop, func(ctx context.Context) (struct{}, error) {
				return struct{}{}, asyncio.WithTaskGroup(ctx, func(ctx context.Context, g *asyncio.TaskGroup) error {
					g.Go(counts(&cancelled))
					g.Go(failsWhenCancelled(errChild))
					must(t, asyncio.Sleep(ctx, 0))
					end()
					return nil
				})
			})
			err := loop.RunUntilComplete(task)
			var p *asyncio.PanicError
			if name == "panic" && (!errors.As(err, &p) || p.Value != "boom") || name == "goexit" && !errors.Is(err, asyncio.ErrGoexit) {
				t.Errorf("the task ended with %v", err)
			}
			if cancelled != 1 || len(asyncio.AllTasks(loop)) != 0 {
				t.Errorf("%d children were cancelled; left: %v", cancelled, asyncio.AllTasks(loop))
			}
			if all := reported.all(); len(all) != 1 || all[0].Err != errChild {
				t.Errorf("reports: %v", all)
			}
		})
	}
}

// TestTaskGroupRefusedAloud: a task that was refused is reported if nobody looks
// at it.
func TestTaskGroupRefusedAloud(t *testing.T) {
	t.Parallel()
	loop := newLoop(t)
	reported := collectReports(t, loop)
	var group *asyncio.TaskGroup
	runIn(t, loop, func(ctx context.Context) {
		must(t, asyncio.WithTaskGroup(ctx, func(_ context.Context, g *asyncio.TaskGroup) error {
			group = g
			return nil
		}))
		group.Go(func(context.Context) error { return nil })
		elsewhere := make(chan error)
		go func() { elsewhere <- group.Go(func(context.Context) error { return nil }).Exception() }()
		wantError(t, <-elsewhere, asyncio.ErrWrongGoroutine)
		wantError(t, group.Go(nil).Exception(), asyncio.ErrInvalidState)
	})
	must(t, loop.Close())
	if all := reported.all(); len(all) != 1 || !errors.Is(all[0].Err, asyncio.ErrInvalidState) {
		t.Errorf("reports: %v", all)
	}
}

// TestTaskGroupClosedLoop: a loop that is closed while a group waits does not
// wait for it.
func TestTaskGroupClosedLoop(t *testing.T) {
	t.Parallel()
	loop := newLoop(t)
	collectReports(t, loop)
	ended := 0
	asyncio.CreateTask(loop, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, asyncio.WithTaskGroup(ctx, func(_ context.Context, g *asyncio.TaskGroup) error {
			for range 2 {
				g.Go(func(ctx context.Context) error {
					defer func() { ended++ }()
					loop.Stop() // after this pass
					return asyncio.Sleep(ctx, forever)
				})
			}
			return nil
		})
	})
	must(t, loop.RunForever())
	must(t, loop.Close())
	if ended != 2 {
		t.Errorf("%d children were unwound", ended)
	}
}
