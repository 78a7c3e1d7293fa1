package asynciotest

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/go-asyncio/asyncio"
)

var executorCases = []behaviour{
	{"base.008.set-default-executor", func(e *env) {
		l := e.loop()
		x := &countingExecutor{fail: errors.New("no room")}
		e.must(l.SetDefaultExecutor(x))
		_, err := l.RunInExecutor(nil, func() (any, error) { return 1, nil })
		e.wantIs(err, x.fail)
		x.fail = nil
		f, err := l.RunInExecutor(nil, func() (any, error) { return 2, nil })
		e.must(err)
		e.must(l.RunUntilComplete(f))
		want(e, "submitted", x.n, 2)
	}},
	{"base.009.set-default-executor-type", func(e *env) {
		l := e.loop()
		e.wantIs(l.SetDefaultExecutor(nil), asyncio.ErrInvalidArgument)
	}},
	{"base.103.executor-after-shutdown", func(e *env) {
		l := e.loop()
		e.run(l, func(ctx context.Context) error {
			if _, err := asyncio.ToThread(ctx, func() (int, error) { return 1, nil }); err != nil {
				return err
			}
			if err := l.ShutdownDefaultExecutor(ctx); err != nil {
				return err
			}
			_, err := l.RunInExecutor(nil, func() (any, error) { return nil, nil })
			e.wantIs(err, asyncio.ErrExecutorShutdown)
			own := asyncio.NewPoolExecutor(1)
			f, err := l.RunInExecutor(own, func() (any, error) { return "own", nil })
			if err != nil {
				return err
			}
			v, err := f.Await(ctx)
			want(e, "an executor given", v, any("own"))
			<-own.Shutdown()
			return err
		})
	}},
	{"base.104.executor-shutdown-waits", func(e *env) {
		l := e.loop()
		e.run(l, func(ctx context.Context) error {
			release, ended := make(chan struct{}), false
			if _, err := l.RunInExecutor(nil, func() (any, error) { <-release; ended = true; return nil, nil }); err != nil {
				return err
			}
			e.later(l, 5*time.Millisecond, func() { close(release) }) // the loop is not blocked
			if err := l.ShutdownDefaultExecutor(ctx); err != nil {
				return err
			}
			want(e, "the work had ended", ended, true)
			return nil
		})
		fresh := e.loop()
		e.must(fresh.ShutdownDefaultExecutor(context.Background()))
	}},
	{"events.006.run-in-executor", func(e *env) {
		l := e.loop()
		e.run(l, func(ctx context.Context) error {
			f, err := l.RunInExecutor(nil, func() (any, error) {
				_, err := asyncio.GetRunningLoop()
				e.wantIs(err, asyncio.ErrNoRunningLoop)
				return "yo", nil
			})
			if err != nil {
				return err
			}
			v, err := f.Await(ctx)
			want(e, "result", v, any("yo"))
			return err
		})
	}},
	{"events.007.run-in-executor-cancel", func(e *env) {
		l := e.loop()
		reports := e.reports(l)
		started, release, ended := make(chan struct{}), make(chan struct{}), make(chan struct{})
		f, err := l.RunInExecutor(nil, func() (any, error) {
			defer close(ended)
			close(started)
			<-release
			return nil, errors.New("late")
		})
		e.must(err)
		<-started // what has not begun would not be run at all
		f.AddDoneCallback(func(*asyncio.Future[any]) {})
		want(e, "Cancel", f.Cancel(), true)
		e.must(l.Close())
		close(release)
		<-ended
		want(e, "cancelled", f.Cancelled(), true)
		want(e, "reports", len(*reports), 0)
	}},
	{"executor-runs-in-order-on-one-worker", func(e *env) {
		x := asyncio.NewPoolExecutor(1)
		var mu sync.Mutex
		var got []int
		for i := range 20 {
			e.must(x.Submit(func() {
				mu.Lock()
				defer mu.Unlock()
				got = append(got, i)
			}))
		}
		<-x.Shutdown()
		for i, v := range got {
			want(e, "position", v, i)
		}
		want(e, "ran", len(got), 20)
		e.wantIs(x.Submit(func() {}), asyncio.ErrExecutorShutdown)
	}},
}

// countingExecutor is a user's own.
type countingExecutor struct {
	n    int
	fail error
}

func (x *countingExecutor) Submit(f func()) error {
	x.n++
	if x.fail != nil {
		return x.fail
	}
	go f()
	return nil
}
