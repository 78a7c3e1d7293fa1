package asyncio_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
)

// cleaner is a coroutine that sleeps until it is cancelled and then needs some
// passes to clean up.
type cleaner struct{ started, running, cleaned bool }

func (c *cleaner) run(ctx context.Context) (string, error) {
	c.started, c.running = true, true
	defer func() { c.running = false }()
	err := asyncio.Sleep(ctx, forever)
	if e := asyncio.Sleep(ctx, instant); e != nil {
		return "", e
	}
	c.cleaned = true
	return "", err
}

func wantCleaned(t *testing.T, c *cleaner) {
	t.Helper()
	if !c.cleaned || c.running {
		t.Errorf("what was waited for: %+v", *c)
	}
}

func TestWaitFor(t *testing.T) {
	t.Parallel()
	row(t, "timeouts.020.wait-for-cancelled-waits", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		var c cleaner
		waiting := asyncio.Go(ctx, func(ctx context.Context) (string, error) { return asyncio.WaitFor(ctx, forever, c.run) })
		for !c.started {
			must(t, asyncio.Sleep(ctx, 0))
		}
		waiting.Cancel()
		_, err := waiting.Await(ctx)
		wantError(t, err, asyncio.ErrCancelled)
		wantCleaned(t, &c)
	})
	row(t, "timeouts.021.wait-for-zero-done", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		fut := asyncio.NewFuture[string](loop)
		must(t, fut.SetResult("done"))
		for _, d := range []time.Duration{0, -time.Second} {
			if v, err := asyncio.WaitForOf(ctx, d, fut); v != "done" || err != nil {
				t.Errorf("timeout %v: %q, %v", d, v, err)
			}
		}
	})
	row(t, "timeouts.022.wait-for-zero-not-started", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		for _, d := range []time.Duration{0, -time.Second} {
			started := false
			_, err := asyncio.WaitFor(ctx, d, func(context.Context) (int, error) { started = true; return 0, nil })
			wantTimeout(t, err)
			if started {
				t.Errorf("timeout %v: the function was called", d)
			}
		}
	})
	row(t, "timeouts.023.wait-for-zero-running", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		for _, d := range []time.Duration{0, -time.Second} {
			var c cleaner
			task := asyncio.Go(ctx, c.run)
			must(t, asyncio.Sleep(ctx, 0))
			_, err := asyncio.WaitForOf(ctx, d, task)
			wantTimeout(t, err)
			wantCleaned(t, &c)
			if !task.Cancelled() {
				t.Errorf("timeout %v: %v", d, task)
			}
		}
	})
	row(t, "timeouts.024.wait-for-timeout", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		var c cleaner
		task := asyncio.Go(ctx, c.run)
		_, err := asyncio.WaitForOf(ctx, instant, task)
		wantTimeout(t, err)
		wantCleaned(t, &c)
		if !task.Cancelled() {
			t.Error(task)
		}
	})
	row(t, "timeouts.025.wait-for-no-timeout", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		if v, err := asyncio.WaitFor(ctx, asyncio.NoTimeout, value("done")); v != "done" || err != nil {
			t.Errorf("%q, %v", v, err)
		}
		if v, err := asyncio.WaitForOf(ctx, asyncio.NoTimeout, asyncio.Go(ctx, value("done"))); v != "done" || err != nil {
			t.Errorf("%q, %v", v, err)
		}
	})
	row(t, "timeouts.026.wait-for-result-in-time", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		fut := asyncio.NewFuture[string](loop)
		_, err := loop.CallLater(instant, func() { must(t, fut.SetResult("ok")) })
		must(t, err)
		if v, err := asyncio.WaitForOf(ctx, forever, fut); v != "ok" || err != nil {
			t.Errorf("%q, %v", v, err)
		}
	})
	row(t, "timeouts.027.wait-for-result-despite-cancel", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		v, err := asyncio.WaitFor(ctx, instant, func(ctx context.Context) (int, error) {
			wantError(t, asyncio.Sleep(ctx, forever), asyncio.ErrCancelled)
			return 1, nil
		})
		if v != 1 || err != nil {
			t.Errorf("%v, %v", v, err)
		}
	})
	row(t, "timeouts.028.wait-for-waits-cleanup", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		for _, d := range []time.Duration{instant, 0} {
			var c cleaner
			task := asyncio.Go(ctx, c.run)
			must(t, asyncio.Sleep(ctx, 0))
			_, err := asyncio.WaitForOf(ctx, d, task)
			wantTimeout(t, err)
			wantCause(t, err)
			wantCleaned(t, &c)
		}
	})
	row(t, "timeouts.029.wait-for-error-during-cancel", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		_, err := asyncio.WaitFor(ctx, instant, func(ctx context.Context) (int, error) {
			wantError(t, asyncio.Sleep(ctx, forever), asyncio.ErrCancelled)
			return 0, errOther
		})
		if err != errOther {
			t.Errorf("error is %v, want the function's own", err)
		}
	})
	row(t, "timeouts.030.wait-for-cancel-inner", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		for _, d := range []time.Duration{asyncio.NoTimeout, forever} {
			inner := asyncio.Go(ctx, sleeper(forever))
			waiting := asyncio.Go(ctx, func(ctx context.Context) (struct{}, error) { return asyncio.WaitForOf(ctx, d, inner) })
			_, err := loop.CallSoon(func() { waiting.Cancel() })
			must(t, err)
			_, err = waiting.Await(ctx)
			wantError(t, err, asyncio.ErrCancelled)
			if !inner.Cancelled() {
				t.Errorf("timeout %v: %v", d, inner)
			}
		}
	})
}

