package golden_test

import (
	"context"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
)

func TestScopes(t *testing.T) {
	compare(t, "scopes",
		timeoutExpires, timeoutNotReached, timeoutInnerFirst, timeoutOuterFirst, timeoutZero,
		timeoutMoved, timeoutTakenAway, timeoutAndOtherCancel, timeoutBodyRaisesOther,
		timeoutCleanupMayWait, waitForInTime, waitForTooLate, waitForInnerInsists,
		waitForInnerFailsWhenCancelled, waitForCancelledFromOutside, waitForZero,
		groupWaitsForAll, groupChildFails, groupChildFailsWhileLeaving, groupSeveralErrors,
		groupBodyFails, groupCancelledFromOutside, groupCancelledWhileLeaving, groupInGroup,
		groupOuterChildEndsInner, groupChildAddsChildren, groupRefusesAfterFailure,
		groupUnderTimeout, timeoutInGroup)
}

// ended says how a body ended.
func (s *stage) ended(v any, err error) {
	switch {
	case err != nil:
		s.out("ended", describe(err))
	case v == nil:
		s.out("ended", "well")
	default:
		s.out("ended", v)
	}
}

type (
	timeoutBody = func(context.Context, *asyncio.TimeoutScope) error
	groupBody   = func(context.Context, *asyncio.TaskGroup) error
)

func timeout(ctx context.Context, n int, body timeoutBody) error {
	return asyncio.Timeout(ctx, time.Duration(n)*tick, body)
}

// sleeps is the sleeper as a plain step of a body.
func (s *stage) sleeps(ctx context.Context, name string, n int) error {
	_, err := s.sleeper(name, n)(ctx)
	return err
}

func (s *stage) cancelling() int { return asyncio.CurrentTask().Cancelling() }

func timeoutExpires(ctx context.Context, s *stage) error {
	s.ended(nil, timeout(ctx, 1, func(ctx context.Context, _ *asyncio.TimeoutScope) error {
		return s.sleeps(ctx, "inside", 5)
	}))
	s.out("cancelling", s.cancelling())
	return nil
}

func timeoutNotReached(ctx context.Context, s *stage) error {
	var scope *asyncio.TimeoutScope
	err := timeout(ctx, 3, func(ctx context.Context, t *asyncio.TimeoutScope) error {
		scope = t
		return s.sleeps(ctx, "inside", 1)
	})
	s.out("expired", scope.Expired())
	s.ended(nil, err)
	s.must(ticks(ctx, 4))
	s.out("later, undisturbed")
	return nil
}

func timeoutInnerFirst(ctx context.Context, s *stage) error {
	var inner, outer *asyncio.TimeoutScope
	err := timeout(ctx, 5, func(ctx context.Context, t *asyncio.TimeoutScope) error {
		outer = t
		err := timeout(ctx, 1, func(ctx context.Context, t *asyncio.TimeoutScope) error {
			inner = t
			return s.sleeps(ctx, "inside", 10)
		})
		if describe(err) == "timeout" {
			s.out("inner timeout", inner.Expired(), outer.Expired())
		}
		return ticks(ctx, 1)
	})
	s.out("outer left", outer.Expired())
	s.ended(nil, err)
	return nil
}

func timeoutOuterFirst(ctx context.Context, s *stage) error {
	var inner *asyncio.TimeoutScope
	s.ended(nil, timeout(ctx, 1, func(ctx context.Context, outer *asyncio.TimeoutScope) error {
		err := timeout(ctx, 5, func(ctx context.Context, t *asyncio.TimeoutScope) error {
			inner = t
			return s.sleeps(ctx, "inside", 10)
		})
		if describe(err) == "cancelled" {
			s.out("cancelled between", inner.Expired(), outer.Expired())
		}
		return err
	}))
	return nil
}

