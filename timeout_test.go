package asyncio_test

import (
	"context"
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
)

// row runs a behaviour of the catalogue as the main task of a loop of its own, of
// each kind.
func row(t *testing.T, id string, f func(t *testing.T, ctx context.Context, loop asyncio.EventLoop)) {
	t.Helper()
	t.Run(id, func(t *testing.T) {
		t.Parallel()
		overLoops(t, testkit.Kinds, func(t *testing.T) {
			inLoop(t, func(ctx context.Context, loop asyncio.EventLoop) { f(t, ctx, loop) })
		})
	})
}

// busyUntil holds the loop up until its clock has passed a time.
func busyUntil(loop asyncio.EventLoop, when time.Duration) {
	for loop.Time() <= when {
	}
}

var errOther = errors.New("another error")

type timeoutFunc = func(context.Context, *asyncio.TimeoutScope) error

// sleeping is a timeout's function that sleeps and keeps its scope.
func sleeping(scope **asyncio.TimeoutScope, d time.Duration) timeoutFunc {
	return func(ctx context.Context, t *asyncio.TimeoutScope) error {
		*scope = t
		return asyncio.Sleep(ctx, d)
	}
}

// wantTimeout fails the test if err is not a timeout, and nothing but a timeout.
func wantTimeout(t *testing.T, err error) {
	t.Helper()
	wantError(t, err, asyncio.ErrTimeout)
	if errors.Is(err, asyncio.ErrCancelled) {
		t.Errorf("%v is also a cancellation", err)
	}
}

// wantCause fails the test if the timeout does not tell the cancellation it made.
func wantCause(t *testing.T, err error) {
	t.Helper()
	var timeout *asyncio.TimeoutError
	if !errors.As(err, &timeout) || !errors.Is(timeout.Cause, asyncio.ErrCancelled) {
		t.Errorf("%v does not have the cancellation as its cause", err)
	}
}

func wantExpired(t *testing.T, scope *asyncio.TimeoutScope, want bool) {
	t.Helper()
	if scope.Expired() != want {
		t.Errorf("%v: expired is %v", scope, !want)
	}
}

func TestTimeout(t *testing.T) {
	t.Parallel()
	row(t, "timeouts.001.timeout-basic", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		var scope *asyncio.TimeoutScope
		wantTimeout(t, asyncio.Timeout(ctx, instant, sleeping(&scope, forever)))
		wantExpired(t, scope, true)
	})
	row(t, "timeouts.002.timeout-at", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		var scope *asyncio.TimeoutScope
		deadline := loop.Time() + instant
		wantTimeout(t, asyncio.TimeoutAt(ctx, deadline, sleeping(&scope, forever)))
		wantExpired(t, scope, true)
		if when, ok := scope.When(); !ok || when != deadline {
			t.Errorf("deadline is %v, %v; want %v", when, ok, deadline)
		}
		// It may be early by less than the clock's step, as in asyncio.
		step := loop.Time()
		for began := step; step == began; {
			step = loop.Time()
		}
		if step < deadline {
			t.Error("it came too early")
		}
	})
	row(t, "timeouts.004.inner-sees-cancel", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		var inside error
		wantTimeout(t, asyncio.Timeout(ctx, instant, func(ctx context.Context, _ *asyncio.TimeoutScope) error {
			inside = asyncio.Sleep(ctx, forever)
			wantError(t, ctx.Err(), asyncio.ErrCancelled)
			return inside
		}))
		wantError(t, inside, asyncio.ErrCancelled)
		if ctx.Err() != nil {
			t.Errorf("the task's own context is done: %v", ctx.Err())
		}
	})
	row(t, "timeouts.005.not-expired", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		var scope *asyncio.TimeoutScope
		must(t, asyncio.Timeout(ctx, forever, sleeping(&scope, instant)))
		wantExpired(t, scope, false)
		if when, ok := scope.When(); !ok || when <= loop.Time() {
			t.Errorf("deadline is %v, %v; the time is %v", when, ok, loop.Time())
		}
	})
	row(t, "timeouts.006.zero", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		var scope *asyncio.TimeoutScope
		before := loop.Time()
		wantTimeout(t, asyncio.Timeout(ctx, 0, sleeping(&scope, forever)))
		wantExpired(t, scope, true)
		if when, _ := scope.When(); when < before || when > loop.Time() {
			t.Errorf("deadline is %v, not between %v and %v", when, before, loop.Time())
		}
	})
	row(t, "timeouts.007a.zero-with-zero-sleep", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		var scope *asyncio.TimeoutScope
		wantTimeout(t, asyncio.Timeout(ctx, 0, sleeping(&scope, 0)))
		wantExpired(t, scope, true)
	})
	row(t, "timeouts.007b.past-with-zero-sleep", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		var scope *asyncio.TimeoutScope
		before := loop.Time()
		wantTimeout(t, asyncio.Timeout(ctx, -11*time.Second, sleeping(&scope, 0)))
		wantExpired(t, scope, true)
		if when, ok := scope.When(); !ok || when < before-11*time.Second || when > loop.Time()-11*time.Second {
			t.Errorf("deadline is %v, %v; it was set at %v", when, ok, before)
		}
	})
	row(t, "timeouts.008.foreign-exception", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		var scope *asyncio.TimeoutScope
		err := asyncio.Timeout(ctx, forever, func(_ context.Context, s *asyncio.TimeoutScope) error {
			scope = s
			return errOther
		})
		if err != errOther {
			t.Errorf("error is %v, want the function's own", err)
		}
		wantExpired(t, scope, false)
	})
	row(t, "timeouts.009.foreign-exception-on-timeout", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		err := asyncio.Timeout(ctx, instant, func(ctx context.Context, _ *asyncio.TimeoutScope) error {
			wantError(t, asyncio.Sleep(ctx, forever), asyncio.ErrCancelled)
			return errOther
		})
		if err != errOther {
			t.Errorf("error is %v, want the function's own", err)
		}
	})
	row(t, "timeouts.010.foreign-cancel", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		var scope *asyncio.TimeoutScope
		err := asyncio.Timeout(ctx, forever, func(ctx context.Context, s *asyncio.TimeoutScope) error {
			scope = s
			asyncio.CurrentTask().Cancel()
			return asyncio.Sleep(ctx, forever)
		})
		wantError(t, err, asyncio.ErrCancelled)
		wantExpired(t, scope, false)
		if n := asyncio.CurrentTask().Cancelling(); n != 1 {
			t.Errorf("cancelling is %d, want 1", n)
		}
	})
}

