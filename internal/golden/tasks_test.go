package golden_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/go-asyncio/asyncio"
)

func TestTasks(t *testing.T) {
	compare(t, "tasks",
		taskStartsInNextPass, taskStartsInOrderWithCallbacks, tasksTakeTurns,
		taskResultWakesWaiterPassesLater, taskDoneCallbacksBeforeWaiter, taskFails,
		cancelWhileSleeping, cancelBeforeStart, cancelInZeroSleep, cancelSelf, cancelSelfAndReturn,
		cancelSwallowed, cancelWithCleanupThatWaits, cancelDuringCleanup, cancelTurnedIntoError,
		cancelWithMessage, cancelReachesInnermostFirst, cancelStoppedByAwaitedTask,
		cancelFutureAndTaskTogether, cancelCancelsTheAwaitedFuture, cancelCounts,
		uncancelWhenDone, currentAndAllTasks, taskNamedAndRenamed,
		taskFactoryMakesTasks, threadsafeCoroutine, toThreadResultAndError)
}

// sleeper says what happens to it while it sleeps n ticks.
func (s *stage) sleeper(name string, n int) coroutine {
	return func(ctx context.Context) (any, error) {
		if err := ticks(ctx, n); err != nil {
			s.out(name, "cancelled")
			return nil, err
		}
		s.out(name, "slept")
		return name, nil
	}
}

func taskStartsInNextPass(ctx context.Context, s *stage) error {
	var tasks []*asyncio.Task[any]
	for _, name := range []string{"a", "b", "c"} {
		tasks = append(tasks, s.task(func(context.Context) (any, error) {
			s.out(name, "starts")
			return nil, nil
		}))
	}
	s.out("created")
	s.wait(ctx, tasks...)
	s.out("end")
	return nil
}

func taskStartsInOrderWithCallbacks(ctx context.Context, s *stage) error {
	child := func(name string) *asyncio.Task[any] {
		return s.task(func(context.Context) (any, error) {
			s.out("task", name)
			return nil, nil
		})
	}
	s.soon(s.say("callback 1"))
	a := child("a")
	s.soon(s.say("callback 2"))
	b := child("b")
	s.soon(s.say("callback 3"))
	s.must(ticks(ctx, 0))
	s.out("done", a.Done(), b.Done())
	return nil
}

func tasksTakeTurns(ctx context.Context, s *stage) error {
	var tasks []asyncio.AwaitableOf[any]
	for _, name := range []string{"a", "b", "c"} {
		tasks = append(tasks, s.task(func(ctx context.Context) (any, error) {
			for n := 1; n <= 3; n++ {
				s.out(name, n)
				s.must(ticks(ctx, 0))
			}
			return name, nil
		}))
	}
	for n := 1; n <= 2; n++ {
		s.out("main", n)
		s.must(ticks(ctx, 0))
	}
	values, err := asyncio.GatherOf(ctx, tasks...)
	s.must(err)
	s.out(slices.Equal(values, []any{"a", "b", "c"}))
	return nil
}

func taskResultWakesWaiterPassesLater(ctx context.Context, s *stage) error {
	inner := func(context.Context) (any, error) {
		s.out("inner")
		return 5, nil
	}
	task := s.task(func(ctx context.Context) (any, error) {
		s.out("outer begins")
		value, err := s.task(inner).Await(ctx)
		s.out("outer got", value)
		return nil, err
	})
	for n := range 5 {
		s.out("main", n)
		s.must(ticks(ctx, 0))
	}
	s.out("done", task.Done())
	return nil
}

func taskDoneCallbacksBeforeWaiter(ctx context.Context, s *stage) error {
	task := s.task(func(context.Context) (any, error) { return "value", nil })
	task.AddDoneCallback(func(t *asyncio.Task[any]) { s.out("callback 1", outcome(t)) })
	task.AddDoneCallback(func(t *asyncio.Task[any]) { s.out("callback 2", outcome(t)) })
	v, err := task.Await(ctx)
	s.out("main got", v)
	return err
}