func timeoutZero(ctx context.Context, s *stage) error {
	s.ended(nil, timeout(ctx, 0, func(ctx context.Context, _ *asyncio.TimeoutScope) error {
		s.out("begins")
		if err := ticks(ctx, 0); err != nil {
			return err
		}
		s.out("not reached")
		return nil
	}))
	return nil
}

func timeoutMoved(ctx context.Context, s *stage) error {
	s.ended(nil, timeout(ctx, 1, func(ctx context.Context, t *asyncio.TimeoutScope) error {
		s.must(t.Reschedule(s.loop.Time() + 3*tick))
		s.must(s.sleeps(ctx, "first", 2))
		s.must(t.Reschedule(s.loop.Time() + tick))
		return s.sleeps(ctx, "second", 2)
	}))
	return nil
}

func timeoutTakenAway(ctx context.Context, s *stage) error {
	var scope *asyncio.TimeoutScope
	err := timeout(ctx, 1, func(ctx context.Context, t *asyncio.TimeoutScope) error {
		scope = t
		s.must(t.Reschedule(asyncio.NoTimeout))
		return s.sleeps(ctx, "inside", 3)
	})
	_, set := scope.When()
	s.out("expired", scope.Expired(), "deadline", set)
	s.ended(nil, err)
	return nil
}

func timeoutAndOtherCancel(ctx context.Context, s *stage) error {
	task := s.task(func(ctx context.Context) (any, error) {
		return nil, timeout(ctx, 5, func(ctx context.Context, t *asyncio.TimeoutScope) error {
			err := s.sleeps(ctx, "inside", 10)
			s.out("expired", t.Expired())
			return err
		})
	})
	s.must(ticks(ctx, 1))
	task.Cancel()
	s.ended(task.Await(ctx))
	s.out("cancelling", task.Cancelling())
	return nil
}

func timeoutBodyRaisesOther(ctx context.Context, s *stage) error {
	s.ended(nil, timeout(ctx, 1, func(ctx context.Context, _ *asyncio.TimeoutScope) error {
		if err := s.sleeps(ctx, "inside", 10); err != nil {
			return boom("instead")
		}
		return nil
	}))
	s.out("cancelling", s.cancelling())
	return nil
}

func timeoutCleanupMayWait(ctx context.Context, s *stage) error {
	s.ended(nil, timeout(ctx, 1, func(ctx context.Context, _ *asyncio.TimeoutScope) error {
		err := ticks(ctx, 10)
		s.out("cleanup begins")
		s.must(ticks(ctx, 2))
		s.out("cleanup ends")
		return err
	}))
	return nil
}

func waitForInTime(ctx context.Context, s *stage) error {
	s.ended(asyncio.WaitFor(ctx, 2*tick, s.sleeper("a", 1)))
	s.ended(asyncio.WaitFor(ctx, 2*tick, s.failer("b", 1)))
	s.ended(asyncio.WaitFor(ctx, asyncio.NoTimeout, s.sleeper("c", 1)))
	return nil
}

func waitForTooLate(ctx context.Context, s *stage) error {
	s.ended(asyncio.WaitFor(ctx, 2*tick, func(ctx context.Context) (any, error) {
		err := ticks(ctx, 10)
		s.out("cleanup begins")
		s.must(ticks(ctx, 1))
		s.out("cleanup ends")
		return nil, err
	}))
	return nil
}

func waitForInnerInsists(ctx context.Context, s *stage) error {
	s.ended(asyncio.WaitFor(ctx, tick, func(ctx context.Context) (any, error) {
		if err := ticks(ctx, 10); err != nil {
			return "result all the same", nil
		}
		return nil, nil
	}))
	return nil
}

func waitForInnerFailsWhenCancelled(ctx context.Context, s *stage) error {
	s.ended(asyncio.WaitFor(ctx, tick, func(ctx context.Context) (any, error) {
		if err := ticks(ctx, 10); err != nil {
			return nil, boom("instead")
		}
		return nil, nil
	}))
	return nil
}