func TestTimeoutNested(t *testing.T) {
	t.Parallel()
	row(t, "timeouts.003.nested-same-deadline", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		var outer, inner *asyncio.TimeoutScope
		deadline := loop.Time() + instant
		var between error
		wantTimeout(t, asyncio.TimeoutAt(ctx, deadline, func(ctx context.Context, s *asyncio.TimeoutScope) error {
			outer = s
			between = asyncio.TimeoutAt(ctx, deadline, sleeping(&inner, forever))
			return between
		}))
		wantError(t, between, asyncio.ErrCancelled)
		wantExpired(t, outer, true)
		wantExpired(t, inner, true)
	})
	row(t, "timeouts.011a.nested-concurrent", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		start := loop.Time()
		var outer, inner *asyncio.TimeoutScope
		var between error
		wantTimeout(t, asyncio.TimeoutAt(ctx, start+2*instant, func(ctx context.Context, s *asyncio.TimeoutScope) error {
			outer = s
			between = asyncio.TimeoutAt(ctx, start+instant, func(ctx context.Context, s *asyncio.TimeoutScope) error {
				inner = s
				busyUntil(loop, start+3*instant)
				return asyncio.Sleep(ctx, forever)
			})
			return between
		}))
		// Of two that have come, only the outermost makes a timeout of it.
		wantError(t, between, asyncio.ErrCancelled)
		wantExpired(t, outer, true)
		wantExpired(t, inner, true)
	})
	row(t, "timeouts.011b.nested-loop-busy", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		wantTimeout(t, asyncio.TimeoutAt(ctx, loop.Time()+10*instant, func(ctx context.Context, outer *asyncio.TimeoutScope) error {
			var scope *asyncio.TimeoutScope
			err := asyncio.Timeout(ctx, instant, sleeping(&scope, forever))
			if errors.Is(err, asyncio.ErrCancelled) {
				return err // a machine so slow that both have come: nested-concurrent
			}
			wantTimeout(t, err)
			when, _ := outer.When()
			busyUntil(loop, when)
			return asyncio.Sleep(ctx, forever)
		}))
	})
	row(t, "timeouts.014.nested-in-cleanup", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		wantTimeout(t, asyncio.Timeout(ctx, instant, func(ctx context.Context, _ *asyncio.TimeoutScope) error {
			err := asyncio.Sleep(ctx, forever)
			var scope *asyncio.TimeoutScope
			wantTimeout(t, asyncio.Timeout(ctx, instant, sleeping(&scope, forever)))
			return err
		}))
	})
	row(t, "timeouts.015a.after-earlier-cancel", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		asyncio.CurrentTask().Cancel()
		wantError(t, asyncio.Sleep(ctx, forever), asyncio.ErrCancelled)
		var scope *asyncio.TimeoutScope
		wantTimeout(t, asyncio.Timeout(ctx, 0, sleeping(&scope, forever)))
		wantExpired(t, scope, true)
	})
	row(t, "timeouts.015b.cancel-after-earlier-cancel", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		asyncio.CurrentTask().Cancel()
		wantError(t, asyncio.Sleep(ctx, forever), asyncio.ErrCancelled)
		err := asyncio.Timeout(ctx, forever, func(ctx context.Context, _ *asyncio.TimeoutScope) error {
			asyncio.CurrentTask().Cancel()
			return asyncio.Sleep(ctx, forever)
		})
		wantError(t, err, asyncio.ErrCancelled)
	})
	row(t, "timeouts.016.timeout-cause", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		var scope *asyncio.TimeoutScope
		wantCause(t, asyncio.Timeout(ctx, 0, sleeping(&scope, forever)))
	})
}

