package asyncio_test

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/go-asyncio/asyncio"
)

// TestMisuseNamesTheWay: what is called from the wrong place says in one line what is wrong and which
// call does it from there.
func TestMisuseNamesTheWay(t *testing.T) {
	t.Parallel()
	nothingDone := func() {}
	fromElsewhere := map[string]struct {
		call func(loop asyncio.EventLoop, fd uintptr) error
		way  string
	}{
		"CallSoon":            {func(l asyncio.EventLoop, _ uintptr) error { _, err := l.CallSoon(nothingDone); return err }, "use CallSoonThreadsafe"},
		"CallLater":           {func(l asyncio.EventLoop, _ uintptr) error { _, err := l.CallLater(1, nothingDone); return err }, "callback given to CallSoonThreadsafe"},
		"CallAt":              {func(l asyncio.EventLoop, _ uintptr) error { _, err := l.CallAt(1, nothingDone); return err }, "callback given to CallSoonThreadsafe"},
		"AddReader":           {func(l asyncio.EventLoop, fd uintptr) error { return l.AddReader(fd, nothingDone) }, "callback given to CallSoonThreadsafe"},
		"RemoveReader":        {func(l asyncio.EventLoop, fd uintptr) error { _, err := l.RemoveReader(fd); return err }, "callback given to CallSoonThreadsafe"},
		"AddWriter":           {func(l asyncio.EventLoop, fd uintptr) error { return l.AddWriter(fd, nothingDone) }, "callback given to CallSoonThreadsafe"},
		"RemoveWriter":        {func(l asyncio.EventLoop, fd uintptr) error { _, err := l.RemoveWriter(fd); return err }, "callback given to CallSoonThreadsafe"},
		"SetExceptionHandler": {func(l asyncio.EventLoop, _ uintptr) error { return l.SetExceptionHandler(nil) }, "callback given to CallSoonThreadsafe"},
		"SetTaskFactory":      {func(l asyncio.EventLoop, _ uintptr) error { return l.SetTaskFactory(nil) }, "callback given to CallSoonThreadsafe"},
		"SetDefaultExecutor":  {func(l asyncio.EventLoop, _ uintptr) error { return l.SetDefaultExecutor(&asyncio.PoolExecutor{}) }, "callback given to CallSoonThreadsafe"},
		"RunInExecutor": {func(l asyncio.EventLoop, _ uintptr) error {
			_, err := l.RunInExecutor(nil, func() (any, error) { return nil, nil })
			return err
		}, "or the function on this goroutine"},
		"CreateTask": {func(l asyncio.EventLoop, _ uintptr) error { return asyncio.CreateTask(l, nothing).Exception() }, "use RunCoroutineThreadsafe"},
	}
	plainRow(t, "from-another-goroutine", func(t *testing.T) {
		loop := newLoop(t)
		_, b := connected(t)
		fd := descriptor(t, b)
		runIn(t, loop, func(context.Context) {
			for op, c := range fromElsewhere {
				var err error
				elsewhere(func() { err = c.call(loop, fd) })
				oneLine(t, err, asyncio.ErrWrongGoroutine, op, c.way)
			}
		})
	})
	looplessRow(t, "without-a-loop", func(t *testing.T) {
		_, err := asyncio.GetRunningLoop()
		oneLine(t, err, asyncio.ErrNoRunningLoop, "GetRunningLoop", "call it inside asyncio.Run")
		_, err = asyncio.CurrentTaskOf(nil)
		oneLine(t, err, asyncio.ErrNoRunningLoop, "CurrentTask", "call it inside asyncio.Run")
		oneLine(t, asyncio.Go(t.Context(), nothing).Exception(), asyncio.ErrNoRunningLoop, "Go", "call it inside asyncio.Run")
	})
	plainRow(t, "a-run-in-a-run", func(t *testing.T) {
		loop, other := newLoop(t), newLoop(t)
		never := func(context.Context) (int, error) { t.Error("entered"); return 0, nil }
		nested := func() {
			future := asyncio.NewFuture[int](loop)
			oneLine(t, loop.RunForever(), asyncio.ErrLoopRunning, "RunForever", "await")
			oneLine(t, loop.RunUntilComplete(future), asyncio.ErrLoopRunning, "RunUntilComplete", "await")
			oneLine(t, other.RunForever(), asyncio.ErrLoopRunning, "RunForever", "while another loop is running", "await")
			_, err := asyncio.Run(context.Background(), never)
			oneLine(t, err, asyncio.ErrLoopRunning, "Run", "await")
			r := asyncio.NewRunner()
			_, err = asyncio.RunOn(context.Background(), r, never)
			oneLine(t, err, asyncio.ErrLoopRunning, "Run", "await")
		}
		soon(t, loop, nested)
		runIn(t, loop, func(context.Context) { nested() })
	})
	plainRow(t, "policy.703.failed-nested-run-keeps-running", func(t *testing.T) {
		loop, other := newLoop(t), newLoop(t)
		runIn(t, loop, func(ctx context.Context) {
			for range 2 {
				wantError(t, other.RunForever(), asyncio.ErrLoopRunning)
				wantError(t, other.RunUntilComplete(asyncio.NewFuture[int](other)), asyncio.ErrLoopRunning)
				running, err := asyncio.GetRunningLoop()
				must(t, err)
				want(t, "running loop", running, loop)
				want(t, "it runs", loop.IsRunning(), true)
				want(t, "the other runs", other.IsRunning(), false)
				must(t, asyncio.Sleep(ctx, 0))
			}
		})
		runIn(t, other, func(ctx context.Context) { must(t, asyncio.Sleep(ctx, instant)) })
	})
	looplessRow(t, "policy.705.no-child-watchers", func(t *testing.T) {
		for _, p := range []reflect.Type{
			reflect.TypeFor[asyncio.EventLoopPolicy](),
			reflect.TypeFor[*asyncio.DefaultEventLoopPolicy](),
			reflect.TypeFor[asyncio.UnimplementedEventLoopPolicy](),
		} {
			if p.NumMethod() == 0 {
				t.Errorf("%v has no method at all", p)
			}
			for i := range p.NumMethod() {
				if strings.Contains(p.Method(i).Name, "Watcher") {
					t.Errorf("%v has %s", p, p.Method(i).Name)
				}
			}
		}
		loop := newLoop(t)
		p := asyncio.NewDefaultEventLoopPolicy()
		must(t, p.SetEventLoop(loop))
	})
}

// oneLine fails the test if err is not target or lacks a text, or has more than one line.
func oneLine(t *testing.T, err, target error, texts ...string) {
	t.Helper()
	if !errors.Is(err, target) {
		t.Errorf("error is %v, want %v", err, target)
		return
	}
	if text := err.Error(); strings.Contains(text, "\n") {
		t.Errorf("%q has more than one line", text)
	}
	for _, text := range texts {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("%q does not say %q", err, text)
		}
	}
}
