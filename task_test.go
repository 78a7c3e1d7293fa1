package asyncio_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/go-asyncio/asyncio"
)

func TestTask(t *testing.T) {
	t.Parallel()
	plainRow(t, "tasks.004.await-foreign-future", func(t *testing.T) {
		foreign := asyncio.NewFuture[int](newLoop(t))
		inLoop(t, func(ctx context.Context, loop asyncio.EventLoop) {
			task := asyncio.CreateTask(loop, func(ctx context.Context) (string, error) {
				_, err := foreign.Await(ctx)
				wantError(t, err, asyncio.ErrWrongLoop)
				return "handled", nil
			})
			v, err := task.Await(ctx)
			must(t, err)
			want(t, "result", v, "handled")
		})
	})
	row(t, "tasks.005.await-self", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		var task *asyncio.Task[int]
		task = asyncio.CreateTask(loop, func(ctx context.Context) (int, error) { return task.Await(ctx) })
		_, err := task.Await(ctx)
		wantError(t, err, asyncio.ErrAwaitSelf)
	})
	plainRow(t, "tasks.028.stop-in-run-until-complete", func(t *testing.T) {
		loop := newLoop(t)
		noReports(t, loop)
		stepped := 0
		task := asyncio.CreateTask(loop, func(ctx context.Context) (int, error) {
			for {
				stepped++
				loop.Stop()
				if err := asyncio.Sleep(ctx, 0); err != nil {
					return 0, err
				}
			}
		})
		for n := range 3 {
			wantError(t, loop.RunUntilComplete(task), asyncio.ErrLoopStopped)
			want(t, "done", task.Done(), false)
			want(t, "steps", stepped, n+1)
		}
		want(t, "cancel", task.Cancel(), true)
		wantError(t, loop.RunUntilComplete(task), asyncio.ErrCancelled)
	})
	row(t, "tasks.049.task-set-refused", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		task := asyncio.CreateTask(loop, value(1))
		if _, can := any(task).(interface{ SetResult(int) error }); can {
			t.Error("a task has SetResult")
		}
		if _, can := any(task).(interface{ SetException(error) error }); can {
			t.Error("a task has SetException")
		}
		_, err := task.Await(ctx)
		must(t, err)
	})
	row(t, "tasks.050.await-registers-callback", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		f := asyncio.NewFuture[*int](loop)
		task := asyncio.CreateTask(loop, f.Await, asyncio.WithName("waiter"))
		passes(t, ctx, 1)
		want(t, "text", f.String(), "<Future pending cb=[wakeup of waiter]>")
		object := new(int)
		must(t, f.SetResult(object))
		v, err := task.Await(ctx)
		must(t, err)
		want(t, "object", v, object)
	})
	row(t, "tasks.052.return-future-not-awaited", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		f := asyncio.NewFuture[int](loop)
		task := asyncio.CreateTask(loop, func(context.Context) (*asyncio.Future[int], error) { return f, nil })
		v, err := task.Await(ctx)
		must(t, err)
		want(t, "result", v, f)
		want(t, "done", f.Done(), false)
	})
	row(t, "tasks.065.exception-traceback", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		_, err := asyncio.CreateTask(loop, panicsInside).Await(ctx)
		var p *asyncio.PanicError
		if !errors.As(err, &p) {
			t.Fatalf("error is %v", err)
		}
		if !strings.Contains(string(p.Stack), "panicsInside") {
			t.Errorf("stack does not name the function:\n%s", p.Stack)
		}
		wantError(t, err, errBoom)
	})
	row(t, "tasks.068.create-task-coroutine", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		for i := range 3 {
			v, err := asyncio.CreateTask(loop, value(i)).Await(ctx)
			must(t, err)
			want(t, "result", v, i)
		}
	})
	row(t, "tasks.070a.create-task-bare", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		made := 0
		must(t, loop.SetTaskFactory(func(l asyncio.EventLoop, _ *asyncio.TaskSpec) error {
			want(t, "loop", l, loop)
			made++
			return nil
		}))
		task := asyncio.Go(ctx, value(7))
		want(t, "loop", task.Loop(), loop)
		v, err := task.Await(ctx)
		must(t, err)
		want(t, "result", v, 7)
		want(t, "made by the factory", made, 1)
	})
	row(t, "tasks.070b.create-task-named", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		task := asyncio.Go(ctx, value(7), asyncio.WithName("seven"))
		want(t, "name", task.Name(), "seven")
		_, err := task.Await(ctx)
		must(t, err)
	})
	plainRow(t, "tasks.096.async-await", func(t *testing.T) {
		for _, debug := range []bool{false, true} {
			loop := newLoop(t, asyncio.WithDebug(debug), silent)
			outer := asyncio.CreateTask(loop, func(ctx context.Context) (string, error) {
				return asyncio.NewCoroutine(value("inner")).Await(ctx)
			})
			must(t, loop.RunUntilComplete(outer))
			v, err := outer.Result()
			must(t, err)
			want(t, "result", v, "inner")
		}
	})
	row(t, "tasks.102.await-done-no-suspend", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		task := asyncio.CreateTask(loop, nothing)
		_, err := task.Await(ctx)
		must(t, err)
		gaveWay := false
		_, err = loop.CallSoon(func() { gaveWay = true })
		must(t, err)
		_, err = task.Await(ctx)
		must(t, err)
		want(t, "gave way", gaveWay, false)
	})
	row(t, "tasks.103.wakeup-next-pass", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		var order []string
		note := func(s string) { order = append(order, s) }
		f := asyncio.NewFuture[int](loop)
		f.AddDoneCallback(func(*asyncio.Future[int]) { note("before") })
		asyncio.CreateTask(loop, func(ctx context.Context) (int, error) {
			v, err := f.Await(ctx)
			note("task")
			return v, err
		})
		passes(t, ctx, 1)
		f.AddDoneCallback(func(*asyncio.Future[int]) { note("after") })
		must(t, f.SetResult(1))
		note("set")
		passes(t, ctx, 1)
		want(t, "order", fmt.Sprint(order), "[set before task after]")
	})
}