func waitForCancelledFromOutside(ctx context.Context, s *stage) error {
	task := s.task(func(ctx context.Context) (any, error) {
		return asyncio.WaitFor(ctx, 5*tick, s.sleeper("inner", 10))
	})
	s.must(ticks(ctx, 1))
	task.Cancel()
	s.ended(task.Await(ctx))
	return nil
}

func waitForZero(ctx context.Context, s *stage) error {
	f := s.future()
	s.must(f.SetResult("done already"))
	s.ended(asyncio.WaitForOf(ctx, 0, f))
	running := s.task(s.sleeper("running", 5))
	s.must(ticks(ctx, 1))
	s.ended(asyncio.WaitForOf(ctx, 0, running))
	s.ended(asyncio.WaitFor(ctx, 0, s.sleeper("never", 1)))
	return nil
}

func groupWaitsForAll(ctx context.Context, s *stage) error {
	var a, b *asyncio.Task[any]
	err := asyncio.WithTaskGroup(ctx, func(_ context.Context, g *asyncio.TaskGroup) error {
		a = asyncio.GroupGo(g, s.sleeper("a", 2))
		b = asyncio.GroupGo(g, s.sleeper("b", 1))
		s.out("body ends")
		return nil
	})
	first, _ := a.Result()
	second, _ := b.Result()
	s.out("results", first, second)
	s.ended(nil, err)
	return nil
}

// sleepingBody says so when its sleep is cut short.
func (s *stage) sleepingBody(ctx context.Context, n int) error {
	err := ticks(ctx, n)
	if err != nil {
		s.out("body cancelled")
	}
	return err
}

func groupChildFails(ctx context.Context, s *stage) error {
	s.ended(nil, asyncio.WithTaskGroup(ctx, func(ctx context.Context, g *asyncio.TaskGroup) error {
		asyncio.GroupGo(g, s.failer("a", 1))
		asyncio.GroupGo(g, s.sleeper("b", 5))
		return s.sleepingBody(ctx, 10)
	}))
	s.out("cancelling", s.cancelling())
	return nil
}

func groupChildFailsWhileLeaving(ctx context.Context, s *stage) error {
	s.ended(nil, asyncio.WithTaskGroup(ctx, func(_ context.Context, g *asyncio.TaskGroup) error {
		asyncio.GroupGo(g, s.sleeper("b", 5))
		asyncio.GroupGo(g, s.failer("a", 1))
		s.out("body ends")
		return nil
	}))
	s.must(ticks(ctx, 1))
	s.out("undisturbed")
	return nil
}

func groupSeveralErrors(ctx context.Context, s *stage) error {
	s.ended(nil, asyncio.WithTaskGroup(ctx, func(ctx context.Context, g *asyncio.TaskGroup) error {
		asyncio.GroupGo(g, s.failer("a", 1))
		asyncio.GroupGo(g, func(ctx context.Context) (any, error) {
			if err := ticks(ctx, 5); err != nil {
				return nil, boom("on the way out")
			}
			return nil, nil
		})
		return ticks(ctx, 10)
	}))
	return nil
}

func groupBodyFails(ctx context.Context, s *stage) error {
	s.ended(nil, asyncio.WithTaskGroup(ctx, func(ctx context.Context, g *asyncio.TaskGroup) error {
		asyncio.GroupGo(g, s.sleeper("a", 5))
		s.must(ticks(ctx, 1))
		asyncio.GroupGo(g, s.sleeper("never", 5))
		s.out("another made")
		return boom("body")
	}))
	return nil
}

func (s *stage) group(body groupBody) *asyncio.Task[any] {
	return s.task(func(ctx context.Context) (any, error) { return nil, asyncio.WithTaskGroup(ctx, body) })
}

func groupCancelledFromOutside(ctx context.Context, s *stage) error {
	task := s.group(func(ctx context.Context, g *asyncio.TaskGroup) error {
		asyncio.GroupGo(g, s.sleeper("child", 5))
		return s.sleepingBody(ctx, 10)
	})
	s.must(ticks(ctx, 1))
	task.Cancel()
	s.ended(task.Await(ctx))
	return nil
}

