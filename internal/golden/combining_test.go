package golden_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/go-asyncio/asyncio"
)

func TestCombining(t *testing.T) {
	compare(t, "combining",
		gatherKeepsArgumentOrder, gatherOfNothing, gatherFirstErrorAtOnce, gatherReturnsErrors,
		gatherCancelledCancelsChildren, gatherChildCancelled, gatherSameFutureTwice,
		gatherWakesAfterLastChild, waitForAll, waitFirstCompleted, waitFirstException,
		waitWithTimeout, waitCancelledLeavesTasks, waitReportsWhatEndedMeanwhile,
		asCompletedByCompletion, asCompletedWithError, asCompletedLeftEarly,
		shieldKeepsInnerRunning, shieldPassesOnInnerEnd, shieldAroundGather)
}

func (s *stage) failer(name string, n int) coroutine {
	return func(ctx context.Context) (any, error) {
		if err := ticks(ctx, n); err != nil {
			return nil, err
		}
		s.out(name, "fails")
		return nil, boom(name)
	}
}

// words are the outcomes of tasks, in the order of their names.
func words(tasks []*asyncio.Task[any]) string {
	var list []string
	for _, t := range tasks {
		state := "pending"
		if t.Done() {
			state = outcome(t)
		}
		list = append(list, t.Name()+": "+state)
	}
	if list == nil {
		return "none"
	}
	slices.Sort(list)
	return strings.Join(list, ", ")
}

func joined(values []any) string {
	return strings.Trim(fmt.Sprint(values), "[]")
}

func gatherKeepsArgumentOrder(ctx context.Context, s *stage) error {
	values, err := asyncio.Gather(ctx, s.sleeper("a", 3), s.sleeper("b", 1), s.sleeper("c", 2))
	s.out(joined(values))
	return err
}

func gatherOfNothing(ctx context.Context, s *stage) error {
	values, err := asyncio.Gather[any](ctx)
	s.out(len(values), "results")
	return err
}

func gatherFirstErrorAtOnce(ctx context.Context, s *stage) error {
	slow := s.task(s.sleeper("slow", 3))
	_, err := asyncio.GatherOf[any](ctx, slow, s.task(s.failer("b", 1)), s.task(s.failer("c", 2)))
	s.out("gather:", describe(err))
	s.out("slow done", slow.Done())
	v, err := slow.Await(ctx)
	s.out(v)
	return err
}

func gatherReturnsErrors(ctx context.Context, s *stage) error {
	gone := s.task(s.sleeper("gone", 5))
	s.later(2, func() { gone.Cancel() })
	results, err := asyncio.GatherResults(ctx, s.sleeper("a", 3), s.failer("b", 1), gone.Await)
	s.must(err)
	var list []string
	for _, r := range results {
		if r.Err != nil {
			list = append(list, describe(r.Err))
		} else {
			list = append(list, fmt.Sprint(r.Value))
		}
	}
	s.out(strings.Join(list, ", "))
	return nil
}

func gatherCancelledCancelsChildren(ctx context.Context, s *stage) error {
	task := s.task(func(ctx context.Context) (any, error) {
		_, err := asyncio.Gather(ctx, s.sleeper("a", 5), s.sleeper("b", 5))
		if err != nil {
			s.out("main cancelled")
		}
		return nil, err
	})
	s.must(ticks(ctx, 1))
	task.Cancel()
	s.wait(ctx, task)
	s.out(outcome(task))
	return nil
}

func gatherChildCancelled(ctx context.Context, s *stage) error {
	a, b := s.named("a", s.sleeper("a", 2)), s.named("b", s.sleeper("b", 2))
	s.later(1, func() { a.Cancel() })
	both := asyncio.GatherFuture[any](ctx, a, b)
	_, err := both.Await(ctx)
	s.out("gather:", describe(err), "itself cancelled", both.Cancelled())
	s.out(words([]*asyncio.Task[any]{a, b}))
	_, err = b.Await(ctx)
	return err
}

func gatherSameFutureTwice(ctx context.Context, s *stage) error {
	f := s.future()
	s.later(1, func() { s.must(f.SetResult("once")) })
	values, err := asyncio.GatherOf[any](ctx, f, f)
	s.out(joined(values))
	return err
}

func gatherWakesAfterLastChild(ctx context.Context, s *stage) error {
	a, b := s.task(s.sleeper("a", 1)), s.task(s.sleeper("b", 1))
	both := asyncio.GatherFuture[any](ctx, b, a)
	both.AddDoneCallback(func(*asyncio.Future[[]any]) { s.out("gather done") })
	_, err := both.Await(ctx)
	s.out("main woken")
	return err
}

// waiting calls Wait and prints what it returned.
func (s *stage) waiting(ctx context.Context, tasks []*asyncio.Task[any], opts asyncio.WaitOptions) {
	done, pending, err := asyncio.Wait(ctx, tasks, opts)
	s.must(err)
	s.out("done", words(done), "pending", words(pending))
}

func waitForAll(ctx context.Context, s *stage) error {
	tasks := []*asyncio.Task[any]{s.named("a", s.sleeper("a", 2)), s.named("b", s.failer("b", 1))}
	s.waiting(ctx, tasks, asyncio.WaitOptions{})
	return nil
}

