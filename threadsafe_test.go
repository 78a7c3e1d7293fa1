package asyncio_test

import (
	"context"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
)

// runElsewhere runs a loop on another goroutine for the time of f.
func runElsewhere(t *testing.T, loop asyncio.EventLoop, f func()) {
	t.Helper()
	stopped := make(chan error)
	go func() { stopped <- loop.RunForever() }()
	defer func() {
		loop.Stop()
		must(t, <-stopped)
	}()
	f()
}

func TestRunCoroutineThreadsafe(t *testing.T) {
	t.Parallel()
	threaded := func(id string, f func(t *testing.T, loop asyncio.EventLoop)) {
		plainRow(t, id, func(t *testing.T) {
			loop := newLoop(t)
			noReports(t, loop)
			runElsewhere(t, loop, func() { f(t, loop) })
		})
	}
	threaded("result", func(t *testing.T, loop asyncio.EventLoop) {
		v, err := asyncio.RunCoroutineThreadsafe(loop, itsLoop).Await(t.Context())
		must(t, err)
		want(t, "its loop", v, loop)
	})
	threaded("tasks.093a.threadsafe-exception", func(t *testing.T, loop asyncio.EventLoop) {
		_, err := asyncio.RunCoroutineThreadsafe(loop, failing(errBoom)).Await(t.Context())
		want(t, "error", err, errBoom)
	})
	threaded("tasks.093b.threadsafe-timeout", func(t *testing.T, loop asyncio.EventLoop) {
		ctx, cancel := context.WithTimeout(t.Context(), instant)
		defer cancel()
		ended := make(chan error, 1)
		f := asyncio.RunCoroutineThreadsafe(loop, func(ctx context.Context) (int, error) {
			err := asyncio.Sleep(ctx, forever)
			ended <- err
			return 0, err
		})
		began := asyncio.RunCoroutineThreadsafe(loop, nothing) // after it
		_, err := began.Await(t.Context())
		must(t, err)
		_, err = f.Await(ctx)
		wantError(t, err, context.DeadlineExceeded)
		want(t, "cancel", f.Cancel("late"), true)
		want(t, "cancelled at once", f.Cancelled(), true)
		wantMessage(t, <-ended, "late")
		for len(asyncio.AllTasks(loop)) > 0 {
			time.Sleep(instant)
		}
	})
	threaded("tasks.093c.threadsafe-task-cancelled", func(t *testing.T, loop asyncio.EventLoop) {
		f := asyncio.RunCoroutineThreadsafe(loop, func(ctx context.Context) (int, error) {
			asyncio.CurrentTask().Cancel("myself")
			return 0, asyncio.Sleep(ctx, forever)
		})
		_, err := f.Await(t.Context())
		wantMessage(t, err, "myself")
		want(t, "cancelled", f.Cancelled(), true)
	})
	plainRow(t, "tasks.093d.threadsafe-factory-error", func(t *testing.T) {
		loop := newLoop(t)
		r := collectReports(t, loop)
		must(t, loop.SetTaskFactory(func(asyncio.EventLoop, *asyncio.TaskSpec) error { return errBoom }))
		runElsewhere(t, loop, func() {
			_, err := asyncio.RunCoroutineThreadsafe(loop, nothing).Await(t.Context())
			wantError(t, err, errBoom)
		})
		must(t, loop.Close())
		want(t, "reports", len(r.all()), 1)
		wantError(t, r.all()[0].Err, errBoom)
	})
	plainRow(t, "cancelled before it starts", func(t *testing.T) {
		loop := newLoop(t)
		f := asyncio.RunCoroutineThreadsafe(loop, func(context.Context) (int, error) {
			t.Error("entered")
			return 0, nil
		})
		want(t, "cancel", f.Cancel(), true)
		runIn(t, loop, func(ctx context.Context) { passes(t, ctx, 2) })
	})
	plainRow(t, "a loop that is idle", func(t *testing.T) {
		loop := newLoop(t)
		f := asyncio.RunCoroutineThreadsafe(loop, value(7))
		must(t, loop.RunUntilComplete(f))
		v, err := f.Result()
		must(t, err)
		want(t, "result", v, 7)
	})
	plainRow(t, "refused", func(t *testing.T) {
		closed := newLoop(t)
		must(t, closed.Close())
		for _, c := range []struct {
			loop asyncio.EventLoop
			f    func(context.Context) (int, error)
			want error
		}{
			{closed, nothing, asyncio.ErrLoopClosed},
			{nil, nothing, asyncio.ErrNoCurrentLoop},
			{newLoop(t), nil, asyncio.ErrInvalidArgument},
		} {
			_, err := asyncio.RunCoroutineThreadsafe(c.loop, c.f).Await(t.Context())
			wantError(t, err, c.want)
		}
	})
	row(t, "from the loop itself", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		v, err := asyncio.RunCoroutineThreadsafe(loop, value(7)).Await(ctx)
		must(t, err)
		want(t, "result", v, 7)
	})
}