func panicsInside(context.Context) (int, error) { panic(errBoom) }

func TestTaskText(t *testing.T) {
	t.Parallel()
	row(t, "tasks.010.string-form", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		has := func(task fmt.Stringer, parts ...string) {
			t.Helper()
			for _, part := range append(parts, `name="it"`, "sleepsForEver") {
				if !strings.Contains(task.String(), part) {
					t.Errorf("%s lacks %q", task, part)
				}
			}
		}
		task := asyncio.CreateTask(loop, sleepsForEver, asyncio.WithName("it"))
		has(task, "pending")
		token := task.AddDoneCallback(watches)
		has(task, "pending", "watches")
		task.RemoveDoneCallback(token)
		passes(t, ctx, 1)
		task.Cancel()
		has(task, "cancelling", "pending")
		_, err := task.Await(ctx)
		wantError(t, err, asyncio.ErrCancelled)
		has(task, "Task cancelled")

		done := asyncio.CreateTask(loop, nothing)
		failed := asyncio.CreateTask(loop, failing(errBoom))
		_, err = done.Await(ctx)
		must(t, err)
		_, err = failed.Await(ctx)
		wantError(t, err, errBoom)
		for text, part := range map[string]string{done.String(): "finished result=0", failed.String(): `finished exception="boom"`} {
			if !strings.Contains(text, part) {
				t.Errorf("%s lacks %q", text, part)
			}
		}
	})
	plainRow(t, "tasks.011.auto-names", func(t *testing.T) {
		loop := newLoop(t)
		last := 0
		for range 3 {
			task := asyncio.CreateTask(loop, nothing)
			if !regexp.MustCompile(`^Task-[1-9][0-9]*$`).MatchString(task.Name()) {
				t.Fatalf("name is %q", task.Name())
			}
			n, err := strconv.Atoi(strings.TrimPrefix(task.Name(), "Task-"))
			must(t, err)
			if n <= last {
				t.Errorf("%d after %d", n, last)
			}
			last = n
			must(t, loop.RunUntilComplete(task))
		}
		task := asyncio.CreateTask(loop, nothing)
		task.SetName("another")
		want(t, "name", task.Name(), "another")
		must(t, loop.RunUntilComplete(task))
	})
	row(t, "tasks.013.string-wait-for", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		f := asyncio.NewFuture[int](loop)
		inner := asyncio.CreateTask(loop, f.Await, asyncio.WithName("inner"))
		outer := asyncio.CreateTask(loop, inner.Await)
		passes(t, ctx, 2)
		for text, part := range map[string]string{inner.String(): "wait_for=<Future>", outer.String(): `wait_for=<Task "inner">`} {
			if !strings.Contains(text, part) {
				t.Errorf("%s lacks %q", text, part)
			}
		}
		must(t, f.SetResult(1))
		_, err := outer.Await(ctx)
		must(t, err)
		if strings.Contains(outer.String(), "wait_for") {
			t.Error(outer)
		}
	})
	plainRow(t, "tasks.075.subclass-callback-counts", func(t *testing.T) {
		loop := newLoop(t)
		own := ownFuture{asyncio.NewFuture[int](loop)}
		task := asyncio.CreateTask(loop, own.Await)
		waiting := regexp.MustCompile(`cb=\[([^\]]*)\]`)
		_, err := loop.CallSoon(func() {
			for _, text := range []string{own.String(), task.String()} {
				if m := waiting.FindStringSubmatch(text); m == nil || strings.Contains(m[1], ", ") {
					t.Errorf("%s does not have one callback", text)
				}
			}
			must(t, own.SetResult(1))
		})
		must(t, err)
		must(t, loop.RunUntilComplete(task))
	})
	row(t, "tasks.099.task-stack", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		running := asyncio.CreateTask(loop, func(context.Context) (string, error) { return asyncio.CurrentTask().Stack(), nil })
		stack, err := running.Await(ctx)
		must(t, err)
		if !strings.Contains(stack, "TestTaskText") {
			t.Errorf("stack of the running task:\n%s", stack)
		}
		suspended := asyncio.CreateTask(loop, sleepsForEver)
		passes(t, ctx, 1)
		if stack := suspended.Stack(); !strings.Contains(stack, "sleepsForEver") {
			t.Errorf("stack of the suspended task:\n%s", stack)
		}
		suspended.Cancel()
		passes(t, ctx, 1)
		want(t, "stack of a finished task", suspended.Stack(), "")
	})
	plainRow(t, "tasks.097.origin-tracking", func(t *testing.T) {
		made := func(loop asyncio.EventLoop) bool {
			task := asyncio.CreateTask(loop, nothing)
			must(t, loop.RunUntilComplete(task))
			return strings.Contains(task.String(), "created at ")
		}
		debugged, plain := newLoop(t, asyncio.WithDebug(true), silent), newLoop(t, asyncio.WithDebug(false))
		want(t, "in debug mode", made(debugged), true)
		want(t, "on another loop", made(plain), false)
		debugged.SetDebug(false)
		want(t, "after debug mode", made(debugged), false)
	})
}