func TestTimeoutReschedule(t *testing.T) {
	t.Parallel()
	row(t, "timeouts.012.reschedule", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		inside := asyncio.NewFuture[*asyncio.TimeoutScope](loop)
		first := loop.Time() + forever
		task := asyncio.Go(ctx, func(ctx context.Context) (struct{}, error) {
			return struct{}{}, asyncio.TimeoutAt(ctx, first, func(ctx context.Context, s *asyncio.TimeoutScope) error {
				must(t, inside.SetResult(s))
				return asyncio.Sleep(ctx, forever)
			})
		})
		scope, err := inside.Await(ctx)
		must(t, err)
		if when, ok := scope.When(); !ok || when != first {
			t.Errorf("deadline is %v, %v; want %v", when, ok, first)
		}
		must(t, scope.Reschedule(first+forever))
		if when, ok := scope.When(); !ok || when != first+forever {
			t.Errorf("deadline is %v, %v; want %v", when, ok, first+forever)
		}
		must(t, scope.Reschedule(loop.Time())) // due in the next pass,
		must(t, scope.Reschedule(asyncio.NoTimeout))
		if when, ok := scope.When(); ok {
			t.Errorf("deadline is %v, want none", when)
		}
		must(t, asyncio.Sleep(ctx, instant)) // and that has gone by
		task.Cancel()
		_, err = task.Await(ctx)
		wantError(t, err, asyncio.ErrCancelled)
		wantExpired(t, scope, false)
	})
	wantRefusal := func(t *testing.T, scope *asyncio.TimeoutScope, state string) {
		t.Helper()
		err := scope.Reschedule(time.Second)
		wantError(t, err, asyncio.ErrInvalidState)
		if err != nil && !strings.Contains(err.Error(), state) {
			t.Errorf("%q does not say %q", err, state)
		}
	}
	row(t, "timeouts.017.already-entered", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		// A scope is entered by the call that makes it: there is nothing to enter it
		// by again, and each call makes another one.
		if n := reflect.TypeFor[*asyncio.TimeoutScope]().NumMethod(); n != 4 {
			t.Errorf("a scope has %d methods: is there one to enter it by?", n)
		}
		var first, second *asyncio.TimeoutScope
		f := sleeping(&first, 0)
		must(t, asyncio.Timeout(ctx, forever, f))
		entered := first
		must(t, asyncio.Timeout(ctx, forever, sleeping(&second, 0)))
		must(t, asyncio.Timeout(ctx, forever, f))
		if entered == second || entered == first {
			t.Error("a scope was entered twice")
		}
		wantRefusal(t, entered, "finished")
	})
	row(t, "timeouts.018a.reschedule-finished", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		var scope *asyncio.TimeoutScope
		must(t, asyncio.Timeout(ctx, forever, sleeping(&scope, 0)))
		wantRefusal(t, scope, "finished")
		wantTimeout(t, asyncio.Timeout(ctx, 0, sleeping(&scope, 0)))
		wantRefusal(t, scope, "expired")
	})
	row(t, "timeouts.018b.reschedule-expiring", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		must(t, asyncio.Timeout(ctx, instant, func(ctx context.Context, s *asyncio.TimeoutScope) error {
			wantError(t, asyncio.Sleep(ctx, forever), asyncio.ErrCancelled)
			wantRefusal(t, s, "expiring")
			return nil
		}))
	})
	row(t, "timeouts.018c.reschedule-not-entered", func(t *testing.T, _ context.Context, _ asyncio.EventLoop) {
		var scope asyncio.TimeoutScope
		wantRefusal(t, &scope, "not been entered")
		if _, ok := scope.When(); ok || scope.Expired() {
			t.Errorf("%v has a deadline, or expired", &scope)
		}
	})
	row(t, "timeouts.019.without-task", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		entered := false
		f := func(context.Context, *asyncio.TimeoutScope) error { entered = true; return nil }
		inCallback := asyncio.NewFuture[error](loop)
		_, err := loop.CallSoon(func() { must(t, inCallback.SetResult(asyncio.Timeout(ctx, forever, f))) })
		must(t, err)
		err, wait := inCallback.Await(ctx)
		must(t, wait)
		wantError(t, err, asyncio.ErrNotInTask)
		elsewhere := make(chan error)
		go func() { elsewhere <- asyncio.TimeoutAt(ctx, 0, f) }()
		wantError(t, <-elsewhere, asyncio.ErrNotInTask)
		if entered {
			t.Error("the function was called")
		}
	})
	row(t, "timeouts.013.string-form", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		wantText := func(scope *asyncio.TimeoutScope, want ...string) {
			t.Helper()
			for _, w := range want {
				if !strings.Contains(scope.String(), w) {
					t.Errorf("%q does not say %q", scope, w)
				}
			}
		}
		var kept *asyncio.TimeoutScope
		must(t, asyncio.Timeout(ctx, forever, func(ctx context.Context, s *asyncio.TimeoutScope) error {
			kept = s
			when, _ := s.When()
			wantText(s, "active", "when="+when.String())
			must(t, s.Reschedule(asyncio.NoTimeout))
			wantText(s, "active", "when=none")
			return nil
		}))
		wantText(kept, "finished")
		wantTimeout(t, asyncio.Timeout(ctx, 0, sleeping(&kept, 0)))
		wantText(kept, "expired")
		wantText(&asyncio.TimeoutScope{}, "created")
	})
}