// TestWaitForContext: a context of the user's that is done ends the wait: the
// function is waited for, what WaitForOf was given goes on.
func TestWaitForContext(t *testing.T) {
	t.Parallel()
	inLoop(t, func(ctx context.Context, _ asyncio.EventLoop) {
		limited, cancel := context.WithCancel(ctx)
		started, cleaned := false, false
		given := asyncio.Go(ctx, sleeper(forever))
		waiting := asyncio.Go(ctx, func(context.Context) (int, error) {
			return asyncio.WaitFor(limited, forever, func(ctx context.Context) (int, error) {
				started = true
				err := asyncio.Sleep(ctx, forever)
				must(t, asyncio.Sleep(context.WithoutCancel(ctx), instant))
				cleaned = true
				return 0, err
			})
		})
		other := asyncio.Go(ctx, func(context.Context) (struct{}, error) { return asyncio.WaitForOf(limited, forever, given) })
		for !started {
			must(t, asyncio.Sleep(ctx, 0))
		}
		cancel()
		_, err := waiting.Await(ctx)
		wantError(t, err, context.Canceled)
		want(t, "cleaned up", cleaned, true)
		_, err = other.Await(ctx)
		wantError(t, err, context.Canceled)
		if given.Done() || other.Cancelled() || waiting.Cancelled() {
			t.Errorf("%v, %v, %v", given, waiting, other)
		}
		given.Cancel()
	})
}

// TestWaitForRefusals: where it cannot wait it says so, and calls nothing.
func TestWaitForRefusals(t *testing.T) {
	t.Parallel()
	inLoop(t, func(ctx context.Context, loop asyncio.EventLoop) {
		foreign := asyncio.NewFuture[int](newLoop(t))
		_, err := asyncio.WaitForOf(ctx, time.Second, foreign)
		wantError(t, err, asyncio.ErrWrongLoop)
		_, err = asyncio.WaitFor[int](ctx, time.Second, nil)
		wantError(t, err, asyncio.ErrInvalidArgument)
		_, err = asyncio.WaitForOf[int](ctx, time.Second, nil)
		wantError(t, err, asyncio.ErrInvalidArgument)

		var self *asyncio.Task[int]
		self = asyncio.Go(ctx, func(ctx context.Context) (int, error) { return asyncio.WaitForOf(ctx, time.Second, self) })
		_, err = self.Await(ctx)
		wantError(t, err, asyncio.ErrAwaitSelf)

		own := asyncio.NewFuture[int](loop)
		inCallback := asyncio.NewFuture[[2]error](loop)
		_, err = loop.CallSoon(func() {
			_, first := asyncio.WaitForOf(ctx, time.Second, own)
			_, second := asyncio.WaitFor(ctx, time.Second, func(context.Context) (int, error) {
				t.Error("the function was called")
				return 0, nil
			})
			must(t, inCallback.SetResult([2]error{first, second}))
		})
		must(t, err)
		errs, err := inCallback.Await(ctx)
		must(t, err)
		for _, err := range errs {
			wantError(t, err, asyncio.ErrAwaitInCallback)
		}
	})
}

// TestWaitForOutside: on a goroutine that is no loop's it blocks.
func TestWaitForOutside(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	if v, err := asyncio.WaitFor(ctx, forever, func(context.Context) (int, error) { return 7, nil }); v != 7 || err != nil {
		t.Errorf("%v, %v", v, err)
	}
	_, err := asyncio.WaitFor(ctx, instant, sleeper(forever))
	wantTimeout(t, err)
	_, err = asyncio.WaitFor(ctx, 0, func(context.Context) (int, error) { return 0, errors.New("called") })
	wantTimeout(t, err)

	loop := newLoop(t)
	var c cleaner
	task := asyncio.CreateTask(loop, c.run)
	running := make(chan error)
	go func() { running <- loop.RunForever() }()
	_, err = asyncio.WaitForOf(ctx, instant, task)
	wantTimeout(t, err)
	wantCause(t, err)
	late := asyncio.NewFuture[int](loop)
	limited, cancel := context.WithCancel(ctx)
	cancel()
	_, err = asyncio.WaitForOf(limited, forever, late)
	wantError(t, err, context.Canceled)
	if late.Done() {
		t.Error("what was waited for ended with the wait")
	}
	loop.Stop()
	must(t, <-running)
}