func sleepsForEver(ctx context.Context) (int, error) { return 0, asyncio.Sleep(ctx, forever) }

func watches(*asyncio.Task[int]) {}

func TestTaskCannotBeMade(t *testing.T) {
	t.Parallel()
	never := func(context.Context) (int, error) {
		t.Error("entered")
		return 0, nil
	}
	plainRow(t, "tasks.066.error-in-call-soon", func(t *testing.T) {
		loop := newPickyLoop(t)
		r := collectReports(t, loop)
		loop.refuse = errBoom
		task := asyncio.CreateTask(loop, never)
		want(t, "all tasks", len(asyncio.AllTasks(loop)), 0)
		loop.refuse = nil
		must(t, loop.Close())
		want(t, "reports", len(r.all()), 1)
		want(t, "error", task.Exception(), errBoom)
	})
	plainRow(t, "closed loop", func(t *testing.T) {
		loop := newLoop(t)
		must(t, loop.Close())
		wantError(t, asyncio.CreateTask(loop, never).Exception(), asyncio.ErrLoopClosed)
	})
	looplessRow(t, "no loop", func(t *testing.T) {
		wantError(t, asyncio.CreateTask(nil, never).Exception(), asyncio.ErrNoCurrentLoop)
		task := asyncio.Go(t.Context(), never)
		wantError(t, task.Exception(), asyncio.ErrNoRunningLoop)
		want(t, "value", task.Context().Value("key"), nil)
		_, err := task.Await(t.Context())
		wantError(t, err, asyncio.ErrNoRunningLoop)
	})
	row(t, "another goroutine", func(t *testing.T, _ context.Context, loop asyncio.EventLoop) {
		elsewhere(func() {
			wantError(t, asyncio.CreateTask(loop, never).Exception(), asyncio.ErrWrongGoroutine)
		})
	})
	row(t, "factory", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		must(t, loop.SetTaskFactory(func(asyncio.EventLoop, *asyncio.TaskSpec) error { return errBoom }))
		wantError(t, asyncio.Go(ctx, never).Exception(), errBoom)
	})
	row(t, "nil function", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		wantError(t, asyncio.CreateTask[int](loop, nil).Exception(), asyncio.ErrInvalidArgument)
		wantError(t, asyncio.Go[int](ctx, nil).Exception(), asyncio.ErrInvalidArgument)
	})
}

// pickyLoop is a user's loop that can refuse callbacks.
type pickyLoop struct {
	asyncio.EventLoop
	refuse error
}

func newPickyLoop(t *testing.T) *pickyLoop {
	t.Helper()
	loop := &pickyLoop{}
	loop.EventLoop = mustLoop(t, asyncio.WithSelf(loop))
	t.Cleanup(func() { must(t, loop.Close()) })
	return loop
}

func (l *pickyLoop) CallSoon(f func()) (asyncio.Handle, error) {
	if l.refuse != nil {
		return asyncio.Handle{}, l.refuse
	}
	return l.EventLoop.CallSoon(f)
}

func TestTaskFactory(t *testing.T) {
	t.Parallel()
	inLoop(t, func(ctx context.Context, loop asyncio.EventLoop) {
		must(t, loop.SetTaskFactory(func(_ asyncio.EventLoop, spec *asyncio.TaskSpec) error {
			inner := spec.Func
			spec.Name, spec.Eager = "made", true
			spec.Func = func(ctx context.Context) (any, error) {
				v, err := inner(ctx)
				if n, ok := v.(int); ok {
					return n + 1, err
				}
				return 5, err
			}
			return nil
		}))
		task := asyncio.Go(ctx, nothing)
		want(t, "done at once", task.Done(), true)
		want(t, "name", task.Name(), "made")
		v, err := task.Await(ctx)
		must(t, err)
		want(t, "result", v, 1)
		_, err = asyncio.Go(ctx, func(context.Context) (string, error) { return "text", nil }).Await(ctx)
		wantError(t, err, asyncio.ErrInvalidArgument)
	})
}
