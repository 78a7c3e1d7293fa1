package golden_test

import (
	"context"
	"errors"
	"testing"

	"github.com/go-asyncio/asyncio"
)

func TestCounts(t *testing.T) {
	compare(t, "counts",
		uncancelTakesBack, uncancelBeforeStart, uncancelOfATaskThatIsDue, uncancelOnceOfTwo,
		uncancelWhenTheWaitHasEndedIsTooLate, cancelAgainBeforeDelivery, uncancelThenCancelAgain,
		cancelOfATaskThatWaitsForATaskThatEndsInTheSamePass)
}

// message is what a cancellation was asked with.
func message(err error) any {
	var c *asyncio.CancelledError
	if errors.As(err, &c) {
		return c.Message
	}
	return err
}

func uncancelTakesBack(ctx context.Context, s *stage) error {
	v, err := s.task(func(ctx context.Context) (any, error) {
		me := asyncio.CurrentTask()
		me.Cancel()
		s.out("cancelling", me.Cancelling())
		me.Uncancel()
		s.out("cancelling", me.Cancelling())
		if err := ticks(ctx, 0); err != nil {
			return nil, err
		}
		s.out("goes on")
		return "end", nil
	}).Await(ctx)
	s.out(v)
	return err
}

func uncancelBeforeStart(ctx context.Context, s *stage) error {
	task := s.task(func(ctx context.Context) (any, error) {
		s.out("starts")
		return "end", ticks(ctx, 0)
	})
	s.out("cancel", task.Cancel())
	s.out("uncancel", task.Uncancel())
	v, err := task.Await(ctx)
	s.out(v)
	s.out("cancelled", task.Cancelled())
	return err
}

func uncancelOfATaskThatIsDue(ctx context.Context, s *stage) error {
	f := s.future()
	task := s.task(func(ctx context.Context) (any, error) {
		v, err := f.Await(ctx)
		if err != nil {
			return nil, err
		}
		s.out("got", v)
		return "end", ticks(ctx, 0)
	})
	s.must(ticks(ctx, 0))
	s.must(f.SetResult("value"))
	s.must(ticks(ctx, 0)) // the task is woken, and has its turn after this one
	s.out("cancel", task.Cancel(), "uncancel", task.Uncancel())
	v, err := task.Await(ctx)
	s.out(v)
	return err
}

func uncancelOnceOfTwo(ctx context.Context, s *stage) error {
	v, err := s.task(func(ctx context.Context) (any, error) {
		me := asyncio.CurrentTask()
		me.Cancel()
		me.Cancel()
		s.out("uncancel", me.Uncancel())
		if err := ticks(ctx, 1); err != nil {
			s.out("delivered", me.Cancelling())
		}
		s.out("uncancel", me.Uncancel())
		return "end", ticks(ctx, 1)
	}).Await(ctx)
	s.out(v)
	return err
}

func uncancelWhenTheWaitHasEndedIsTooLate(ctx context.Context, s *stage) error {
	task := s.task(func(ctx context.Context) (any, error) {
		if err := ticks(ctx, 5); err != nil {
			s.out("delivered", asyncio.CurrentTask().Cancelling())
		}
		return "end", nil
	})
	s.must(ticks(ctx, 1))
	s.out("cancel", task.Cancel(), "uncancel", task.Uncancel())
	v, err := task.Await(ctx)
	s.out(v)
	return err
}

func cancelAgainBeforeDelivery(ctx context.Context, s *stage) error {
	task := s.task(func(ctx context.Context) (any, error) {
		me := asyncio.CurrentTask()
		for n := 1; n <= 2; n++ {
			if err := ticks(ctx, 5); err != nil {
				s.out("delivered", n, message(err), "cancelling", me.Cancelling())
			}
		}
		return "end", nil
	})
	s.must(ticks(ctx, 1))
	task.Cancel("first")
	task.Cancel("second")
	s.wait(ctx, task)
	s.out(outcome(task))
	return nil
}

func uncancelThenCancelAgain(ctx context.Context, s *stage) error {
	v, err := s.task(func(ctx context.Context) (any, error) {
		me := asyncio.CurrentTask()
		me.Cancel("first")
		me.Uncancel()
		me.Cancel("second")
		if err := ticks(ctx, 0); err != nil {
			s.out("delivered", message(err), "cancelling", me.Cancelling())
		}
		return "end", ticks(ctx, 0)
	}).Await(ctx)
	s.out(v)
	return err
}

func cancelOfATaskThatWaitsForATaskThatEndsInTheSamePass(ctx context.Context, s *stage) error {
	a := s.task(func(ctx context.Context) (any, error) { return "inner result", ticks(ctx, 1) })
	b := s.task(func(ctx context.Context) (any, error) {
		if v, err := a.Await(ctx); err != nil {
			s.out("outer cancelled, inner", outcome(a))
		} else {
			s.out("outer got", v)
		}
		return "end", ticks(ctx, 0)
	})
	a.AddDoneCallback(func(*asyncio.Task[any]) { s.out("cancel", b.Cancel()) })
	v, err := b.Await(ctx)
	s.out(v)
	return err
}
