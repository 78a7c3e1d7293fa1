package golden_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"

	"github.com/go-asyncio/asyncio"
)

func TestWaiting(t *testing.T) {
	compare(t, "waiting",
		waitForRunsInItsCallersTask, waitForWhatDoesNotWaitTakesNoPass, waitForCancelledAsTheResultComes,
		waitForPassesASecondCancellationOn, waitForAFunctionPassesASecondCancellationOn,
		waitForOverAShield, waitForAFunctionThatSwallows, waitForWhatSomebodyElseCancels,
		waitForAFunctionThatCancelsItsTask, waitForInsideWaitFor, timeoutStaysInTheChainOfAnotherError,
		shieldThatFailsLateIsReported, shieldThatEndsWellLateIsNotReported,
		shieldsThatFailLateAreReportedOnce, gatherOfWhatIsDoneTakesNoPass, gatherWithOnePending)
}

func waitForRunsInItsCallersTask(ctx context.Context, s *stage) error {
	inner := func(ctx context.Context) (any, error) {
		s.out("inner in", current(), "of", len(asyncio.AllTasks(s.loop)))
		err := ticks(ctx, 1)
		s.out("inner in", current())
		return "value", err
	}
	asyncio.CurrentTask().SetName("main")
	s.ended(asyncio.WaitFor(ctx, 5*tick, inner))
	s.ended(asyncio.WaitFor(ctx, asyncio.NoTimeout, inner))
	return nil
}

func waitForWhatDoesNotWaitTakesNoPass(ctx context.Context, s *stage) error {
	s.soon(s.say("a pass later"))
	s.ended(asyncio.WaitFor(ctx, 5*tick, func(context.Context) (any, error) { return "value", nil }))
	return ticks(ctx, 0)
}

func waitForCancelledAsTheResultComes(ctx context.Context, s *stage) error {
	inner := s.task(s.sleeper("inner", 1))
	task := s.task(func(ctx context.Context) (any, error) {
		v, err := asyncio.WaitForOf(ctx, 5*tick, inner)
		if err != nil {
			s.out("caller cancelled, inner", outcome(inner))
		} else {
			s.out("caller got", v)
		}
		return nil, err
	})
	inner.AddDoneCallback(func(*asyncio.Task[any]) { task.Cancel() })
	s.ended(task.Await(ctx))
	return nil
}

// stubborn swallows two cancellations and returns 42.
func (s *stage) stubborn(say func(n int)) coroutine {
	return func(ctx context.Context) (any, error) {
		for n := 1; n <= 2; n++ {
			if err := ticks(ctx, 10); err != nil {
				say(n)
			}
		}
		s.must(ticks(ctx, 1))
		s.out("inner ends")
		return 42, nil
	}
}

func waitForPassesASecondCancellationOn(ctx context.Context, s *stage) error {
	inner := s.task(s.stubborn(func(n int) { s.out("inner cancelled", n) }))
	task := s.task(func(ctx context.Context) (any, error) { return asyncio.WaitForOf(ctx, tick, inner) })
	s.must(ticks(ctx, 2))
	s.out("cancel", task.Cancel(), "inner done", inner.Done())
	s.ended(task.Await(ctx))
	return nil
}

func waitForAFunctionPassesASecondCancellationOn(ctx context.Context, s *stage) error {
	task := s.task(func(ctx context.Context) (any, error) {
		return asyncio.WaitFor(ctx, tick, s.stubborn(func(n int) { s.out("inner cancelled", n, "cancelling", s.cancelling()) }))
	})
	s.must(ticks(ctx, 2))
	s.out("cancel", task.Cancel())
	s.ended(task.Await(ctx))
	s.out("cancelling", task.Cancelling())
	return nil
}

func waitForOverAShield(ctx context.Context, s *stage) error {
	for _, limit := range []int{0, 1, -1} {
		inner := s.task(s.sleeper("inner", 3))
		d := asyncio.NoTimeout
		if limit >= 0 {
			d = tickTimes(limit)
		}
		s.ended(asyncio.WaitForOf(ctx, d, asyncio.ShieldFuture[any](ctx, inner)))
		s.out("inner done", inner.Done())
		v, err := inner.Await(ctx)
		s.must(err)
		s.out("later", v)
	}
	return nil
}

func waitForAFunctionThatSwallows(ctx context.Context, s *stage) error {
	s.ended(asyncio.WaitFor(ctx, tick, func(ctx context.Context) (any, error) {
		if err := ticks(ctx, 10); err != nil {
			s.out("swallowed, cancelling", s.cancelling())
		}
		return 42, nil
	}))
	s.out("cancelling", s.cancelling())
	return nil
}