func taskFails(ctx context.Context, s *stage) error {
	task := s.task(func(ctx context.Context) (any, error) {
		s.must(ticks(ctx, 0))
		return nil, boom("child")
	})
	_, err := task.Await(ctx)
	s.out("main got", describe(err))
	s.out("done", task.Done(), "cancelled", task.Cancelled())
	return nil
}

func cancelWhileSleeping(ctx context.Context, s *stage) error {
	task := s.task(s.sleeper("a", 10))
	s.must(ticks(ctx, 1))
	s.out("cancel", task.Cancel())
	s.out("done", task.Done())
	if _, err := task.Await(ctx); describe(err) == "cancelled" {
		s.out("main saw it")
	}
	s.out("done", task.Done(), "cancelled", task.Cancelled())
	s.out("cancel again", task.Cancel())
	return nil
}

func cancelBeforeStart(ctx context.Context, s *stage) error {
	task := s.task(s.sleeper("never", 1))
	task.Cancel()
	s.wait(ctx, task)
	s.out("cancelled", task.Cancelled())
	return nil
}

func cancelInZeroSleep(ctx context.Context, s *stage) error {
	task := s.task(func(ctx context.Context) (any, error) {
		defer s.out("child ends")
		s.out("child sleeps")
		if err := ticks(ctx, 0); err != nil {
			return nil, err
		}
		s.out("not reached")
		return nil, nil
	})
	s.must(ticks(ctx, 0))
	task.Cancel()
	s.wait(ctx, task)
	s.out(outcome(task))
	return nil
}

func cancelSelf(ctx context.Context, s *stage) error {
	task := s.task(func(ctx context.Context) (any, error) {
		asyncio.CurrentTask().Cancel()
		s.out("goes on")
		f := s.future()
		s.must(f.SetResult("no suspension"))
		v, err := f.Await(ctx)
		s.must(err)
		s.out(v)
		err = ticks(ctx, 1)
		if err != nil {
			s.out("delivered")
		}
		return nil, err
	})
	s.wait(ctx, task)
	s.out(outcome(task))
	return nil
}

func cancelSelfAndReturn(ctx context.Context, s *stage) error {
	task := s.task(func(context.Context) (any, error) {
		asyncio.CurrentTask().Cancel()
		return "done before the next suspension", nil
	})
	s.wait(ctx, task)
	s.out(outcome(task))
	return nil
}

func cancelSwallowed(ctx context.Context, s *stage) error {
	task := s.task(func(ctx context.Context) (any, error) {
		if err := ticks(ctx, 10); err != nil {
			s.out("swallowed")
		}
		s.must(ticks(ctx, 1))
		s.out("slept on")
		return 42, nil
	})
	s.must(ticks(ctx, 1))
	task.Cancel()
	v, err := task.Await(ctx)
	s.must(err)
	s.out(v)
	s.out("cancelled", task.Cancelled())
	return nil
}

func cancelWithCleanupThatWaits(ctx context.Context, s *stage) error {
	task := s.task(func(ctx context.Context) (any, error) {
		err := ticks(ctx, 10)
		s.out("cleanup begins")
		s.must(ticks(ctx, 2))
		s.out("cleanup ends")
		return nil, err
	})
	s.must(ticks(ctx, 1))
	task.Cancel()
	s.must(ticks(ctx, 1))
	s.out("done", task.Done())
	s.wait(ctx, task)
	s.out(outcome(task))
	return nil
}

func cancelDuringCleanup(ctx context.Context, s *stage) error {
	task := s.task(func(ctx context.Context) (any, error) {
		first := ticks(ctx, 10)
		if err := ticks(ctx, 10); err != nil {
			s.out("cancelled in cleanup")
			return nil, err
		}
		return nil, first
	})
	s.must(ticks(ctx, 1))
	task.Cancel()
	s.must(ticks(ctx, 1))
	task.Cancel()
	s.wait(ctx, task)
	s.out(outcome(task), "cancelling", task.Cancelling())
	return nil
}

