package asyncio_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
)

// callUnimplemented calls every method of an interface on v, with zero values,
// and returns the errors of those that return one, by name.
func callUnimplemented(v any, iface reflect.Type) map[string]error {
	answers := map[string]error{}
	for i := range iface.NumMethod() {
		m := iface.Method(i)
		if !m.IsExported() || strings.HasSuffix(m.Name, "ExceptionHandler") && m.Type.NumOut() == 0 {
			continue // those log what they are given: tested by itself
		}
		var args []reflect.Value
		for j := range m.Type.NumIn() {
			args = append(args, reflect.Zero(m.Type.In(j)))
		}
		call := reflect.ValueOf(v).MethodByName(m.Name).Call
		if m.Type.IsVariadic() {
			call = reflect.ValueOf(v).MethodByName(m.Name).CallSlice
		}
		results := call(args)
		if n := len(results); n > 0 && m.Type.Out(n-1) == reflect.TypeFor[error]() {
			answers[m.Name], _ = results[n-1].Interface().(error)
		}
		for _, r := range results[:max(len(results)-1, 0)] {
			if !r.IsZero() {
				answers[m.Name] = errors.New("a result beside the error")
			}
		}
	}
	return answers
}

func TestUnimplementedEventLoop(t *testing.T) {
	t.Parallel()
	looplessRow(t, "events.070.abstract-loop-not-implemented", func(t *testing.T) {
		type own struct{ asyncio.UnimplementedEventLoop }
		answers := callUnimplemented(own{}, reflect.TypeFor[asyncio.EventLoop]())
		for name, err := range answers {
			if !errors.Is(err, asyncio.ErrNotImplemented) || !errors.Is(err, errors.ErrUnsupported) {
				t.Errorf("%s: %v", name, err)
			}
		}
		for _, name := range []string{"RunForever", "RunUntilComplete", "Close", "CallSoon", "CallLater", "CallAt", "CallSoonThreadsafe",
			"RunInExecutor", "SetDefaultExecutor", "ShutdownDefaultExecutor", "SetExceptionHandler", "SetTaskFactory", "GetAddrInfo", "GetNameInfo"} {
			if _, ok := answers[name]; !ok {
				t.Errorf("%s cannot say that it is not implemented", name)
			}
		}
		var loop asyncio.EventLoop = own{}
		want(t, "running", loop.IsRunning(), false)
		loop.Stop()
	})
	looplessRow(t, "base.004.abstract-hooks-not-implemented", func(t *testing.T) {
		// What a concrete loop must supply: transports, and how descriptors and other
		// goroutines wake it.
		answers := callUnimplemented(asyncio.UnimplementedEventLoop{}, reflect.TypeFor[asyncio.EventLoop]())
		for _, name := range []string{"CreateConnection", "CreateServer", "ConnectAcceptedSocket",
			"AddReader", "AddWriter", "RemoveReader", "RemoveWriter", "CallSoonThreadsafe"} {
			wantError(t, answers[name], asyncio.ErrNotImplemented)
		}
	})
	looplessRow(t, "events.071.abstract-server-not-implemented", func(t *testing.T) {
		type own struct{ asyncio.UnimplementedServer }
		answers := callUnimplemented(own{}, reflect.TypeFor[asyncio.AbstractServer]())
		want(t, "methods that say so", len(answers), 3)
		for name, err := range answers {
			if !errors.Is(err, asyncio.ErrNotImplemented) {
				t.Errorf("%s: %v", name, err)
			}
		}
		var s asyncio.AbstractServer = own{}
		s.Close()
		want(t, "loop", s.GetLoop(), nil)
	})
	looplessRow(t, "events.707.abstract-server-clients", func(t *testing.T) {
		// They have no error to answer with, and nothing that they could end.
		var s asyncio.AbstractServer = asyncio.UnimplementedServer{}
		s.CloseClients()
		s.AbortClients()
		wantError(t, s.WaitClosed(context.Background()), asyncio.ErrNotImplemented)
	})
	looplessRow(t, "futures-and-tasks", func(t *testing.T) {
		loop := asyncio.UnimplementedEventLoop{}
		wantError(t, asyncio.NewFuture[int](loop).Exception(), asyncio.ErrNotImplemented)
		wantError(t, asyncio.CreateTask(loop, nothing).Exception(), asyncio.ErrNotImplemented)
		want(t, "tasks", len(asyncio.AllTasks(loop)), 0)
		_, err := asyncio.RunIn(loop, nil, func() (int, error) { return 0, nil })
		wantError(t, err, asyncio.ErrNotImplemented)
	})
	t.Run("errors-are-logged", func(t *testing.T) { // not parallel: the default logger is the program's
		var log bytes.Buffer
		before := slog.Default()
		slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
		defer slog.SetDefault(before)
		asyncio.UnimplementedEventLoop{}.CallExceptionHandler(asyncio.ExceptionContext{Message: "lost", Err: errBoom})
		if !strings.Contains(log.String(), "level=ERROR msg=lost error=boom") {
			t.Error(log.String())
		}
	})
}

