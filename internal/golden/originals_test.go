package golden_test

import (
	"context"
	"slices"
	"testing"

	"github.com/go-asyncio/asyncio"
)

func TestOriginals(t *testing.T) {
	compare(t, "originals",
		originalsByCompletion, originalsThatFail, originalsUntilATimeout,
		originalsDoneBefore, originalsLeftEarly, originalsCancelledInBetween)
}

func originalsByCompletion(ctx context.Context, s *stage) error {
	tasks := []*asyncio.Task[any]{
		s.named("a", s.sleeper("a", 3)), s.named("b", s.sleeper("b", 1)), s.named("c", s.sleeper("c", 2)),
	}
	for task, err := range asyncio.Completed(ctx, tasks...) {
		s.must(err)
		done := task.Done()
		v, err := task.Await(ctx)
		s.must(err)
		s.out(task.Name(), done, v, "one of them", slices.Contains(tasks, task))
	}
	return nil
}

func originalsThatFail(ctx context.Context, s *stage) error {
	a, b := s.named("a", s.sleeper("a", 2)), s.named("b", s.failer("b", 1))
	for task, err := range asyncio.Completed(ctx, a, b) {
		s.must(err)
		v, err := task.Await(ctx)
		if err != nil {
			v = describe(err)
		}
		s.out(task.Name(), v)
	}
	return nil
}

func originalsUntilATimeout(ctx context.Context, s *stage) error {
	a, b := s.named("a", s.sleeper("a", 1)), s.named("b", s.sleeper("b", 5))
	for task, err := range asyncio.CompletedFor(ctx, 2*tick, a, b) {
		if err != nil {
			s.out("the iteration:", describe(err))
			continue
		}
		v, err := task.Await(ctx)
		s.must(err)
		s.out(task.Name(), v)
	}
	s.out("b done", b.Done())
	_, err := b.Await(ctx)
	return err
}

func originalsDoneBefore(ctx context.Context, s *stage) error {
	f := s.future()
	s.must(f.SetResult("ready"))
	task := s.named("a", s.sleeper("a", 1))
	n := 0
	for g, err := range asyncio.Completed[asyncio.AwaitableOf[any]](ctx, task, f, f) {
		s.must(err)
		n++
		v, err := g.Await(ctx)
		s.must(err)
		s.out(n, v, "the future", g == asyncio.AwaitableOf[any](f))
	}
	return nil
}

func originalsLeftEarly(ctx context.Context, s *stage) error {
	tasks := []*asyncio.Task[any]{
		s.named("a", s.sleeper("a", 1)), s.named("b", s.sleeper("b", 2)), s.named("c", s.sleeper("c", 3)),
	}
	for task, err := range asyncio.Completed(ctx, tasks...) {
		s.must(err)
		s.out(task.Name())
		break
	}
	s.wait(ctx, tasks...)
	s.out("all done")
	return nil
}

func originalsCancelledInBetween(ctx context.Context, s *stage) error {
	a, b := s.named("a", s.sleeper("a", 1)), s.named("b", s.sleeper("b", 5))
	task := s.task(func(ctx context.Context) (any, error) {
		for task, err := range asyncio.Completed(ctx, a, b) {
			if err != nil {
				s.out(describe(err))
				return nil, err
			}
			s.out(task.Name())
		}
		return nil, nil
	})
	s.must(ticks(ctx, 2))
	task.Cancel()
	s.wait(ctx, task)
	s.out("b done", b.Done())
	_, err := b.Await(ctx)
	return err
}
