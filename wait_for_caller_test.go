package asyncio_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/go-asyncio/asyncio"
)

// TestWaitForInCaller: the function runs in the caller's own task, and every
// cancellation reaches what is waited for.
func TestWaitForInCaller(t *testing.T) {
	t.Parallel()
	row(t, "timeouts.701.wait-for-same-task", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		me, all := asyncio.CurrentTask(), len(asyncio.AllTasks(loop))
		_, err := asyncio.WaitFor(ctx, forever, func(ctx context.Context) (int, error) {
			passes(t, ctx, 1)
			want(t, "current task", asyncio.CurrentTask(), me)
			want(t, "tasks", len(asyncio.AllTasks(loop)), all)
			return 0, nil
		})
		must(t, err)
	})
	row(t, "timeouts.702.wait-for-no-extra-pass", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		passed := false
		_, err := loop.CallSoon(func() { passed = true })
		must(t, err)
		v, err := asyncio.WaitFor(ctx, forever, func(context.Context) (int, error) { return 7, nil })
		must(t, err)
		want(t, "result", v, 7)
		want(t, "gave way", passed, false)
	})
	row(t, "timeouts.703.wait-for-cancel-wins", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		inner := asyncio.NewFuture[int](loop)
		task, wentOn := asyncio.Go(ctx, inner.Await), false
		waiting := asyncio.Go(ctx, func(ctx context.Context) (int, error) {
			v, err := asyncio.WaitForOf(ctx, forever, task)
			wentOn = err == nil
			return v, err
		})
		passes(t, ctx, 2)
		must(t, inner.SetResult(7))
		passes(t, ctx, 1) // the task is done, its waiter about to hear of it
		want(t, "done", task.Done(), true)
		waiting.Cancel()
		_, err := waiting.Await(ctx)
		wantError(t, err, asyncio.ErrCancelled)
		want(t, "went on", wentOn, false)
		v, err := task.Result()
		must(t, err)
		want(t, "result of the task", v, 7)
	})
	row(t, "timeouts.704.wait-for-second-cancel-passed-on", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		heard := 0
		stubborn := func(ctx context.Context) (int, error) {
			for heard < 2 {
				if asyncio.Sleep(ctx, forever) != nil {
					heard++
				}
			}
			return 42, nil
		}
		ways := map[string]func(context.Context) (int, error){
			"function": func(ctx context.Context) (int, error) { return asyncio.WaitFor(ctx, instant, stubborn) },
			"task": func(ctx context.Context) (int, error) {
				return asyncio.WaitForOf(ctx, instant, asyncio.Go(ctx, stubborn))
			},
		}
		for name, wait := range ways {
			heard = 0
			task := asyncio.Go(ctx, wait)
			for heard < 1 {
				passes(t, ctx, 1)
			}
			task.Cancel()
			v, err := task.Await(ctx)
			if v != 42 || err != nil || heard != 2 {
				t.Errorf("%s: %v, %v; heard of %d cancellations", name, v, err, heard)
			}
		}
	})
	row(t, "a second cancellation before the time is up", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		var c cleaner
		inner := asyncio.Go(ctx, c.run)
		waiting := asyncio.Go(ctx, func(ctx context.Context) (string, error) { return asyncio.WaitForOf(ctx, forever, inner) })
		passes(t, ctx, 2)
		waiting.Cancel()
		passes(t, ctx, 1) // it cleans up,
		waiting.Cancel()  // which a second one ends
		_, err := waiting.Await(ctx)
		wantError(t, err, asyncio.ErrCancelled)
		want(t, "the task is done", inner.Done(), true)
	})
	row(t, "timeouts.708.wait-for-swallowed-coroutine", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		v, err := asyncio.WaitFor(ctx, instant, func(ctx context.Context) (int, error) {
			wantError(t, asyncio.Sleep(ctx, forever), asyncio.ErrCancelled)
			return 42, nil
		})
		must(t, err)
		want(t, "result", v, 42)
		undisturbed(t, ctx)
	})
	row(t, "timeouts.709.wait-for-inner-own-cancel", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		_, err := asyncio.WaitFor(ctx, forever, func(context.Context) (int, error) { return 0, &asyncio.CancelledError{Message: "own"} })
		wantMessage(t, err, "own")
		fut := asyncio.NewFuture[int](loop)
		_, err = loop.CallSoon(func() { fut.Cancel("else") })
		must(t, err)
		_, err = asyncio.WaitForOf(ctx, forever, fut)
		wantMessage(t, err, "else")
		if errors.Is(err, asyncio.ErrTimeout) {
			t.Errorf("%v is a timeout", err)
		}
		undisturbed(t, ctx)
	})
	row(t, "timeouts.710.wait-for-coroutine-current-cancel", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		task := asyncio.Go(ctx, func(ctx context.Context) (int, error) {
			return asyncio.WaitFor(ctx, forever, func(ctx context.Context) (int, error) {
				asyncio.CurrentTask().Cancel()
				return 0, asyncio.Sleep(ctx, forever)
			})
		})
		_, err := task.Await(ctx)
		wantError(t, err, asyncio.ErrCancelled)
		want(t, "cancelled", task.Cancelled(), true)
	})
}