func waitForWhatSomebodyElseCancels(ctx context.Context, s *stage) error {
	f := s.future()
	s.later(1, func() { f.Cancel("by somebody") })
	s.ended(asyncio.WaitForOf(ctx, 5*tick, f))
	s.out("cancelling", s.cancelling())
	return nil
}

func waitForAFunctionThatCancelsItsTask(ctx context.Context, s *stage) error {
	task := s.task(func(ctx context.Context) (any, error) {
		v, err := asyncio.WaitFor(ctx, 5*tick, func(ctx context.Context) (any, error) {
			asyncio.CurrentTask().Cancel("myself")
			return nil, ticks(ctx, 0)
		})
		s.out("caller, cancelling", s.cancelling())
		return v, err
	})
	s.ended(task.Await(ctx))
	s.out("caller cancelled", task.Cancelled())
	return nil
}

func waitForInsideWaitFor(ctx context.Context, s *stage) error {
	middle := func(limit int) coroutine {
		return func(ctx context.Context) (any, error) {
			v, err := asyncio.WaitFor(ctx, tickTimes(limit), func(ctx context.Context) (any, error) {
				err := ticks(ctx, 10)
				if err != nil {
					s.out("inner cancelled")
				}
				return nil, err
			})
			s.out("middle", describe(err))
			return v, err
		}
	}
	s.ended(asyncio.WaitFor(ctx, 5*tick, middle(1)))
	s.ended(asyncio.WaitFor(ctx, tick, middle(5)))
	return nil
}

func timeoutStaysInTheChainOfAnotherError(ctx context.Context, s *stage) error {
	err := timeout(ctx, 1, func(ctx context.Context, _ *asyncio.TimeoutScope) error {
		if err := ticks(ctx, 10); err != nil {
			return fmt.Errorf("%w after %w", boom("instead"), err)
		}
		return nil
	})
	var b boom
	errors.As(err, &b)
	s.out(b, "and a timeout", errors.Is(err, asyncio.ErrTimeout))
	return nil
}

// reporting prints what is reported.
func (s *stage) reporting() {
	s.must(s.loop.SetExceptionHandler(func(_ asyncio.EventLoop, c asyncio.ExceptionContext) {
		s.out("reported:", describe(c.Err))
	}))
}

// shielded waits for a shield around inner and says how that ended.
func (s *stage) shielded(inner *asyncio.Task[any]) *asyncio.Task[any] {
	return s.task(func(ctx context.Context) (any, error) {
		s.ended(asyncio.Shield[any](ctx, inner))
		return nil, nil
	})
}

// lateEnd plays shields around inner that are cancelled before it ends.
func (s *stage) lateEnd(ctx context.Context, inner coroutine, shields int) error {
	s.reporting()
	task := s.task(inner)
	var tasks []*asyncio.Task[any]
	for range shields {
		tasks = append(tasks, s.shielded(task))
	}
	s.must(ticks(ctx, 1))
	for _, t := range tasks {
		t.Cancel()
	}
	s.wait(ctx, tasks...)
	s.wait(ctx, task)
	s.must(ticks(ctx, 0))
	runtime.GC()
	s.out("end")
	return nil
}

func shieldThatFailsLateIsReported(ctx context.Context, s *stage) error {
	return s.lateEnd(ctx, s.failer("inner", 2), 1)
}

func shieldThatEndsWellLateIsNotReported(ctx context.Context, s *stage) error {
	return s.lateEnd(ctx, s.sleeper("inner", 2), 1)
}

func shieldsThatFailLateAreReportedOnce(ctx context.Context, s *stage) error {
	return s.lateEnd(ctx, s.failer("inner", 2), 2)
}

func gatherOfWhatIsDoneTakesNoPass(ctx context.Context, s *stage) error {
	a, b := s.future(), s.future()
	s.must(a.SetResult("a"))
	s.must(b.SetResult("b"))
	s.soon(s.say("a pass later"))
	values, err := asyncio.GatherOf[any](ctx, a, b)
	s.must(err)
	s.out(joined(values))
	return ticks(ctx, 0)
}

func gatherWithOnePending(ctx context.Context, s *stage) error {
	a, b := s.future(), s.future()
	s.must(a.SetResult("a"))
	task := s.task(func(ctx context.Context) (any, error) {
		values, err := asyncio.GatherOf[any](ctx, a, b)
		s.out(joined(values))
		return nil, err
	})
	s.must(ticks(ctx, 0))
	s.must(b.SetResult("b"))
	for n := range 4 {
		s.out("pass", n)
		s.must(ticks(ctx, 0))
	}
	_, err := task.Await(ctx)
	return err
}
