package golden_test

import (
	"context"
	"testing"

	"github.com/go-asyncio/asyncio"
)

func TestGroups(t *testing.T) {
	compare(t, "groups",
		groupNestedBothFailInOnePass, groupNestedBothFailAndTheBodyGoesOn,
		groupFailureMeetsACancellationFromOutside, groupFailureWhileLeavingMeetsACancellationFromOutside,
		groupCountsAfterFailure, groupBodySwallowsTheCancellation, groupCancelledTwiceWhileChildrenEnd,
		groupCancelledAndAChildFailsOnItsWayOut, groupThreeDeepTheMiddleOneFails,
		groupChildAddsAFailingChild, groupEagerChildAddsAFailingChild,
		groupUnderATimeoutWhoseChildFailsInTheSamePass, timeoutInsideAGroupThatFails)
}

func groupNestedBothFailInOnePass(ctx context.Context, s *stage) error {
	err := asyncio.WithTaskGroup(ctx, func(ctx context.Context, outer *asyncio.TaskGroup) error {
		asyncio.GroupGo(outer, s.failer("outer child", 1))
		err := asyncio.WithTaskGroup(ctx, func(_ context.Context, inner *asyncio.TaskGroup) error {
			asyncio.GroupGo(inner, s.failer("inner child", 1))
			return nil
		})
		s.out("inner:", describe(err), "cancelling", s.cancelling())
		return nil
	})
	s.out("outer:", describe(err), "cancelling", s.cancelling())
	s.out("after, cancelling", s.cancelling())
	return nil
}

func groupNestedBothFailAndTheBodyGoesOn(ctx context.Context, s *stage) error {
	s.ended(nil, asyncio.WithTaskGroup(ctx, func(ctx context.Context, outer *asyncio.TaskGroup) error {
		asyncio.GroupGo(outer, s.failer("outer child", 1))
		err := asyncio.WithTaskGroup(ctx, func(_ context.Context, inner *asyncio.TaskGroup) error {
			asyncio.GroupGo(inner, s.failer("inner child", 1))
			return nil
		})
		if describe(err) == "group(boom inner child)" {
			s.out("inner left, cancelling", s.cancelling())
		}
		if err = ticks(ctx, 5); err == nil {
			s.out("not reached")
		} else {
			s.out("the outer group's cancellation came after it")
		}
		return err
	}))
	s.out("cancelling", s.cancelling())
	return nil
}

// meetsACancellation plays a group with a failing child, whose holder is cancelled from
// outside in the pass in which the child fails.
func (s *stage) meetsACancellation(ctx context.Context, body, after int) error {
	task := s.task(func(ctx context.Context) (any, error) {
		err := asyncio.WithTaskGroup(ctx, func(ctx context.Context, g *asyncio.TaskGroup) error {
			asyncio.GroupGo(g, s.failer("child", 1))
			if body == 0 {
				return nil
			}
			return ticks(ctx, body)
		})
		s.out(describe(err), "cancelling", s.cancelling())
		if err = ticks(ctx, after); err == nil {
			s.out("not reached")
		} else {
			s.out("cancelled, cancelling", s.cancelling())
		}
		return nil, err
	})
	for range 2 {
		s.must(ticks(ctx, 0)) // the child sleeps now: its timer comes before the next one
	}
	s.later(1, func() { task.Cancel() })
	s.wait(ctx, task)
	s.out(outcome(task))
	return nil
}

func groupFailureMeetsACancellationFromOutside(ctx context.Context, s *stage) error {
	return s.meetsACancellation(ctx, 10, 0)
}

func groupFailureWhileLeavingMeetsACancellationFromOutside(ctx context.Context, s *stage) error {
	return s.meetsACancellation(ctx, 0, 1)
}

func groupCountsAfterFailure(ctx context.Context, s *stage) error {
	for n := 1; n <= 2; n++ {
		err := asyncio.WithTaskGroup(ctx, func(ctx context.Context, g *asyncio.TaskGroup) error {
			asyncio.GroupGo(g, s.failer("child", 1))
			return ticks(ctx, 10)
		})
		s.out(n, describe(err), "cancelling", s.cancelling())
		s.must(ticks(ctx, 1))
	}
	s.out("end, cancelling", s.cancelling())
	return nil
}

func groupBodySwallowsTheCancellation(ctx context.Context, s *stage) error {
	s.ended(nil, asyncio.WithTaskGroup(ctx, func(ctx context.Context, g *asyncio.TaskGroup) error {
		asyncio.GroupGo(g, s.failer("child", 1))
		if err := ticks(ctx, 10); err != nil {
			s.out("swallowed, cancelling", s.cancelling())
		}
		s.must(ticks(ctx, 1))
		s.out("body goes on")
		return nil
	}))
	s.out("cancelling", s.cancelling())
	return nil
}