func waitFirstCompleted(ctx context.Context, s *stage) error {
	tasks := []*asyncio.Task[any]{s.named("a", s.sleeper("a", 2)), s.named("b", s.sleeper("b", 1))}
	s.waiting(ctx, tasks, asyncio.WaitOptions{ReturnWhen: asyncio.FirstCompleted})
	s.waiting(ctx, tasks, asyncio.WaitOptions{})
	return nil
}

func waitFirstException(ctx context.Context, s *stage) error {
	tasks := []*asyncio.Task[any]{
		s.named("a", s.sleeper("a", 1)), s.named("b", s.failer("b", 2)), s.named("c", s.sleeper("c", 3)),
	}
	s.waiting(ctx, tasks, asyncio.WaitOptions{ReturnWhen: asyncio.FirstException})
	s.wait(ctx, tasks...)
	return nil
}

func waitWithTimeout(ctx context.Context, s *stage) error {
	tasks := []*asyncio.Task[any]{s.named("a", s.sleeper("a", 1)), s.named("b", s.sleeper("b", 3))}
	s.waiting(ctx, tasks, asyncio.WaitOptions{Timeout: 2 * tick})
	s.wait(ctx, tasks...)
	return nil
}

func waitCancelledLeavesTasks(ctx context.Context, s *stage) error {
	a := s.named("a", s.sleeper("a", 2))
	waiter := s.task(func(ctx context.Context) (any, error) {
		_, _, err := asyncio.Wait(ctx, []*asyncio.Task[any]{a}, asyncio.WaitOptions{})
		return nil, err
	})
	s.must(ticks(ctx, 1))
	waiter.Cancel()
	s.wait(ctx, waiter)
	s.out("waiter cancelled", waiter.Cancelled(), "a done", a.Done())
	v, err := a.Await(ctx)
	s.out(v)
	return err
}

func waitReportsWhatEndedMeanwhile(ctx context.Context, s *stage) error {
	f, g := s.future(), s.future()
	task := s.task(func(ctx context.Context) (any, error) {
		done, _, err := asyncio.Wait(ctx, []*asyncio.Future[any]{f, g}, asyncio.WaitOptions{ReturnWhen: asyncio.FirstCompleted})
		s.out("done", len(done))
		return nil, err
	})
	s.must(ticks(ctx, 0))
	s.must(f.SetResult(1))
	s.must(g.SetResult(2))
	_, err := task.Await(ctx)
	return err
}

func asCompletedByCompletion(ctx context.Context, s *stage) error {
	a, b, c := s.task(s.sleeper("a", 3)), s.task(s.sleeper("b", 1)), s.task(s.sleeper("c", 2))
	for v, err := range asyncio.AsCompleted[any](ctx, a, b, c) {
		s.must(err)
		s.out("got", v)
	}
	return nil
}

func asCompletedWithError(ctx context.Context, s *stage) error {
	for v, err := range asyncio.AsCompleted[any](ctx, s.task(s.failer("a", 1)), s.task(s.sleeper("b", 2))) {
		if err != nil {
			v = describe(err)
		}
		s.out("got", v)
	}
	return nil
}

func asCompletedLeftEarly(ctx context.Context, s *stage) error {
	a, b := s.task(s.sleeper("a", 1)), s.task(s.sleeper("b", 2))
	for v, err := range asyncio.AsCompleted[any](ctx, a, b) {
		s.must(err)
		s.out("got", v)
		break
	}
	s.out("second done", b.Done())
	_, err := b.Await(ctx)
	return err
}

func shieldKeepsInnerRunning(ctx context.Context, s *stage) error {
	inner := s.task(s.sleeper("inner", 3))
	task := s.task(func(ctx context.Context) (any, error) {
		v, err := asyncio.Shield[any](ctx, inner)
		if err != nil {
			s.out("outer cancelled")
		}
		return v, err
	})
	s.must(ticks(ctx, 1))
	task.Cancel()
	s.wait(ctx, task)
	s.out("inner done", inner.Done())
	v, err := inner.Await(ctx)
	s.out(v)
	return err
}

func shieldPassesOnInnerEnd(ctx context.Context, s *stage) error {
	main := func(inner *asyncio.Task[any]) {
		v, err := asyncio.Shield[any](ctx, inner)
		if err != nil {
			v = describe(err)
		}
		s.out(v)
	}
	main(s.task(s.sleeper("a", 1)))
	main(s.task(s.failer("b", 1)))
	c := s.task(s.sleeper("c", 5))
	s.later(1, func() { c.Cancel() })
	main(c)
	return nil
}

func shieldAroundGather(ctx context.Context, s *stage) error {
	both := asyncio.GatherFuture[any](ctx, s.task(s.sleeper("a", 2)), s.task(s.sleeper("b", 3)))
	outer := asyncio.ShieldFuture(ctx, both)
	s.must(ticks(ctx, 1))
	s.out("cancel", outer.Cancel())
	_, _, err := asyncio.Wait(ctx, []*asyncio.Future[[]any]{outer}, asyncio.WaitOptions{})
	s.must(err)
	s.out("outer cancelled", outer.Cancelled(), "gather done", both.Done())
	values, err := both.Await(ctx)
	s.out(joined(values))
	return err
}
