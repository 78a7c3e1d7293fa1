package asynciotest

import (
	"context"
	"errors"
	"runtime"
	"time"

	"github.com/go-asyncio/asyncio"
)

func failWith(err error) func(context.Context) (int, error) {
	return func(context.Context) (int, error) { return 0, err }
}

var taskCases = []behaviour{
	{"base.030.task-factory", func(e *env) {
		l := e.loop()
		seen := 0
		e.must(l.SetTaskFactory(func(loop asyncio.EventLoop, s *asyncio.TaskSpec) error {
			want(e, "the loop", loop, l)
			seen++
			s.Name = "made"
			inner := s.Func
			s.Func = func(ctx context.Context) (any, error) {
				v, err := inner(ctx)
				return v.(int) + 1, err
			}
			return nil
		}))
		want(e, "the factory is set", l.GetTaskFactory() != nil, true)
		task := asyncio.CreateTask(l, func(context.Context) (int, error) { return 41, nil })
		e.must(l.RunUntilComplete(task))
		v, err := task.Result()
		e.must(err)
		want(e, "result", v, 42)
		want(e, "name", task.Name(), "made")
		e.must(l.SetTaskFactory(nil))
		want(e, "no factory is set", l.GetTaskFactory() == nil, true)
		plain := asyncio.CreateTask(l, func(context.Context) (int, error) { return 1, nil })
		e.must(l.RunUntilComplete(plain))
		want(e, "tasks that the factory saw", seen, 1)
	}},
	{"base.033.create-task-closed-loop", func(e *env) {
		l := e.loop()
		e.must(l.Close())
		before := runtime.NumGoroutine()
		task := asyncio.CreateTask(l, func(context.Context) (int, error) { e.Error("entered"); return 0, nil })
		e.wantIs(task.Exception(), asyncio.ErrLoopClosed)
		if n := runtime.NumGoroutine(); n > before+8 { // other tests run beside this one
			e.Errorf("%d goroutines, %d before", n, before)
		}
	}},
	{"base.034.named-task-default-factory", func(e *env) {
		l := e.loop()
		task := asyncio.CreateTask(l, func(context.Context) (int, error) { return 0, nil }, asyncio.WithName("test_task"))
		want(e, "name", task.Name(), "test_task")
		e.must(l.RunUntilComplete(task))
	}},
	{"await-in-a-callback-is-refused", func(e *env) {
		l := e.loop()
		f := asyncio.NewFuture[int](l)
		e.soon(l, func() {
			_, err := f.Await(context.Background())
			e.wantIs(err, asyncio.ErrAwaitInCallback)
			e.wantIs(asyncio.Sleep(context.Background(), time.Hour), asyncio.ErrAwaitInCallback)
			e.must(f.SetResult(3))
			v, err := f.Await(context.Background())
			e.must(err)
			want(e, "a done future", v, 3)
		})
		e.pass(l)
	}},
	{"await-from-another-goroutine-blocks", func(e *env) {
		l := e.loop()
		e.guard(l)
		f := asyncio.NewFuture[int](l)
		got := make(chan int)
		go func() {
			v, err := f.Await(context.Background())
			if err != nil {
				e.Error(err)
			}
			got <- v
		}()
		e.soon(l, func() { e.must(f.SetResult(5)); l.Stop() })
		e.must(l.RunForever())
		want(e, "result", <-got, 5)
	}},
	{"close-unwinds-what-waits", func(e *env) {
		l := e.loop()
		e.reports(l)
		var left []string
		f := asyncio.NewFuture[int](l)
		asyncio.CreateTask(l, func(ctx context.Context) (int, error) {
			defer func() {
				_, err := f.Await(context.WithoutCancel(ctx))
				e.wantIs(err, asyncio.ErrLoopClosed)
				left = append(left, "deferred")
			}()
			for {
				func() {
					defer func() { _ = recover() }()
					_, _ = f.Await(ctx)
				}()
			}
		})
		outside := make(chan error)
		go func() {
			_, err := f.Await(context.Background())
			outside <- err
		}()
		e.pass(l)
		e.must(l.Close())
		want(e, "deferred functions that ran", len(left), 1)
		e.wantIs(<-outside, asyncio.ErrLoopClosed)
	}},
	{"cancel-reaches-a-sleeping-task", func(e *env) {
		l := e.loop()
		task := asyncio.CreateTask(l, func(ctx context.Context) (int, error) { return 0, asyncio.Sleep(ctx, time.Hour) })
		e.later(l, time.Millisecond, func() { task.Cancel("enough") })
		err := l.RunUntilComplete(task)
		var c *asyncio.CancelledError
		if !errors.As(err, &c) || c.Message != "enough" {
			e.Errorf("error %v", err)
		}
		want(e, "cancelled", task.Cancelled(), true)
	}},
}