func cancelTurnedIntoError(ctx context.Context, s *stage) error {
	task := s.task(func(ctx context.Context) (any, error) {
		if err := ticks(ctx, 10); err != nil {
			return nil, boom("instead")
		}
		return nil, nil
	})
	s.must(ticks(ctx, 1))
	task.Cancel()
	s.wait(ctx, task)
	s.out(outcome(task), "cancelled", task.Cancelled())
	return nil
}

func cancelWithMessage(ctx context.Context, s *stage) error {
	task := s.task(func(ctx context.Context) (any, error) {
		err := ticks(ctx, 10)
		s.out("child saw", describe(err))
		return nil, err
	})
	s.must(ticks(ctx, 1))
	task.Cancel("enough")
	_, err := task.Await(ctx)
	s.out("main saw", describe(err))
	return nil
}

func cancelReachesInnermostFirst(ctx context.Context, s *stage) error {
	inner := func(ctx context.Context) (any, error) {
		err := ticks(ctx, 10)
		if err != nil {
			s.out("inner cancelled")
		}
		return nil, err
	}
	task := s.task(func(ctx context.Context) (any, error) {
		if _, err := s.task(inner).Await(ctx); err != nil {
			s.out("outer cancelled")
		}
		return "outer goes on", nil
	})
	s.must(ticks(ctx, 1))
	task.Cancel()
	v, err := task.Await(ctx)
	s.out(v)
	return err
}

func cancelStoppedByAwaitedTask(ctx context.Context, s *stage) error {
	inner := func(ctx context.Context) (any, error) {
		if err := ticks(ctx, 10); err != nil {
			s.out("inner swallows")
		}
		return "value", nil
	}
	task := s.task(func(ctx context.Context) (any, error) {
		v, err := s.task(inner).Await(ctx)
		s.must(err)
		s.out("outer got", v)
		return "done", nil
	})
	s.must(ticks(ctx, 1))
	task.Cancel()
	v, err := task.Await(ctx)
	s.must(err)
	s.out(v)
	s.out("cancelled", task.Cancelled(), "cancelling", task.Cancelling())
	return nil
}

func cancelFutureAndTaskTogether(ctx context.Context, s *stage) error {
	f := s.future()
	task := s.task(func(ctx context.Context) (any, error) {
		if _, err := f.Await(ctx); err != nil {
			s.out("delivered once")
		}
		s.must(ticks(ctx, 1))
		return "went on", nil
	})
	s.must(ticks(ctx, 0))
	f.Cancel()
	task.Cancel()
	s.wait(ctx, task)
	s.out(outcome(task))
	return nil
}

func cancelCancelsTheAwaitedFuture(ctx context.Context, s *stage) error {
	f := s.future()
	task := s.task(f.Await)
	s.must(ticks(ctx, 0))
	task.Cancel()
	s.out("future cancelled", f.Cancelled(), "task done", task.Done())
	s.wait(ctx, task)
	s.out("task cancelled", task.Cancelled())
	return nil
}

func cancelCounts(ctx context.Context, s *stage) error {
	task := s.task(func(ctx context.Context) (any, error) {
		me := asyncio.CurrentTask()
		if err := ticks(ctx, 10); err != nil {
			s.out("cancelling", me.Cancelling())
			s.out("uncancel", me.Uncancel())
			s.out("uncancel", me.Uncancel())
			s.out("uncancel below zero", me.Uncancel())
		}
		s.must(ticks(ctx, 1))
		return "went on", nil
	})
	s.must(ticks(ctx, 1))
	s.out("cancel", task.Cancel())
	s.out("cancel", task.Cancel())
	s.out("cancelling", task.Cancelling())
	v, err := task.Await(ctx)
	s.out(v)
	return err
}