func groupCancelledWhileLeaving(ctx context.Context, s *stage) error {
	task := s.group(func(_ context.Context, g *asyncio.TaskGroup) error {
		asyncio.GroupGo(g, s.sleeper("child", 5))
		return nil
	})
	s.must(ticks(ctx, 1))
	task.Cancel()
	s.ended(task.Await(ctx))
	s.out("cancelling", task.Cancelling())
	return nil
}

func groupInGroup(ctx context.Context, s *stage) error {
	s.ended(nil, asyncio.WithTaskGroup(ctx, func(ctx context.Context, outer *asyncio.TaskGroup) error {
		asyncio.GroupGo(outer, s.sleeper("outer child", 5))
		return asyncio.WithTaskGroup(ctx, func(_ context.Context, inner *asyncio.TaskGroup) error {
			asyncio.GroupGo(inner, s.failer("inner child", 1))
			return nil
		})
	}))
	return nil
}

func groupOuterChildEndsInner(ctx context.Context, s *stage) error {
	s.ended(nil, asyncio.WithTaskGroup(ctx, func(ctx context.Context, outer *asyncio.TaskGroup) error {
		asyncio.GroupGo(outer, s.failer("outer child", 1))
		err := asyncio.WithTaskGroup(ctx, func(_ context.Context, inner *asyncio.TaskGroup) error {
			asyncio.GroupGo(inner, s.sleeper("inner child", 5))
			return nil
		})
		if describe(err) == "cancelled" {
			s.out("inner group cancelled")
		}
		return err
	}))
	return nil
}

func groupChildAddsChildren(ctx context.Context, s *stage) error {
	var child func(g *asyncio.TaskGroup, n int) coroutine
	child = func(g *asyncio.TaskGroup, n int) coroutine {
		return func(ctx context.Context) (any, error) {
			s.out("child", n)
			if n < 3 {
				asyncio.GroupGo(g, child(g, n+1))
			}
			err := ticks(ctx, 1)
			s.out("child", n, "ends")
			return nil, err
		}
	}
	s.ended(nil, asyncio.WithTaskGroup(ctx, func(_ context.Context, g *asyncio.TaskGroup) error {
		asyncio.GroupGo(g, child(g, 1))
		s.out("body ends")
		return nil
	}))
	return nil
}

func groupRefusesAfterFailure(ctx context.Context, s *stage) error {
	s.ended(nil, asyncio.WithTaskGroup(ctx, func(ctx context.Context, g *asyncio.TaskGroup) error {
		asyncio.GroupGo(g, s.failer("a", 1))
		err := ticks(ctx, 5)
		late := asyncio.GroupGo(g, func(context.Context) (any, error) {
			s.out("never started")
			return nil, nil
		})
		s.out("add", refused(late.Exception()))
		return err
	}))
	return nil
}

func groupUnderTimeout(ctx context.Context, s *stage) error {
	s.ended(nil, timeout(ctx, 1, func(ctx context.Context, _ *asyncio.TimeoutScope) error {
		return asyncio.WithTaskGroup(ctx, func(_ context.Context, g *asyncio.TaskGroup) error {
			asyncio.GroupGo(g, s.sleeper("child", 5))
			return nil
		})
	}))
	s.out("cancelling", s.cancelling())
	return nil
}

func timeoutInGroup(ctx context.Context, s *stage) error {
	s.ended(nil, asyncio.WithTaskGroup(ctx, func(ctx context.Context, g *asyncio.TaskGroup) error {
		asyncio.GroupGo(g, func(ctx context.Context) (any, error) {
			return nil, timeout(ctx, 1, func(ctx context.Context, _ *asyncio.TimeoutScope) error {
				return s.sleeps(ctx, "child", 5)
			})
		})
		return s.sleeps(ctx, "body", 10)
	}))
	return nil
}