// TestTimeoutLeavesNothing: what a timeout has asked for and did not get is not
// left to its task.
func TestTimeoutLeavesNothing(t *testing.T) {
	t.Parallel()
	inLoop(t, func(ctx context.Context, loop asyncio.EventLoop) {
		task := asyncio.CurrentTask()
		must(t, asyncio.Timeout(ctx, 0, func(ctx context.Context, s *asyncio.TimeoutScope) error {
			wantError(t, asyncio.Sleep(ctx, 0), asyncio.ErrCancelled)
			return nil // swallowed
		}))
		// It comes while the function waits with what cannot be done, once its scope is.
		for expired := false; !expired; {
			must(t, asyncio.Timeout(ctx, 0, func(ctx context.Context, s *asyncio.TimeoutScope) error {
				err := asyncio.Sleep(context.WithoutCancel(ctx), 0)
				expired = s.Expired()
				if err != nil {
					return nil
				}
				return asyncio.Sleep(context.WithoutCancel(ctx), 0)
			}))
		}
		if n := task.Cancelling(); n != 0 {
			t.Errorf("cancelling is %d", n)
		}
		must(t, asyncio.Sleep(ctx, 0))

		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic was swallowed")
				}
			}()
			_ = asyncio.Timeout(ctx, instant, func(context.Context, *asyncio.TimeoutScope) error { panic("boom") })
		}()
		must(t, asyncio.Sleep(ctx, 2*instant))
		_ = loop
	})
}

// TestTimeoutContext: the context of a timeout ends with it, and lets go of what
// was derived from it.
func TestTimeoutContext(t *testing.T) {
	t.Parallel()
	type key struct{}
	inLoop(t, func(ctx context.Context, _ asyncio.EventLoop) {
		var derived context.Context
		ctx = context.WithValue(ctx, key{}, "value")
		must(t, asyncio.Timeout(ctx, forever, func(ctx context.Context, _ *asyncio.TimeoutScope) error {
			if ctx.Err() != nil || ctx.Value(key{}) != "value" {
				t.Errorf("context: %v, %v", ctx.Err(), ctx.Value(key{}))
			}
			var cancel context.CancelFunc
			derived, cancel = context.WithCancel(ctx)
			_ = cancel // the scope does it
			return nil
		}))
		wantError(t, derived.Err(), context.Canceled)

		limited, cancel := context.WithTimeout(ctx, instant)
		defer cancel()
		err := asyncio.Timeout(limited, forever, func(ctx context.Context, _ *asyncio.TimeoutScope) error {
			return asyncio.Sleep(ctx, forever)
		})
		wantError(t, err, context.DeadlineExceeded)
		wantError(t, err, asyncio.ErrTimeout)
		if n := asyncio.CurrentTask().Cancelling(); n != 0 {
			t.Errorf("a context that is done asked to cancel the task %d times", n)
		}
	})
}

// TestTimeoutErrors: a timeout is what the standard library calls one.
func TestTimeoutErrors(t *testing.T) {
	t.Parallel()
	inLoop(t, func(ctx context.Context, _ asyncio.EventLoop) {
		var scope *asyncio.TimeoutScope
		err := asyncio.Timeout(ctx, 0, sleeping(&scope, 0))
		wantTimeout(t, err)
		wantError(t, err, context.DeadlineExceeded)
		wantError(t, err, os.ErrDeadlineExceeded)
		wantError(t, asyncio.Timeout(ctx, 0, nil), asyncio.ErrInvalidArgument)
	})
}
