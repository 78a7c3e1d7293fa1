package asyncio_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/go-asyncio/asyncio"
)

func TestCurrentTask(t *testing.T) {
	t.Parallel()
	current := func(task asyncio.AnyTask) string {
		if now := asyncio.CurrentTask(); now != task {
			return fmt.Sprintf("current task is %v, want %v", now, task)
		}
		return ""
	}
	check := func(t *testing.T, task asyncio.AnyTask) {
		t.Helper()
		if s := current(task); s != "" {
			t.Error(s)
		}
	}
	plainRow(t, "tasks.053a.current-task", func(t *testing.T) {
		loop := newLoop(t)
		check(t, nil)
		var task *asyncio.Task[int]
		task = asyncio.CreateTask(loop, func(ctx context.Context) (int, error) {
			check(t, task)
			passes(t, ctx, 1)
			check(t, task)
			return 0, nil
		})
		check(t, nil)
		must(t, loop.RunUntilComplete(task))
		check(t, nil)
	})
	row(t, "tasks.053b.current-task-interleaved", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		var a, b *asyncio.Task[int]
		alternate := func(self **asyncio.Task[int]) func(context.Context) (int, error) {
			return func(ctx context.Context) (int, error) {
				for range 5 {
					check(t, *self)
					passes(t, ctx, 1)
				}
				return 0, nil
			}
		}
		a, b = asyncio.CreateTask(loop, alternate(&a)), asyncio.CreateTask(loop, alternate(&b))
		_, err := asyncio.GatherOf[int](ctx, a, b)
		must(t, err)
	})
	row(t, "tasks.079a.enter-task", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		_, err := loop.CallSoon(func() { check(t, nil) })
		must(t, err)
		main := asyncio.CurrentTask()
		passes(t, ctx, 1)
		check(t, main)
		elsewhere(func() { check(t, nil) })
	})
	row(t, "tasks.079b.enter-while-current", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		main := asyncio.CurrentTask()
		other := asyncio.CreateTask(loop, value(1))
		wantError(t, loop.RunUntilComplete(other), asyncio.ErrLoopRunning)
		check(t, main)
		second := newLoop(t)
		wantError(t, second.RunUntilComplete(asyncio.NewFuture[int](second)), asyncio.ErrLoopRunning)
		check(t, main)
		_, err := other.Await(ctx)
		must(t, err)
	})
	row(t, "tasks.079c.leave-wrong-task", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		// Whatever becomes of a task that was entered inside another one, it
		// leaves the other one current.
		main := asyncio.CurrentTask()
		for name, f := range map[string]func(context.Context) (int, error){
			"returns": nothing, "waits": value(1), "panics": panicsInside, "exits": exits,
		} {
			task := asyncio.Go(ctx, f, asyncio.WithEagerStart(true))
			if s := current(main); s != "" {
				t.Errorf("after one that %s: %s", name, s)
			}
			_, _ = task.Await(ctx) // what it ends with is not the question
			check(t, main)
		}
	})
	plainRow(t, "tasks.080a.current-task-explicit-loop", func(t *testing.T) {
		task, err := asyncio.CurrentTaskOf(newLoop(t))
		must(t, err)
		want(t, "task", task, nil)
	})
	looplessRow(t, "tasks.080b.current-task-no-loop", func(t *testing.T) {
		_, err := asyncio.CurrentTaskOf(nil)
		wantError(t, err, asyncio.ErrNoRunningLoop)
	})
	row(t, "tasks.080c.current-task-implicit-loop", func(t *testing.T, _ context.Context, loop asyncio.EventLoop) {
		main := asyncio.CurrentTask()
		for _, given := range []asyncio.EventLoop{nil, loop} {
			task, err := asyncio.CurrentTaskOf(given)
			must(t, err)
			want(t, "task", task, main)
		}
		task, err := asyncio.CurrentTaskOf(newLoop(t))
		must(t, err)
		want(t, "task of another loop", task, nil)
	})
}

func TestAllTasks(t *testing.T) {
	t.Parallel()
	row(t, "tasks.078a.register-done", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		done := asyncio.CreateTask(loop, nothing)
		_, err := done.Await(ctx)
		must(t, err)
		for _, task := range asyncio.AllTasks(loop) {
			want(t, "task", task, asyncio.CurrentTask())
		}
	})
	row(t, "tasks.078b.unregister-task", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		count := func(n int) {
			t.Helper()
			want(t, "tasks", len(asyncio.AllTasks(nil)), n)
		}
		// One that was never registered, one that ends early, one by itself.
		failed := asyncio.CreateTask[int](loop, nil)
		count(1)
		failed.Cancel()
		asyncio.CreateTask(loop, sleepsForEver).Cancel()
		asyncio.CreateTask(loop, nothing)
		count(3)
		passes(t, ctx, 1)
		count(1)
	})
	plainRow(t, "tasks.105.all-tasks-excludes-done", func(t *testing.T) {
		loop, other := newLoop(t), newLoop(t)
		foreign := asyncio.CreateTask(other, nothing)
		f := asyncio.NewFuture[int](loop)
		a, b := asyncio.CreateTask(loop, nothing), asyncio.CreateTask(loop, f.Await)
		want(t, "tasks", fmt.Sprint(asyncio.AllTasks(loop)), fmt.Sprint([]asyncio.AnyTask{a, b}))
		must(t, loop.RunUntilComplete(a))
		want(t, "tasks", fmt.Sprint(asyncio.AllTasks(loop)), fmt.Sprint([]asyncio.AnyTask{b}))
		must(t, f.SetResult(1))
		must(t, loop.RunUntilComplete(b))
		want(t, "tasks", len(asyncio.AllTasks(loop)), 0)
		want(t, "tasks of no loop", len(asyncio.AllTasks(nil)), 0)
		must(t, other.RunUntilComplete(foreign))
	})
}

func TestEagerStart(t *testing.T) {
	t.Parallel()
	inLoop(t, func(ctx context.Context, loop asyncio.EventLoop) {
		eager := asyncio.WithEagerStart(true)
		var order []string
		note := func(s string) { order = append(order, s) }
		main := asyncio.CurrentTask()
		var child *asyncio.Task[int]
		f := func(ctx context.Context) (int, error) {
			note("child begins")
			if asyncio.CurrentTask() == main {
				t.Error("the maker is current")
			}
			main.Cancel() // at its next wait
			note("child waits")
			passes(t, ctx, 1)
			note("child ends")
			return 7, nil
		}
		child = asyncio.Go(ctx, f, eager)
		note("main")
		wantError(t, asyncio.Sleep(ctx, 0), asyncio.ErrCancelled)
		v, err := child.Await(ctx)
		must(t, err)
		want(t, "result", v, 7)
		want(t, "order", fmt.Sprint(order), "[child begins child waits main child ends]")

		done := asyncio.Go(ctx, nothing, eager)
		want(t, "done at once", done.Done(), true)
		inCallback := false
		_, err = loop.CallSoon(func() { inCallback = asyncio.CreateTask(loop, nothing, eager).Done() })
		must(t, err)
		passes(t, ctx, 1)
		want(t, "done at once in a callback", inCallback, true)
	})
	loop := newLoop(t)
	task := asyncio.CreateTask(loop, nothing, asyncio.WithEagerStart(true))
	want(t, "done before the run", task.Done(), false)
	must(t, loop.RunUntilComplete(task))
}
