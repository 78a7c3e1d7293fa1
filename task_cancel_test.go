package asyncio_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
)

func TestCancel(t *testing.T) {
	t.Parallel()
	for id, how := range map[string]func(task *asyncio.Task[int]) (err error){
		"tasks.002a.cancel-message-kept": func(task *asyncio.Task[int]) error { return task.Exception() },
		"tasks.018.cancel-message-through-result/result": func(task *asyncio.Task[int]) error {
			_, err := task.Result()
			return err
		},
		"tasks.018.cancel-message-through-result/exception": func(task *asyncio.Task[int]) error { return task.Exception() },
	} {
		row(t, id, func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
			for _, msg := range [][]any{{"why"}, {nil}, {}} {
				task := asyncio.CreateTask(loop, sleepsForEver)
				passes(t, ctx, 1)
				want(t, "cancel", task.Cancel(msg...), true)
				passes(t, ctx, 1)
				reader := asyncio.CreateTask(loop, func(context.Context) (int, error) { return 0, how(task) })
				_, err := reader.Await(ctx)
				wantMessage(t, err, append(msg, nil)[0])
				want(t, "reader cancelled", reader.Cancelled(), true)
			}
		})
	}
	row(t, "tasks.017.cancel-sleeping", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		task := asyncio.CreateTask(loop, sleepsForEver)
		passes(t, ctx, 1)
		want(t, "cancel", task.Cancel(), true)
		_, err := task.Await(ctx)
		wantError(t, err, asyncio.ErrCancelled)
		want(t, "done", task.Done(), true)
		want(t, "cancelled", task.Cancelled(), true)
		want(t, "cancel again", task.Cancel(), false)
	})
	row(t, "tasks.019.cancel-cause-kept", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		task := asyncio.CreateTask(loop, func(ctx context.Context) (int, error) {
			err := asyncio.Sleep(ctx, forever)
			return 0, errors.Join(errBoom, err)
		})
		passes(t, ctx, 1)
		task.Cancel("why")
		_, err := task.Await(ctx)
		wantError(t, err, errBoom)
		wantMessage(t, err, "why")
		want(t, "cancelled", task.Cancelled(), false)

		// A wrapping is still a cancellation, and is not lost.
		task = asyncio.CreateTask(loop, func(ctx context.Context) (int, error) {
			return 0, fmt.Errorf("closing: %w", asyncio.Sleep(ctx, forever))
		})
		passes(t, ctx, 1)
		task.Cancel("why")
		_, err = task.Await(ctx)
		want(t, "cancelled", task.Cancelled(), true)
		want(t, "text", err.Error(), "closing: cancelled: why")
	})
	row(t, "tasks.020.cancel-before-start-message", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		task := asyncio.CreateTask(loop, func(context.Context) (int, error) {
			t.Error("entered")
			return 0, nil
		})
		want(t, "cancel", task.Cancel("why"), true)
		_, err := task.Await(ctx)
		wantMessage(t, err, "why")
		want(t, "cancelled", task.Cancelled(), true)
	})
	row(t, "tasks.021.cancel-at-bare-yield", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		task := asyncio.CreateTask(loop, func(ctx context.Context) (int, error) {
			for {
				if err := asyncio.Sleep(ctx, 0); err != nil {
					return 0, err
				}
			}
		})
		passes(t, ctx, 2)
		task.Cancel()
		_, err := task.Await(ctx)
		wantError(t, err, asyncio.ErrCancelled)
		want(t, "cancelled", task.Cancelled(), true)
	})
	row(t, "tasks.022.cancel-both", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		f := asyncio.NewFuture[int](loop)
		deliveries := 0
		task := asyncio.CreateTask(loop, func(ctx context.Context) (int, error) {
			_, err := f.Await(ctx)
			if err != nil {
				deliveries++
			}
			return 0, err
		})
		passes(t, ctx, 1)
		want(t, "cancel future", f.Cancel(), true)
		want(t, "cancel task", task.Cancel(), true)
		_, err := task.Await(ctx)
		wantError(t, err, asyncio.ErrCancelled)
		want(t, "task cancelled", task.Cancelled(), true)
		want(t, "future cancelled", f.Cancelled(), true)
		want(t, "deliveries", deliveries, 1)
	})
	row(t, "tasks.023.cancel-caught-returns", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		f := asyncio.NewFuture[int](loop)
		task := asyncio.CreateTask(loop, func(ctx context.Context) (int, error) {
			_, err := f.Await(ctx)
			wantError(t, err, asyncio.ErrCancelled)
			return 42, nil
		})
		passes(t, ctx, 1)
		task.Cancel()
		want(t, "future cancelled at once", f.Cancelled(), true)
		v, err := task.Await(ctx)
		must(t, err)
		want(t, "result", v, 42)
		want(t, "cancelled", task.Cancelled(), false)
	})
	row(t, "tasks.024.cancel-ignored", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		first, second := asyncio.NewFuture[int](loop), asyncio.NewFuture[int](loop)
		task := asyncio.CreateTask(loop, func(ctx context.Context) (int, error) {
			_, err := first.Await(ctx)
			wantError(t, err, asyncio.ErrCancelled)
			return second.Await(ctx)
		})
		passes(t, ctx, 1)
		task.Cancel()
		passes(t, ctx, 2)
		want(t, "first cancelled", first.Cancelled(), true)
		want(t, "second done", second.Done(), false)
		must(t, second.SetResult(42))
		v, err := task.Await(ctx)
		must(t, err)
		want(t, "result", v, 42)
	})
	row(t, "tasks.025.cancel-self", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		wentOn := false
		task := asyncio.CreateTask(loop, func(ctx context.Context) (int, error) {
			want(t, "cancel", asyncio.CurrentTask().Cancel(), true)
			wentOn = true
			err := asyncio.Sleep(ctx, forever)
			wantError(t, err, asyncio.ErrCancelled)
			return 0, err
		})
		_, err := task.Await(ctx)
		wantError(t, err, asyncio.ErrCancelled)
		want(t, "went on", wentOn, true)
	})
	row(t, "tasks.026.cancel-awaited-task", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		f := asyncio.NewFuture[int](loop)
		inner := asyncio.CreateTask(loop, f.Await)
		outer := asyncio.CreateTask(loop, func(ctx context.Context) (int, error) {
			passes(t, ctx, 1)
			asyncio.CurrentTask().Cancel() // it is about to wait
			return inner.Await(ctx)
		})
		_, err := outer.Await(ctx)
		wantError(t, err, asyncio.ErrCancelled)
		for name, a := range map[string]asyncio.Awaitable{"future": f, "inner": inner, "outer": outer} {
			want(t, name+" cancelled", a.Cancelled(), true)
		}
	})
	row(t, "tasks.048.cancel-waiter-future", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		f := asyncio.NewFuture[int](loop)
		task := asyncio.CreateTask(loop, f.Await)
		passes(t, ctx, 1)
		task.Cancel()
		want(t, "future", f.String(), "<Future cancelled>") // nobody waits
		_, err := task.Await(ctx)
		wantError(t, err, asyncio.ErrCancelled)
	})
	row(t, "tasks.054.cancel-passes-through-await", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		var order []string
		inner := func(ctx context.Context) error {
			err := asyncio.Sleep(ctx, forever)
			order = append(order, fmt.Sprint("inner ", err))
			return err
		}
		outer := asyncio.CreateTask(loop, func(ctx context.Context) (int, error) {
			err := inner(ctx)
			order = append(order, fmt.Sprint("outer ", err))
			return 7, nil
		})
		passes(t, ctx, 1)
		outer.Cancel()
		v, err := outer.Await(ctx)
		must(t, err)
		want(t, "result", v, 7)
		want(t, "order", fmt.Sprint(order), "[inner cancelled outer cancelled]")
	})
	timedRow(t, "tasks.047.cancel-sleeping-by-timer", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		sleeps := asyncio.CreateTask(loop, func(ctx context.Context) (int, error) { return 0, asyncio.Sleep(ctx, 10*time.Second) })
		start := loop.Time()
		_, err := loop.CallLater(100*time.Millisecond, func() { sleeps.Cancel() })
		must(t, err)
		_, err = sleeps.Await(ctx)
		wantError(t, err, asyncio.ErrCancelled)
		want(t, "waited", loop.Time()-start, 100*time.Millisecond)
		must(t, asyncio.Sleep(ctx, 0))
		want(t, "cancelling", asyncio.CurrentTask().Cancelling(), 0)
	})
}

