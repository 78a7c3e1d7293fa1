package golden_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/go-asyncio/asyncio"
)

func TestGraph(t *testing.T) {
	compare(t, "graph",
		graphOfATask, graphOfAFuture, graphOfAGroup, graphOfAGather, graphOfAShieldAndATimeout,
		graphOfWaits, graphOfSeveralLevels, graphOfTheCurrentTask)
}

// graph prints by whom a future is awaited, and by whom they are, further in.
func (s *stage) graph(a asyncio.Awaitable) {
	g, err := asyncio.CaptureCallGraph(a)
	s.must(err)
	s.graphLine(g, 0)
}

func (s *stage) graphLine(g *asyncio.FutureCallGraph, depth int) {
	state := "pending"
	if g.Future.Done() {
		state = "done"
	}
	s.out(strings.Repeat(".", depth)+taskName(g.Future), state)
	awaiters := slices.SortedFunc(slices.Values(g.AwaitedBy), func(a, b *asyncio.FutureCallGraph) int {
		return cmp.Compare(taskName(a.Future), taskName(b.Future))
	})
	for _, awaiter := range awaiters {
		s.graphLine(awaiter, depth+1)
	}
}

func taskName(a asyncio.Awaitable) string {
	if t, ok := a.(interface{ Name() string }); ok {
		return t.Name()
	}
	return "future"
}

// awaiting is a task that awaits a and nothing else.
func (s *stage) awaiting(name string, a asyncio.AwaitableOf[any]) *asyncio.Task[any] {
	return s.named(name, func(ctx context.Context) (any, error) { return a.Await(ctx) })
}

func graphOfATask(ctx context.Context, s *stage) error {
	inner := s.named("inner", s.sleeper("inner", 2))
	outer := s.awaiting("outer", inner)
	s.must(ticks(ctx, 1))
	s.graph(inner)
	s.graph(outer)
	_, err := outer.Await(ctx)
	s.graph(inner)
	return err
}

func graphOfAFuture(ctx context.Context, s *stage) error {
	f := s.future()
	var tasks []*asyncio.Task[any]
	for _, name := range []string{"a", "b", "c"} {
		tasks = append(tasks, s.awaiting(name, f))
	}
	s.graph(f)
	s.must(ticks(ctx, 0))
	s.graph(f)
	s.must(f.SetResult(nil))
	s.wait(ctx, tasks...)
	s.graph(f)
	return nil
}

func graphOfAGroup(ctx context.Context, s *stage) error {
	var child *asyncio.Task[any]
	holder := s.named("holder", func(ctx context.Context) (any, error) {
		return nil, asyncio.WithTaskGroup(ctx, func(ctx context.Context, g *asyncio.TaskGroup) error {
			child = asyncio.GroupGo(g, s.sleeper("child", 3), asyncio.WithName("child"))
			s.graph(child)
			return ticks(ctx, 1)
		})
	})
	s.must(ticks(ctx, 2))
	s.graph(child)
	_, err := holder.Await(ctx)
	s.graph(child)
	return err
}

func graphOfAGather(ctx context.Context, s *stage) error {
	a, b := s.named("a", s.sleeper("a", 2)), s.named("b", s.sleeper("b", 2))
	task := s.named("gatherer", func(ctx context.Context) (any, error) {
		_, err := asyncio.GatherOf[any](ctx, a, b)
		return nil, err
	})
	s.must(ticks(ctx, 1))
	s.graph(a)
	s.graph(b)
	_, err := task.Await(ctx)
	return err
}

func graphOfAShieldAndATimeout(ctx context.Context, s *stage) error {
	inner := s.named("inner", s.sleeper("inner", 2))
	task := s.named("shielder", func(ctx context.Context) (any, error) {
		return nil, timeout(ctx, 5, func(ctx context.Context, _ *asyncio.TimeoutScope) error {
			_, err := asyncio.Shield[any](ctx, inner)
			return err
		})
	})
	s.must(ticks(ctx, 1))
	s.graph(inner)
	_, err := task.Await(ctx)
	return err
}

func graphOfWaits(ctx context.Context, s *stage) error {
	inner := s.named("inner", s.sleeper("inner", 2))
	waits := s.named("in wait", func(ctx context.Context) (any, error) {
		s.wait(ctx, inner)
		return nil, nil
	})
	waitsFor := s.named("in wait_for", func(ctx context.Context) (any, error) {
		return asyncio.WaitForOf(ctx, tickTimes(5), inner)
	})
	s.must(ticks(ctx, 1))
	s.graph(inner)
	s.wait(ctx, waits, waitsFor)
	return nil
}

func graphOfSeveralLevels(ctx context.Context, s *stage) error {
	f := s.future()
	var level func(n int) coroutine
	level = func(n int) coroutine {
		return func(ctx context.Context) (any, error) {
			if n == 0 {
				return f.Await(ctx)
			}
			return s.named(fmt.Sprint("level ", n-1), level(n-1)).Await(ctx)
		}
	}
	top := s.named("level 3", level(3))
	for range 4 {
		s.must(ticks(ctx, 0))
	}
	s.graph(f)
	s.must(f.SetResult(nil))
	_, err := top.Await(ctx)
	return err
}

func graphOfTheCurrentTask(ctx context.Context, s *stage) error {
	asyncio.CurrentTask().SetName("main")
	g, err := asyncio.CaptureCallGraph(nil)
	s.must(err)
	s.out("in a task", taskName(g.Future))
	s.soon(func() {
		g, err := asyncio.CaptureCallGraph(nil)
		s.must(err)
		if g == nil {
			s.out("in a callback", nil)
		} else {
			s.out("in a callback", taskName(g.Future))
		}
	})
	return ticks(ctx, 0)
}