func uncancelWhenDone(ctx context.Context, s *stage) error {
	task := s.task(s.sleeper("a", 0))
	_, err := task.Await(ctx)
	s.out("cancelling", task.Cancelling())
	s.out("cancel", task.Cancel(), "cancelling", task.Cancelling())
	s.out("uncancel", task.Uncancel())
	return err
}

func currentAndAllTasks(s *stage) {
	names := func() string {
		var list []string
		for _, t := range asyncio.AllTasks(s.loop) {
			list = append(list, t.Name())
		}
		slices.Sort(list)
		return strings.Join(list, " ")
	}
	child := func(ctx context.Context) (any, error) {
		s.out("current", asyncio.CurrentTask().Name())
		s.must(ticks(ctx, 0))
		s.out("current", asyncio.CurrentTask().Name())
		return nil, nil
	}
	s.out("outside", asyncio.CurrentTask())
	s.must(s.loop.RunUntilComplete(s.named("main", func(ctx context.Context) (any, error) {
		s.out("current", asyncio.CurrentTask().Name())
		x, y := s.named("x", child), s.named("y", child)
		s.out("all", names())
		s.soon(func() { s.out("in a callback", asyncio.CurrentTask()) })
		s.wait(ctx, x, y)
		s.out("all", names())
		return nil, nil
	})))
	s.out("outside", asyncio.CurrentTask(), "all", len(asyncio.AllTasks(s.loop)))
}

func taskNamedAndRenamed(ctx context.Context, s *stage) error {
	task := s.named("before", func(ctx context.Context) (any, error) {
		s.out("I am", asyncio.CurrentTask().Name())
		s.must(ticks(ctx, 1))
		s.out("I am", asyncio.CurrentTask().Name())
		return nil, nil
	})
	s.must(ticks(ctx, 0))
	task.SetName("after")
	_, err := task.Await(ctx)
	s.out(task.Name())
	return err
}

func taskFactoryMakesTasks(ctx context.Context, s *stage) error {
	child := func(context.Context) (any, error) {
		s.out("child runs")
		return nil, nil
	}
	s.must(s.loop.SetTaskFactory(func(asyncio.EventLoop, *asyncio.TaskSpec) error {
		s.out("factory called")
		return nil
	}))
	_, err := s.task(child).Await(ctx)
	s.must(err)
	s.must(s.loop.SetTaskFactory(nil))
	_, err = s.task(child).Await(ctx)
	return err
}

func threadsafeCoroutine(s *stage) {
	work := func(n int) coroutine {
		return func(ctx context.Context) (any, error) {
			s.out("on the loop", n)
			s.must(ticks(ctx, 0))
			if n == 2 {
				return nil, boom("two")
			}
			return n * 10, nil
		}
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		defer s.loop.Stop()
		for n := 1; n <= 2; n++ {
			v, err := asyncio.RunCoroutineThreadsafe(s.loop, work(n)).Await(context.Background())
			if err != nil {
				s.out("elsewhere", describe(err))
			} else {
				s.out("elsewhere", v)
			}
		}
	}()
	s.must(s.loop.RunForever())
	<-ended
}

func toThreadResultAndError(ctx context.Context, s *stage) error {
	v, err := asyncio.ToThread(ctx, func() (any, error) { return "from the thread", nil })
	s.must(err)
	s.out(v)
	_, err = asyncio.ToThread(ctx, func() (any, error) { return nil, boom("thread") })
	s.out(describe(err))
	var fs []coroutine
	for n := range 3 {
		fs = append(fs, func(ctx context.Context) (any, error) {
			return asyncio.ToThread(ctx, func() (any, error) { return n, nil })
		})
	}
	values, err := asyncio.Gather(ctx, fs...)
	s.out(slices.Equal(values, []any{0, 1, 2}))
	return err
}