func TestUncancel(t *testing.T) {
	t.Parallel()
	row(t, "tasks.015.uncancel", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		task := asyncio.CreateTask(loop, func(ctx context.Context) (int, error) {
			wantError(t, asyncio.Sleep(ctx, forever), asyncio.ErrCancelled)
			want(t, "uncancel", asyncio.CurrentTask().Uncancel(), 0)
			return 0, asyncio.Sleep(ctx, forever)
		})
		passes(t, ctx, 1)
		want(t, "cancel", task.Cancel(), true)
		want(t, "cancelling", task.Cancelling(), 1)
		passes(t, ctx, 1)
		want(t, "cancelling", task.Cancelling(), 0)
		want(t, "done", task.Done(), false)
		want(t, "cancel", task.Cancel(), true)
		want(t, "cancelling", task.Cancelling(), 1)
		_, err := task.Await(ctx)
		wantError(t, err, asyncio.ErrCancelled)
		want(t, "cancelling", task.Cancelling(), 1)
		want(t, "uncancel", task.Uncancel(), 0)
		want(t, "uncancel below zero", task.Uncancel(), 0)
		want(t, "cancelled", task.Cancelled(), true)
	})
	// A timeout as a user would build it.
	byHand := func(ctx context.Context, loop asyncio.EventLoop, d time.Duration, f func(context.Context) error) error {
		task := asyncio.CurrentTask()
		fired := false
		timer, err := loop.CallLater(d, func() {
			fired = true
			task.Cancel()
		})
		if err != nil {
			return err
		}
		defer timer.Cancel()
		err = f(ctx)
		if fired && task.Uncancel() == 0 && errors.Is(err, asyncio.ErrCancelled) {
			return asyncio.ErrTimeout
		}
		return err
	}
	timedRow(t, "tasks.016.uncancel-structured", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		block := func(d, sleep time.Duration) func(context.Context) (int, error) {
			return func(ctx context.Context) (int, error) {
				err := byHand(ctx, loop, d, func(ctx context.Context) error { return asyncio.Sleep(ctx, sleep) })
				if err == nil || errors.Is(err, asyncio.ErrTimeout) {
					want(t, "cancelling", asyncio.CurrentTask().Cancelling(), 0)
					must(t, asyncio.Sleep(ctx, time.Second))
				}
				return 0, err
			}
		}
		_, err := asyncio.Go(ctx, block(time.Second, time.Minute)).Await(ctx)
		wantError(t, err, asyncio.ErrTimeout)
		_, err = asyncio.Go(ctx, block(time.Minute, time.Second)).Await(ctx)
		must(t, err)
		// Cancelled by somebody else in the same moment: no timeout then.
		task := asyncio.Go(ctx, block(time.Second, time.Minute))
		_, err = loop.CallLater(time.Second, func() { task.Cancel() })
		must(t, err)
		_, err = task.Await(ctx)
		wantError(t, err, asyncio.ErrCancelled)
		want(t, "cancelling", task.Cancelling(), 1)
	})
}