// TestWaitForShield: what is shielded goes on.
func TestWaitForShield(t *testing.T) {
	t.Parallel()
	slow := func(ctx context.Context) (int, error) { return 7, asyncio.Sleep(ctx, instant) }
	finishes := func(t *testing.T, ctx context.Context, task *asyncio.Task[int]) {
		t.Helper()
		v, err := task.Await(ctx)
		must(t, err)
		want(t, "result of the shielded task", v, 7)
	}
	row(t, "timeouts.705.wait-for-shield-zero", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		inner := asyncio.Go(ctx, slow)
		outer := asyncio.ShieldFuture(ctx, inner)
		_, err := asyncio.WaitForOf(ctx, 0, outer)
		wantTimeout(t, err)
		want(t, "shield cancelled", outer.Cancelled(), true)
		finishes(t, ctx, inner)
	})
	row(t, "timeouts.706.wait-for-shield-none", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		v, err := asyncio.WaitForOf(ctx, asyncio.NoTimeout, asyncio.ShieldFuture(ctx, asyncio.Go(ctx, slow)))
		must(t, err)
		want(t, "result", v, 7)
	})
	row(t, "timeouts.707.wait-for-shield-timeout", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		proceed := asyncio.NewFuture[int](loop)
		inner := asyncio.Go(ctx, proceed.Await)
		_, err := asyncio.WaitForOf(ctx, instant, asyncio.ShieldFuture(ctx, inner))
		wantTimeout(t, err)
		want(t, "done", inner.Done(), false)
		must(t, proceed.SetResult(7))
		finishes(t, ctx, inner)
	})
}

// TestTimeoutInChain: a timeout takes the place of its cancellation wherever that
// is held.
func TestTimeoutInChain(t *testing.T) {
	t.Parallel()
	late := func(ctx context.Context, wrap func(error) error) error {
		return asyncio.Timeout(ctx, 0, func(ctx context.Context, _ *asyncio.TimeoutScope) error {
			return wrap(asyncio.Sleep(ctx, forever))
		})
	}
	holds := func(t *testing.T, err error) {
		t.Helper()
		wantError(t, err, errOther)
		wantTimeout(t, err)
		wantCause(t, err)
		wantError(t, err, context.DeadlineExceeded)
		if errors.As(err, new(*asyncio.CancelledError)) {
			t.Errorf("%v still holds the cancellation", err)
		}
	}
	row(t, "timeouts.711.body-error-chain", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		err := late(ctx, func(err error) error { return errors.Join(errOther, err) })
		holds(t, err)
		want(t, "text", err.Error(), errOther.Error()+"\ncancelled")
		undisturbed(t, ctx)
		want(t, "without a cancellation", late(ctx, func(error) error { return errOther }), errOther)
		must(t, late(ctx, func(error) error { return nil }))
	})
	row(t, "timeouts.712.body-error-chain-deep", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		holds(t, late(ctx, func(err error) error {
			return fmt.Errorf("outer: %w", fmt.Errorf("%w, and %w", errOther, fmt.Errorf("inner: %w", err)))
		}))
		// So do the errors of a group.
		err := late(ctx, func(err error) error {
			return &asyncio.GroupError{Message: "two", Errors: []error{errBody, errors.Join(errOther, err)}}
		})
		holds(t, wantGroup(t, err, errBody, errOther).Errors[1])
		var boom *boomError
		if !errors.As(late(ctx, func(err error) error { return errors.Join(&boomError{}, err) }), &boom) {
			t.Error("errors.As does not find what the function has returned")
		}
	})
	row(t, "timeouts.714.cancelled-subclass", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		wantTimeout(t, late(ctx, func(error) error { return derived{&asyncio.CancelledError{}} }))
		wantTimeout(t, late(ctx, func(err error) error { return fmt.Errorf("closing: %w", err) }))
	})
}

type boomError struct{}

func (*boomError) Error() string { return "boom" }
