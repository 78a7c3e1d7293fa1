package golden_test

import (
	"context"
	"testing"

	"github.com/go-asyncio/asyncio"
)

func TestFutures(t *testing.T) {
	compare(t, "futures",
		futureCallbacksInOrderAndLater, futureCallbackAddedWhenDone, futureCallbackAddsCallback,
		futureCallbackRemoved, futureStates, futureCancelled, futureCancelledWithMessage,
		futureFailedAwaitedTwice, futureDoneAwaitedWithoutSuspending,
		futureWakesWaitersAndCallbacksInOrder, futureResolvedByTimer, futureCallbackThatFails,
		futurePassedFromTaskToTask)
}

func (s *stage) announce(name string) func(*asyncio.Future[any]) {
	return func(f *asyncio.Future[any]) { s.out(name, outcome(f)) }
}

func futureCallbacksInOrderAndLater(ctx context.Context, s *stage) error {
	f := s.future()
	for _, name := range []string{"one", "two", "three"} {
		f.AddDoneCallback(s.announce(name))
	}
	s.must(f.SetResult(1))
	s.out("set")
	s.must(ticks(ctx, 0))
	s.out("a pass later")
	return nil
}

func futureCallbackAddedWhenDone(ctx context.Context, s *stage) error {
	f := s.future()
	s.must(f.SetResult("x"))
	s.soon(s.say("soon"))
	f.AddDoneCallback(s.announce("late"))
	s.out("added")
	return ticks(ctx, 0)
}

func futureCallbackAddsCallback(ctx context.Context, s *stage) error {
	f := s.future()
	f.AddDoneCallback(func(g *asyncio.Future[any]) {
		s.out("first")
		g.AddDoneCallback(s.announce("added inside"))
	})
	f.AddDoneCallback(s.announce("second"))
	s.must(f.SetResult(2))
	s.must(ticks(ctx, 0))
	s.out("a pass later")
	return ticks(ctx, 0)
}

func futureCallbackRemoved(ctx context.Context, s *stage) error {
	f := s.future()
	one := f.AddDoneCallback(s.announce("one"))
	two := f.AddDoneCallback(s.announce("two"))
	f.AddDoneCallback(s.announce("three"))
	s.out("removed", f.RemoveDoneCallback(two))
	s.out("removed", f.RemoveDoneCallback(two))
	s.must(f.SetResult(3))
	s.out("removed when done", f.RemoveDoneCallback(one))
	return ticks(ctx, 0)
}

func futureStates(_ context.Context, s *stage) error {
	f := s.future()
	s.out("done", f.Done(), "cancelled", f.Cancelled())
	_, err := f.Result()
	s.out("result", refused(err, asyncio.ErrInvalidState))
	s.out("exception", refused(f.Exception(), asyncio.ErrInvalidState))
	s.must(f.SetResult(42))
	s.out("done", f.Done(), "cancelled", f.Cancelled())
	s.out("set again", refused(f.SetResult(43), asyncio.ErrInvalidState))
	s.out("fail", refused(f.SetException(boom("late")), asyncio.ErrInvalidState))
	s.out("cancel", f.Cancel())
	s.out(outcome(f))
	return nil
}

func futureCancelled(ctx context.Context, s *stage) error {
	f := s.future()
	f.AddDoneCallback(s.announce("callback:"))
	s.out("cancel", f.Cancel())
	s.out("cancel again", f.Cancel())
	s.out("done", f.Done(), "cancelled", f.Cancelled())
	s.out("set", refused(f.SetResult(1), asyncio.ErrInvalidState))
	s.must(ticks(ctx, 0))
	_, err := f.Await(ctx)
	s.out("await:", describe(err))
	return nil
}

func futureCancelledWithMessage(ctx context.Context, s *stage) error {
	f := s.future()
	f.Cancel("why")
	_, err := f.Await(ctx)
	s.out("await:", describe(err))
	return nil
}

func futureFailedAwaitedTwice(ctx context.Context, s *stage) error {
	f := s.future()
	s.must(f.SetException(boom("once")))
	_, first := f.Await(ctx)
	s.out("await:", describe(first))
	_, second := f.Await(ctx)
	s.out("await:", describe(second))
	s.out("same error", first == second)
	return nil
}

func futureDoneAwaitedWithoutSuspending(ctx context.Context, s *stage) error {
	f := s.future()
	s.must(f.SetResult("ready"))
	s.soon(s.say("callback"))
	for range 2 {
		v, err := f.Await(ctx)
		s.must(err)
		s.out(v)
	}
	s.must(ticks(ctx, 0))
	s.out("end")
	return nil
}

func futureWakesWaitersAndCallbacksInOrder(ctx context.Context, s *stage) error {
	f := s.future()
	waiter := func(name string) *asyncio.Task[any] {
		return s.task(func(ctx context.Context) (any, error) {
			s.out(name, "waits")
			v, err := f.Await(ctx)
			s.out(name, "woken with", v)
			return nil, err
		})
	}
	f.AddDoneCallback(s.announce("callback before"))
	a, b := waiter("a"), waiter("b")
	s.must(ticks(ctx, 0))
	f.AddDoneCallback(s.announce("callback after"))
	s.must(f.SetResult("x"))
	s.out("set")
	s.wait(ctx, a, b)
	s.out("end")
	return nil
}

func futureResolvedByTimer(ctx context.Context, s *stage) error {
	f := s.future()
	s.later(2, func() { s.must(f.SetResult("timer")) })
	s.later(1, s.say("tick 1"))
	s.later(3, s.say("tick 3"))
	v, err := f.Await(ctx)
	s.must(err)
	s.out(v)
	s.must(ticks(ctx, 2))
	s.out("end")
	return nil
}

func futureCallbackThatFails(ctx context.Context, s *stage) error {
	s.must(s.loop.SetExceptionHandler(func(_ asyncio.EventLoop, c asyncio.ExceptionContext) {
		s.out("handler:", describe(c.Err))
	}))
	f := s.future()
	f.AddDoneCallback(func(*asyncio.Future[any]) { panic(boom("in callback")) })
	f.AddDoneCallback(s.announce("second"))
	s.must(f.SetResult(1))
	s.must(ticks(ctx, 0))
	s.out("end")
	return nil
}

func futurePassedFromTaskToTask(ctx context.Context, s *stage) error {
	first, second := s.future(), s.future()
	sink := s.task(func(ctx context.Context) (any, error) {
		v, err := second.Await(ctx)
		s.out("sink got", v)
		return nil, err
	})
	relay := s.task(func(ctx context.Context) (any, error) {
		v, err := first.Await(ctx)
		s.out("relay got", v)
		s.must(second.SetResult("from relay"))
		s.out("relay ends")
		return nil, err
	})
	s.must(ticks(ctx, 0))
	s.must(first.SetResult("from main"))
	for n := range 3 {
		s.out("main", n)
		s.must(ticks(ctx, 0))
	}
	s.wait(ctx, sink, relay)
	return nil
}