// TestThreadsafeFromMany: many goroutines hand over coroutines, and give some up.
func TestThreadsafeFromMany(t *testing.T) {
	t.Parallel()
	loop := newLoop(t)
	noReports(t, loop)
	sum := 0 // the loop's
	const n, each = 8, 100
	done := make(chan int)
	runElsewhere(t, loop, func() {
		for i := range n {
			go func() {
				completed := 0
				for k := range each {
					f := asyncio.RunCoroutineThreadsafe(loop, func(ctx context.Context) (int, error) {
						if err := asyncio.Sleep(ctx, 0); err != nil {
							return 0, err
						}
						sum++
						return k, nil
					})
					if (i+k)%3 == 0 {
						f.Cancel()
					}
					if v, err := f.Await(context.Background()); err == nil {
						want(t, "result", v, k)
						completed++
					}
				}
				done <- completed
			}()
		}
		completed := 0
		for range n {
			completed += <-done
		}
		got, err := asyncio.RunCoroutineThreadsafe(loop, func(context.Context) (int, error) { return sum, nil }).Await(t.Context())
		must(t, err)
		if got < completed || got > n*each {
			t.Errorf("%d ran to their end, %d results", got, completed)
		}
	})
	want(t, "tasks left", len(asyncio.AllTasks(loop)), 0)
}

// TestThreadsafeCancelOnLoop: cancelled on the loop, the task ends with the future
// also if the loop stops right after.
func TestThreadsafeCancelOnLoop(t *testing.T) {
	t.Parallel()
	plainRow(t, "tasks.747.threadsafe-cancel-on-loop", func(t *testing.T) {
		loop := newLoop(t)
		noReports(t, loop)
		heard := 0
		fut := asyncio.RunCoroutineThreadsafe(loop, func(ctx context.Context) (int, error) {
			var err error
			for range 3 {
				if e := asyncio.Sleep(ctx, instant); e != nil {
					heard++
					err = e
				}
			}
			return 0, err
		})
		var task asyncio.AnyTask
		runIn(t, loop, func(ctx context.Context) {
			passes(t, ctx, 2)
			for _, other := range asyncio.AllTasks(loop) {
				if other != asyncio.CurrentTask() {
					task = other
				}
			}
			want(t, "cancel", fut.Cancel("why"), true)
			want(t, "cancelling, within the call", task.Cancelling(), 1)
		})
		for !task.Done() {
			runIn(t, loop, func(ctx context.Context) { passes(t, ctx, 1) })
		}
		wantMessage(t, task.Exception(), "why")
		want(t, "cancelled", task.Cancelled() && fut.Cancelled(), true)
		want(t, "cancellations that it heard of", heard, 1)
		want(t, "cancel again", fut.Cancel(), false)
	})
}
