package golden_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/go-asyncio/asyncio"
)

func TestEager(t *testing.T) {
	compare(t, "eager",
		eagerRunsUpToItsFirstWait, eagerIsDoneAtOnce, eagerSchedulesAtItsPlace, eagerAmongPlainOnes,
		eagerCurrentTaskIsNested, eagerAllTasks, eagerFailsAtOnce, eagerCancelsItselfAndReturns,
		eagerCancelsItselfAndWaits, eagerCancelledAfterItsFirstWait, eagerCancelledWhenDone,
		eagerSetsWhatItsMakerWaitsFor, eagerWaitersWakeInOrder, eagerChainIsDoneAtOnce,
		eagerChainWithOneWait, eagerFromACallback, eagerOnALoopThatDoesNotRun, eagerByFactory,
		eagerGather, eagerChildOfAGroupFailsAtOnce, eagerChildrenOfAGroup, eagerUnderATimeout)
}

func (s *stage) eager(f coroutine, opts ...asyncio.TaskOption) *asyncio.Task[any] {
	return s.task(f, append(opts, asyncio.WithEagerStart(true))...)
}

// current is the name of the current task.
func current() any {
	if task := asyncio.CurrentTask(); task != nil {
		return task.Name()
	}
	return nil
}

// everybody are the names of all tasks.
func (s *stage) everybody() string {
	var names []string
	for _, t := range asyncio.AllTasks(s.loop) {
		names = append(names, t.Name())
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

// result awaits a task that does not fail and prints what it returned.
func (s *stage) result(ctx context.Context, task *asyncio.Task[any]) {
	v, err := task.Await(ctx)
	s.must(err)
	s.out(v)
}

func eagerRunsUpToItsFirstWait(ctx context.Context, s *stage) error {
	s.out("before")
	task := s.eager(func(ctx context.Context) (any, error) {
		s.out("child begins")
		err := ticks(ctx, 0)
		s.out("child ends")
		return "value", err
	})
	s.out("made, done", task.Done())
	s.result(ctx, task)
	return nil
}

func eagerIsDoneAtOnce(ctx context.Context, s *stage) error {
	task := s.eager(func(context.Context) (any, error) {
		s.out("child")
		return "value", nil
	})
	s.out("made, done", task.Done(), outcome(task))
	task.AddDoneCallback(func(t *asyncio.Task[any]) { s.out("callback", outcome(t)) })
	s.out("callback added")
	v, err := task.Await(ctx)
	s.must(err)
	s.out("await", v)
	s.must(ticks(ctx, 0))
	s.out("end")
	return nil
}

func eagerSchedulesAtItsPlace(ctx context.Context, s *stage) error {
	s.soon(s.say("before"))
	task := s.eager(func(ctx context.Context) (any, error) {
		s.soon(s.say("from the child"))
		err := ticks(ctx, 0)
		s.out("child goes on")
		s.soon(s.say("from the child again"))
		return nil, err
	})
	s.soon(s.say("after"))
	_, err := task.Await(ctx)
	s.must(err)
	return ticks(ctx, 0)
}

func eagerAmongPlainOnes(ctx context.Context, s *stage) error {
	var tasks []*asyncio.Task[any]
	for _, name := range []string{"a", "b", "c", "d"} {
		tasks = append(tasks, s.task(func(ctx context.Context) (any, error) {
			for n := 1; n <= 2; n++ {
				s.out(name, n)
				s.must(ticks(ctx, 0))
			}
			return nil, nil
		}, asyncio.WithEagerStart(name == "b" || name == "d")))
	}
	s.out("made")
	s.wait(ctx, tasks...)
	return nil
}

func eagerCurrentTaskIsNested(ctx context.Context, s *stage) error {
	inner := func(ctx context.Context) (any, error) {
		s.out("inner", current())
		err := ticks(ctx, 0)
		s.out("inner goes on", current())
		return nil, err
	}
	outer := func(ctx context.Context) (any, error) {
		s.out("outer", current())
		task := s.eager(inner, asyncio.WithName("inner"))
		s.out("outer again", current())
		_, err := task.Await(ctx)
		s.out("outer goes on", current())
		return nil, err
	}
	asyncio.CurrentTask().SetName("main")
	task := s.eager(outer, asyncio.WithName("outer"))
	s.out("main again", current())
	_, err := task.Await(ctx)
	s.out("main goes on", current())
	return err
}

func eagerAllTasks(ctx context.Context, s *stage) error {
	asyncio.CurrentTask().SetName("main")
	s.eager(func(context.Context) (any, error) {
		s.out("in short:", s.everybody())
		return nil, nil
	}, asyncio.WithName("short"))
	s.out("after short:", s.everybody())
	task := s.eager(func(ctx context.Context) (any, error) {
		s.out("in long:", s.everybody())
		return nil, ticks(ctx, 1)
	}, asyncio.WithName("long"))
	s.out("after long:", s.everybody())
	_, err := task.Await(ctx)
	s.out("end:", s.everybody())
	return err
}

func eagerFailsAtOnce(ctx context.Context, s *stage) error {
	task := s.eager(func(context.Context) (any, error) { return nil, boom("at once") })
	s.out("made, done", task.Done())
	_, err := task.Await(ctx)
	s.out(describe(err))
	return nil
}

func eagerCancelsItselfAndReturns(ctx context.Context, s *stage) error {
	task := s.eager(func(context.Context) (any, error) {
		asyncio.CurrentTask().Cancel("myself")
		return "value", nil
	})
	s.out("done", task.Done(), "cancelled", task.Cancelled())
	s.wait(ctx, task)
	s.out(outcome(task))
	return nil
}

func eagerCancelsItselfAndWaits(ctx context.Context, s *stage) error {
	task := s.eager(func(ctx context.Context) (any, error) {
		asyncio.CurrentTask().Cancel("myself")
		s.out("goes on")
		err := ticks(ctx, 1)
		if err != nil {
			s.out("delivered:", describe(err))
		}
		return nil, err
	})
	s.out("done", task.Done(), "cancelling", task.Cancelling())
	s.wait(ctx, task)
	s.out(outcome(task))
	return nil
}

func eagerCancelledAfterItsFirstWait(ctx context.Context, s *stage) error {
	task := s.eager(func(ctx context.Context) (any, error) {
		err := ticks(ctx, 5)
		if err != nil {
			s.out("delivered:", describe(err))
		}
		return nil, err
	})
	s.out("cancel", task.Cancel("enough"), "cancelling", task.Cancelling(), "done", task.Done())
	_, err := task.Await(ctx)
	s.out("main saw", describe(err))
	return nil
}

func eagerCancelledWhenDone(ctx context.Context, s *stage) error {
	task := s.eager(func(context.Context) (any, error) { return "value", nil })
	s.out("cancel", task.Cancel(), "cancelling", task.Cancelling())
	s.result(ctx, task)
	return nil
}

func eagerSetsWhatItsMakerWaitsFor(ctx context.Context, s *stage) error {
	f := s.future()
	task := s.eager(func(ctx context.Context) (any, error) {
		s.must(f.SetResult("from the child"))
		err := ticks(ctx, 0)
		s.out("child ends")
		return nil, err
	})
	s.out("future done", f.Done())
	v, err := f.Await(ctx)
	s.must(err)
	s.out(v)
	_, err = task.Await(ctx)
	return err
}

func eagerWaitersWakeInOrder(ctx context.Context, s *stage) error {
	f := s.future()
	var tasks []*asyncio.Task[any]
	for _, name := range []string{"a", "b", "c"} {
		tasks = append(tasks, s.task(func(ctx context.Context) (any, error) {
			s.out(name, "waits")
			v, err := f.Await(ctx)
			s.out(name, "got", v)
			return nil, err
		}, asyncio.WithEagerStart(name != "b")))
	}
	s.must(ticks(ctx, 0))
	s.must(f.SetResult("value"))
	s.out("set")
	s.wait(ctx, tasks...)
	return nil
}

func eagerChainIsDoneAtOnce(_ context.Context, s *stage) error {
	var link func(n int) coroutine
	link = func(n int) coroutine {
		return func(ctx context.Context) (any, error) {
			s.out("link", n)
			if n == 3 {
				return 0, nil
			}
			v, err := s.eager(link(n + 1)).Await(ctx)
			s.must(err)
			return v.(int) + 1, nil
		}
	}
	task := s.eager(link(0))
	s.out("done", task.Done(), outcome(task))
	return nil
}

func eagerChainWithOneWait(ctx context.Context, s *stage) error {
	var link func(n int) coroutine
	link = func(n int) coroutine {
		return func(ctx context.Context) (any, error) {
			if n == 2 {
				err := ticks(ctx, 0)
				s.out("bottom goes on")
				return 0, err
			}
			v, err := s.eager(link(n + 1)).Await(ctx)
			s.must(err)
			s.out("link", n)
			return v.(int) + 1, nil
		}
	}
	task := s.eager(link(0))
	s.out("done", task.Done())
	s.result(ctx, task)
	return nil
}

func eagerFromACallback(ctx context.Context, s *stage) error {
	ended := s.future()
	s.soon(func() {
		s.out("callback", current())
		task := s.eager(func(ctx context.Context) (any, error) {
			s.out("child", current())
			err := ticks(ctx, 0)
			s.out("child", current())
			s.must(ended.SetResult(nil))
			return nil, err
		}, asyncio.WithName("child"))
		s.out("callback again", current(), task.Done())
	})
	_, err := ended.Await(ctx)
	return err
}

func eagerOnALoopThatDoesNotRun(s *stage) {
	task := s.eager(func(context.Context) (any, error) {
		s.out("child")
		return "value", nil
	})
	s.out("made, done", task.Done())
	s.soon(s.say("soon"))
	s.must(s.loop.RunUntilComplete(task))
	v, _ := task.Result()
	s.out(v)
}

// allEager has the loop start every task at once.
func (s *stage) allEager(on bool) {
	if !on {
		s.must(s.loop.SetTaskFactory(nil))
		return
	}
	s.must(s.loop.SetTaskFactory(asyncio.EagerTaskFactory))
}

func eagerByFactory(ctx context.Context, s *stage) error {
	child := func(name string) coroutine {
		return func(ctx context.Context) (any, error) {
			s.out(name)
			return name, ticks(ctx, 0)
		}
	}
	s.allEager(true)
	a := s.task(child("a"))
	b := s.task(child("b"), asyncio.WithEagerStart(false))
	s.out("made")
	s.allEager(false)
	c := s.task(child("c"))
	s.out("made without")
	values, err := asyncio.GatherOf[any](ctx, a, b, c)
	s.out(joined(values))
	return err
}

func eagerGather(ctx context.Context, s *stage) error {
	short := func(name string) coroutine {
		return func(context.Context) (any, error) {
			s.out(name)
			return name, nil
		}
	}
	long := func(ctx context.Context) (any, error) { return "d", ticks(ctx, 1) }
	s.allEager(true)
	defer s.allEager(false)
	s.soon(s.say("a pass later"))
	values, err := asyncio.Gather(ctx, short("a"), short("b"))
	s.must(err)
	s.out(joined(values))
	values, err = asyncio.Gather(ctx, short("c"), long)
	s.out(joined(values))
	return err
}

func eagerChildOfAGroupFailsAtOnce(ctx context.Context, s *stage) error {
	err := asyncio.WithTaskGroup(ctx, func(ctx context.Context, g *asyncio.TaskGroup) error {
		asyncio.GroupGo(g, func(context.Context) (any, error) { return nil, boom("at once") }, asyncio.WithEagerStart(true))
		s.out("body goes on, cancelling", s.cancelling())
		return s.sleepingBody(ctx, 1)
	})
	s.out(describe(err))
	s.out("cancelling", s.cancelling())
	s.must(ticks(ctx, 1))
	s.out("undisturbed")
	return nil
}

func eagerChildrenOfAGroup(ctx context.Context, s *stage) error {
	child := func(name string, n int) coroutine {
		return func(ctx context.Context) (any, error) {
			s.out(name, "begins")
			if n > 0 {
				s.must(ticks(ctx, n))
			}
			s.out(name, "ends")
			return nil, nil
		}
	}
	err := asyncio.WithTaskGroup(ctx, func(_ context.Context, g *asyncio.TaskGroup) error {
		asyncio.GroupGo(g, child("a", 2), asyncio.WithEagerStart(true))
		asyncio.GroupGo(g, child("b", 0), asyncio.WithEagerStart(true))
		asyncio.GroupGo(g, child("c", 1))
		s.out("body ends")
		return nil
	})
	s.out("group ends")
	return err
}

func eagerUnderATimeout(ctx context.Context, s *stage) error {
	err := timeout(ctx, 1, func(ctx context.Context, _ *asyncio.TimeoutScope) error {
		_, err := s.eager(func(ctx context.Context) (any, error) {
			err := ticks(ctx, 5)
			if err != nil {
				s.out("child cancelled")
			}
			return nil, err
		}).Await(ctx)
		return err
	})
	s.out(describe(err)+", cancelling", s.cancelling())
	return nil
}