func groupCancelledTwiceWhileChildrenEnd(ctx context.Context, s *stage) error {
	task := s.group(func(_ context.Context, g *asyncio.TaskGroup) error {
		asyncio.GroupGo(g, func(ctx context.Context) (any, error) {
			for n := 1; n <= 2; n++ {
				if err := ticks(ctx, 10); err != nil {
					s.out("child cancelled", n)
				}
			}
			s.must(ticks(ctx, 1))
			s.out("child ends")
			return nil, nil
		})
		return nil
	})
	s.must(ticks(ctx, 1))
	s.out("cancel", task.Cancel())
	s.must(ticks(ctx, 1))
	s.out("cancel", task.Cancel())
	s.ended(task.Await(ctx))
	s.out("cancelling", task.Cancelling())
	return nil
}

func groupCancelledAndAChildFailsOnItsWayOut(ctx context.Context, s *stage) error {
	task := s.group(func(_ context.Context, g *asyncio.TaskGroup) error {
		asyncio.GroupGo(g, func(ctx context.Context) (any, error) {
			if err := ticks(ctx, 10); err != nil {
				return nil, boom("on the way out")
			}
			return nil, nil
		})
		asyncio.GroupGo(g, s.sleeper("other", 10))
		return nil
	})
	s.must(ticks(ctx, 1))
	task.Cancel()
	s.ended(task.Await(ctx))
	return nil
}

func groupThreeDeepTheMiddleOneFails(ctx context.Context, s *stage) error {
	s.ended(nil, asyncio.WithTaskGroup(ctx, func(ctx context.Context, a *asyncio.TaskGroup) error {
		asyncio.GroupGo(a, s.sleeper("outermost", 3))
		err := asyncio.WithTaskGroup(ctx, func(ctx context.Context, b *asyncio.TaskGroup) error {
			asyncio.GroupGo(b, s.failer("middle", 1))
			err := asyncio.WithTaskGroup(ctx, func(_ context.Context, c *asyncio.TaskGroup) error {
				asyncio.GroupGo(c, s.sleeper("innermost", 10))
				return nil
			})
			if err != nil {
				s.out("innermost group "+describe(err)+", cancelling", s.cancelling())
			}
			return err
		})
		s.out("middle group:", describe(err), "cancelling", s.cancelling())
		s.out("outermost body ends")
		return nil
	}))
	return nil
}

// addsAFailingChild is a child that adds a failing one to its group and sleeps.
func (s *stage) addsAFailingChild(g *asyncio.TaskGroup, eager bool) coroutine {
	return func(ctx context.Context) (any, error) {
		asyncio.GroupGo(g, func(context.Context) (any, error) { return nil, boom("added") }, asyncio.WithEagerStart(eager))
		if eager {
			s.out("child goes on")
		}
		for n := 1; n <= 3; n++ {
			if err := ticks(ctx, 0); err != nil {
				s.out("child cancelled in sleep", n)
				return nil, err
			}
		}
		return nil, nil
	}
}

func groupChildAddsAFailingChild(ctx context.Context, s *stage) error {
	s.ended(nil, asyncio.WithTaskGroup(ctx, func(_ context.Context, g *asyncio.TaskGroup) error {
		asyncio.GroupGo(g, s.addsAFailingChild(g, false))
		return nil
	}))
	return nil
}

func groupEagerChildAddsAFailingChild(ctx context.Context, s *stage) error {
	s.ended(nil, asyncio.WithTaskGroup(ctx, func(_ context.Context, g *asyncio.TaskGroup) error {
		asyncio.GroupGo(g, s.addsAFailingChild(g, true), asyncio.WithEagerStart(true))
		s.out("body goes on")
		return nil
	}))
	s.out("cancelling", s.cancelling())
	return nil
}

func groupUnderATimeoutWhoseChildFailsInTheSamePass(ctx context.Context, s *stage) error {
	s.ended(nil, timeout(ctx, 1, func(ctx context.Context, _ *asyncio.TimeoutScope) error {
		return asyncio.WithTaskGroup(ctx, func(ctx context.Context, g *asyncio.TaskGroup) error {
			asyncio.GroupGo(g, s.failer("child", 1))
			return ticks(ctx, 10)
		})
	}))
	s.out("cancelling", s.cancelling())
	s.must(ticks(ctx, 0))
	s.out("undisturbed")
	return nil
}

func timeoutInsideAGroupThatFails(ctx context.Context, s *stage) error {
	s.ended(nil, asyncio.WithTaskGroup(ctx, func(ctx context.Context, g *asyncio.TaskGroup) error {
		asyncio.GroupGo(g, s.failer("child", 1))
		err := timeout(ctx, 5, func(ctx context.Context, _ *asyncio.TimeoutScope) error {
			return s.sleeps(ctx, "inside", 10)
		})
		if describe(err) == "cancelled" {
			s.out("the timeout let the cancellation pass")
		}
		return err
	}))
	return nil
}