// overriding is a loop of a user's own: one of ours inside, a part of it changed.
type overriding struct {
	asyncio.EventLoop
	soon, at int
	reported []string
	factory  asyncio.TaskFactory
	refuse   error // what CallSoon answers, if it is set
}

func (l *overriding) CallSoon(f func()) (asyncio.Handle, error) {
	l.soon++
	if l.refuse != nil {
		return asyncio.Handle{}, l.refuse
	}
	return l.EventLoop.CallSoon(f)
}

func (l *overriding) CallAt(when time.Duration, f func()) (asyncio.TimerHandle, error) {
	l.at++
	return l.EventLoop.CallAt(when, f)
}

func (l *overriding) DefaultExceptionHandler(c asyncio.ExceptionContext) {
	l.reported = append(l.reported, c.Message)
}

func (l *overriding) GetTaskFactory() asyncio.TaskFactory { return l.factory }

func newOverriding(t *testing.T, opts ...asyncio.LoopOption) *overriding {
	t.Helper()
	l := &overriding{}
	l.EventLoop = mustLoop(t, append(opts, asyncio.WithSelf(l))...)
	t.Cleanup(func() { must(t, l.Close()) })
	return l
}

func TestOverridingLoop(t *testing.T) {
	t.Parallel()
	plainRow(t, "it-is-the-running-loop", func(t *testing.T) {
		l := newOverriding(t)
		runIn(t, l, func(context.Context) {
			got, err := asyncio.GetRunningLoop()
			must(t, err)
			want(t, "running loop", got, asyncio.EventLoop(l))
			got, err = asyncio.GetEventLoop()
			must(t, err)
			want(t, "current loop", got, asyncio.EventLoop(l))
		})
	})
	plainRow(t, "CallSoon-sees-steps-of-tasks", func(t *testing.T) {
		l := newOverriding(t)
		runIn(t, l, func(ctx context.Context) {
			before := l.soon
			passes(t, ctx, 3)
			want(t, "callbacks of three steps", l.soon-before, 3)
			f := asyncio.NewFuture[int](nil)
			before = l.soon
			f.AddDoneCallback(func(*asyncio.Future[int]) {})
			must(t, f.SetResult(1))
			want(t, "a done callback", l.soon-before, 1)
		})
	})
	plainRow(t, "CallAt-sees-sleeps", func(t *testing.T) {
		l := newOverriding(t)
		runIn(t, l, func(ctx context.Context) { must(t, asyncio.Sleep(ctx, instant)) })
		want(t, "timers", l.at, 1)
	})
	plainRow(t, "DefaultExceptionHandler-hears-of-panics", func(t *testing.T) {
		l := newOverriding(t)
		_, err := l.CallSoon(func() { panic(errBoom) })
		must(t, err)
		_, err = l.CallSoon(l.Stop)
		must(t, err)
		must(t, l.RunForever())
		l.CallExceptionHandler(asyncio.ExceptionContext{Message: "told"})
		if len(l.reported) != 2 || !strings.HasPrefix(l.reported[0], "Exception in callback") || l.reported[1] != "told" {
			t.Error(l.reported)
		}
	})
	plainRow(t, "base.032.create-task-override", func(t *testing.T) {
		l := newOverriding(t)
		var seen []string
		l.factory = func(loop asyncio.EventLoop, s *asyncio.TaskSpec) error {
			want(t, "the factory's loop", loop, asyncio.EventLoop(l))
			seen = append(seen, s.Name)
			s.Name = "made by the override"
			return nil
		}
		made, err := asyncio.EnsureFuture[int](l, asyncio.NewCoroutine(nothing))
		must(t, err)
		must(t, l.RunUntilComplete(made))
		task, ok := made.(*asyncio.Task[int])
		want(t, "it is a task", ok, true)
		want(t, "its name", task.Name(), "made by the override")
		runIn(t, l, func(ctx context.Context) {
			_, err := asyncio.Gather(ctx, nothing, nothing)
			must(t, err)
		})
		want(t, "tasks that the override saw", len(seen), 4)
	})
	plainRow(t, "a-refusal-is-the-task's-failure", func(t *testing.T) {
		l := newOverriding(t)
		l.refuse = errBoom
		task := asyncio.CreateTask(l, nothing)
		wantError(t, task.Exception(), errBoom)
		l.refuse = nil
	})
	plainRow(t, "tasks-of-both-are-the-same", func(t *testing.T) {
		l := newOverriding(t)
		a := asyncio.CreateTask(l, nothing)
		b := asyncio.CreateTask(l.EventLoop, nothing)
		want(t, "all", slices.Equal(asyncio.AllTasks(l), []asyncio.AnyTask{a, b}), true)
		must(t, l.RunUntilComplete(b))
		must(t, a.Exception())
	})
}
