package asyncio_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
)

// untold is a result that must not be asked for its text.
type untold struct{ t *testing.T }

func (u untold) String() string { u.t.Error("the result was asked for its text"); return "" }

// hello is an awaitable of one's own.
type hello struct{}

func (hello) Await(ctx context.Context) (string, error) { return "hello", asyncio.Sleep(ctx, 0) }

func TestRunnerRuns(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	plainRow(t, "runners.701.run-loop-factory", func(t *testing.T) {
		var made []asyncio.EventLoop
		running, err := asyncio.Run(ctx, itsLoop, asyncio.WithLoopFactory(func() (asyncio.EventLoop, error) {
			made = append(made, mustLoop(t))
			return made[0], nil
		}))
		must(t, err)
		want(t, "loops made", len(made), 1)
		want(t, "the loop that ran", running, made[0])
		want(t, "closed", made[0].IsClosed(), true)
	})
	looplessRow(t, "runners.702.default-loop-kind", func(t *testing.T) {
		kind, err := asyncio.Run(ctx, func(context.Context) (string, error) {
			loop, err := asyncio.GetRunningLoop()
			if err != nil {
				return "", err
			}
			b, err := asyncio.LoopBackend(loop)
			return b.Kind, err
		}, asyncio.WithLoopFactory(asyncio.NewDefaultEventLoop))
		must(t, err)
		loop, err := asyncio.NewDefaultEventLoop()
		must(t, err)
		b, err := asyncio.LoopBackend(loop)
		must(t, err)
		want(t, "kind", kind, b.Kind)
		must(t, loop.Close())
	})
	plainRow(t, "runners.703.run-future", func(t *testing.T) {
		r := asyncio.NewRunner(ofKind(t))
		loop, err := r.Loop()
		must(t, err)
		fut := asyncio.NewFuture[int](loop)
		_, err = loop.CallSoon(func() { must(t, fut.SetResult(7)) })
		must(t, err)
		v, err := asyncio.RunOn(ctx, r, fut.Await)
		must(t, err)
		want(t, "result", v, 7)
		must(t, r.Close())
	})
	plainRow(t, "runners.704.run-awaitable", func(t *testing.T) {
		v, err := runOfKind(t, ctx, hello{}.Await)
		must(t, err)
		want(t, "result", v, "hello")
	})
	plainRow(t, "runners.706.result-string-not-called", func(t *testing.T) {
		v, err := asyncio.Run(ctx, func(context.Context) (untold, error) { return untold{t}, nil }, ofKind(t), asyncio.WithRunDebug(true))
		must(t, err)
		want(t, "result", v.t, t)
	})
	plainRow(t, "runners.707.executor-limit", func(t *testing.T) {
		measureClock(t)
		synctest.Test(t, func(t *testing.T) {
			var log testkit.LogBook
			proceed := make(chan struct{})
			var loop asyncio.EventLoop
			err := asyncio.RunErr(ctx, func(ctx context.Context) error {
				_, err := loop.RunInExecutor(nil, func() (any, error) { <-proceed; return nil, nil })
				return err
			}, asyncio.WithLoopFactory(func() (asyncio.EventLoop, error) {
				loop = openHooked(t, testkit.InBubble, logTo(&log))
				return loop, nil
			}))
			must(t, err)
			want(t, "closed", loop.IsClosed(), true)
			if !strings.Contains(log.String(), "executor did not end") {
				t.Errorf("the log says %q", log.String())
			}
			close(proceed)
		})
	})
}