// TestCancelAgain: of several requests in one wait, the message is that of the one
// which ended the wait, and all of them count.
func TestCancelAgain(t *testing.T) {
	t.Parallel()
	await := func(f *asyncio.Future[int]) func(context.Context) error {
		return func(ctx context.Context) error { _, err := f.Await(ctx); return err }
	}
	for name, c := range map[string]struct {
		wait   func(f *asyncio.Future[int]) func(context.Context) error
		before func(f *asyncio.Future[int]) // the requests
		want   string
	}{
		"sleep": {wait: func(*asyncio.Future[int]) func(context.Context) error {
			return func(ctx context.Context) error { return asyncio.Sleep(ctx, forever) }
		}, want: "first"},
		"yield": {wait: func(*asyncio.Future[int]) func(context.Context) error { return asyncio.Yield }, want: "second"},
		"waiter": {wait: func(*asyncio.Future[int]) func(context.Context) error {
			return new(asyncio.Waiter).Wait
		}, want: "first"},
		"future":                   {wait: await, want: "first"},
		"future that is cancelled": {wait: await, before: func(f *asyncio.Future[int]) { f.Cancel("its own") }, want: "its own"},
		"future that has a result": {wait: await, before: func(f *asyncio.Future[int]) { _ = f.SetResult(1) }, want: "second"},
		"gather": {wait: func(f *asyncio.Future[int]) func(context.Context) error {
			return func(ctx context.Context) error { _, err := asyncio.GatherOf[int](ctx, f); return err }
		}, want: "first"},
		"shield": {wait: func(f *asyncio.Future[int]) func(context.Context) error {
			return func(ctx context.Context) error { _, err := asyncio.Shield[int](ctx, f); return err }
		}, want: "first"},
		"task": {wait: func(*asyncio.Future[int]) func(context.Context) error {
			return func(ctx context.Context) error { _, err := asyncio.Go(ctx, sleepsForEver).Await(ctx); return err }
		}, want: "first"},
	} {
		row(t, name, func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
			f := asyncio.NewFuture[int](loop)
			wait := c.wait(f)
			task := asyncio.CreateTask(loop, func(ctx context.Context) (int, error) {
				wantMessage(t, wait(ctx), c.want)
				return asyncio.CurrentTask().Cancelling(), asyncio.Yield(ctx)
			})
			passes(t, ctx, 1)
			if name == "task" {
				passes(t, ctx, 1)
			}
			if c.before != nil {
				c.before(f)
			}
			asked := 0
			for _, msg := range []string{"first", "second"} {
				if task.Cancel(msg) {
					asked++
				}
			}
			n, err := task.Await(ctx)
			must(t, err)
			want(t, "requests", n, asked)
		})
	}
}

