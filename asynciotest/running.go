package asynciotest

import (
	"context"
	"errors"
	"runtime"
	"time"

	"github.com/go-asyncio/asyncio"
)

var runningCases = []behaviour{
	{"base.005a.close-idempotent", func(e *env) {
		l := e.loop()
		want(e, "closed at first", l.IsClosed(), false)
		e.must(l.Close())
		want(e, "closed after Close", l.IsClosed(), true)
		e.must(l.Close())
		e.must(l.Close())
		want(e, "closed after three", l.IsClosed(), true)
	}},
	{"base.005b.closed-loop-refuses-run", func(e *env) {
		l := e.loop()
		f := asyncio.NewFuture[int](l)
		e.must(l.Close())
		e.wantIs(l.RunForever(), asyncio.ErrLoopClosed)
		e.wantIs(l.RunUntilComplete(f), asyncio.ErrLoopClosed)
	}},
	{"selev.003b.closed-refuses-fds", func(e *env) {
		l := e.loop()
		e.must(l.Close())
		e.wantIs(l.AddReader(0, func() {}), asyncio.ErrLoopClosed)
		e.wantIs(l.AddWriter(0, func() {}), asyncio.ErrLoopClosed)
		e.wantIs(l.RunForever(), asyncio.ErrLoopClosed)
		e.wantIs(l.RunUntilComplete(asyncio.NewFuture[int](l)), asyncio.ErrLoopClosed)
	}},
	{"base.020.run-until-complete-foreign-future", func(e *env) {
		l, other := e.loop(), e.loop()
		e.wantIs(l.RunUntilComplete(asyncio.NewFuture[int](other)), asyncio.ErrWrongLoop)
	}},
	{"base.037.stop-keeps-io-callbacks-for-next-run", stopKeepsIOCallbacks},
	{"base.038.run-once", func(e *env) {
		l := e.loop()
		ran, late := 0, 0
		e.soon(l, func() { ran++ })
		e.soon(l, l.Stop)
		e.soon(l, func() { ran++; e.soon(l, func() { late++ }) })
		e.must(l.RunForever())
		want(e, "callbacks queued before", ran, 2)
		want(e, "callbacks they added", late, 0)
	}},
	{"base.039.stop-before-run", func(e *env) {
		l := e.loop()
		ran, late := 0, 0
		e.soon(l, func() { ran++; e.soon(l, func() { late++ }) })
		l.Stop() // from now on there is a timer far away: a wait for it would hang
		e.later(l, time.Hour, func() { e.Error("the timer ran") })
		e.must(l.RunForever())
		want(e, "queued", ran, 1)
		want(e, "added", late, 0)
	}},
	{"base.085.nested-run-other-loop", func(e *env) {
		l, other := e.loop(), e.loop()
		e.run(l, func(context.Context) error {
			e.wantIs(other.RunForever(), asyncio.ErrLoopRunning)
			e.wantIs(other.RunUntilComplete(asyncio.NewFuture[int](other)), asyncio.ErrLoopRunning)
			return nil
		})
		want(e, "the other one is still usable", other.IsClosed(), false)
		e.pass(other)
	}},
	{"events.001.nested-run-until-complete", func(e *env) {
		l := e.loop()
		entered := false
		e.run(l, func(ctx context.Context) error {
			want(e, "running", l.IsRunning(), true)
			inner := asyncio.CreateTask(l, func(context.Context) (int, error) { entered = true; return 0, nil })
			e.wantIs(l.RunUntilComplete(inner), asyncio.ErrLoopRunning)
			want(e, "inner entered by the refused run", entered, false)
			inner.Cancel()
			return nil
		})
		want(e, "running after", l.IsRunning(), false)
	}},
	{"events.045.close-running-loop", func(e *env) {
		l := e.loop()
		e.run(l, func(context.Context) error {
			e.wantIs(l.Close(), asyncio.ErrLoopRunning)
			return nil
		})
		want(e, "closed", l.IsClosed(), false)
	}},
	{"close-running-loop-from-outside", func(e *env) {
		l := e.loop()
		started, ended := make(chan struct{}), make(chan error)
		e.soon(l, func() { close(started) })
		go func() { ended <- l.RunForever() }()
		<-started
		e.wantIs(l.Close(), asyncio.ErrLoopRunning)
		e.wantIs(l.RunForever(), asyncio.ErrLoopRunning)
		l.Stop()
		e.must(<-ended)
	}},
	{"tasks.028.stop-in-run-until-complete", func(e *env) {
		l := e.loop()
		task := asyncio.CreateTask(l, func(ctx context.Context) (int, error) { return 1, asyncio.Sleep(ctx, 10*time.Millisecond) })
		e.soon(l, l.Stop)
		e.wantIs(l.RunUntilComplete(task), asyncio.ErrLoopStopped)
		want(e, "done", task.Done(), false)
		e.must(l.RunUntilComplete(task))
	}},
	{"base.035.keyboard-interrupt-not-reported", func(e *env) {
		l := e.loop()
		reports := e.reports(l)
		task := asyncio.CreateTask(l, func(context.Context) (int, error) { return 0, asyncio.ErrInterrupted })
		e.wantIs(l.RunUntilComplete(task), asyncio.ErrInterrupted)
		task = nil
		runtime.GC()
		e.pass(l)
		e.must(l.Close())
		want(e, "reports", len(*reports), 0)
	}},
	{"base.036.keyboard-interrupt-loop-reusable", func(e *env) {
		l := e.loop()
		e.soon(l, func() { panic(asyncio.ErrInterrupted) })
		left := false
		e.soon(l, func() { left = true })
		e.wantIs(l.RunForever(), asyncio.ErrInterrupted)
		want(e, "what was behind it has run", left, false)
		ran := false
		e.soon(l, func() { ran = true; l.Stop() })
		e.must(l.RunForever())
		want(e, "ran in the next run", ran, true)
		want(e, "what was left ran too", left, true)
	}},
	{"goexit-in-callback-goes-on", func(e *env) {
		l := e.loop()
		reports := e.reports(l)
		var order []int
		e.soon(l, func() { order = append(order, 1); runtime.Goexit() })
		e.soon(l, func() { order = append(order, 2) })
		e.pass(l)
		want(e, "callbacks that ran", len(order), 2)
		if len(*reports) != 1 || !errors.Is((*reports)[0].Err, asyncio.ErrGoexit) {
			e.Errorf("reports: %v", *reports)
		}
	}},
}

// stopKeepsIOCallbacks follows the catalogue's row: what a stopped pass has
// queued runs, what that adds is left, runs first in the next run, and can
// cancel what is queued anew.
func stopKeepsIOCallbacks(e *env) {
	l := e.loop()
	e.guard(l)
	a, b := e.connPair(l)
	fd := e.fd(b)
	if _, err := a.Write([]byte("x")); err != nil {
		e.Fatal(err)
	}
	e.readable(l, fd)
	count := 0
	e.must(l.AddReader(fd, func() {
		count++
		e.soon(l, func() {
			_, err := l.RemoveReader(fd)
			e.must(err)
			l.Stop()
		})
	}))
	e.pass(l)
	want(e, "callbacks of the descriptor in the first run", count, 1)
	e.must(l.RunForever())
	want(e, "and in both", count, 1)
}