// TestCancelFromElsewhere: from another goroutine the request is posted.
func TestCancelFromElsewhere(t *testing.T) {
	t.Parallel()
	inLoop(t, func(ctx context.Context, loop asyncio.EventLoop) {
		f := asyncio.NewFuture[int](loop)
		task := asyncio.CreateTask(loop, f.Await)
		passes(t, ctx, 1)
		elsewhere(func() { want(t, "cancel", task.Cancel("from elsewhere"), true) })
		want(t, "future done", f.Done(), false)
		_, err := task.Await(ctx)
		wantMessage(t, err, "from elsewhere")
		elsewhere(func() {
			want(t, "cancel", task.Cancel(), false)
			want(t, "uncancel", task.Uncancel(), 1)
		})
	})
}

// TestCancelBeforeRun: the owner of an idle loop is whoever calls.
func TestCancelBeforeRun(t *testing.T) {
	t.Parallel()
	loop := newLoop(t)
	task := asyncio.CreateTask(loop, sleepsForEver)
	want(t, "cancel", task.Cancel(), true)
	want(t, "cancelling", task.Cancelling(), 1)
	wantError(t, loop.RunUntilComplete(task), asyncio.ErrCancelled)
}

// TestCancelCircle: tasks that wait for each other can be cancelled, and the
// request does not go round for ever.
func TestCancelCircle(t *testing.T) {
	t.Parallel()
	inLoop(t, func(ctx context.Context, loop asyncio.EventLoop) {
		const n = 3
		var tasks [n]*asyncio.Task[int]
		for i := range n {
			tasks[i] = asyncio.CreateTask(loop, func(ctx context.Context) (int, error) {
				if i == 1 { // through a gather
					_, err := asyncio.GatherOf[int](ctx, tasks[(i+1)%n])
					return 0, err
				}
				return tasks[(i+1)%n].Await(ctx)
			})
		}
		passes(t, ctx, 3)
		want(t, "cancel", tasks[0].Cancel("enough"), true)
		_, _, err := asyncio.Wait(ctx, tasks[:], asyncio.WaitOptions{})
		must(t, err)
		for _, task := range tasks {
			wantMessage(t, task.Exception(), "enough")
		}
	})
}

// TestCancelAfterLastWait: a request that comes too late to be seen counts.
func TestCancelAfterLastWait(t *testing.T) {
	t.Parallel()
	inLoop(t, func(ctx context.Context, loop asyncio.EventLoop) {
		task := asyncio.CreateTask(loop, func(context.Context) (int, error) {
			asyncio.CurrentTask().Cancel("late")
			return 1, nil
		})
		v, err := task.Await(ctx)
		wantMessage(t, err, "late")
		want(t, "result", v, 0)
	})
}
