package asyncio_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
)

func refusedWork(context.Context) (int, error) { return 0, errors.New("it ran") }

// makeRefused tries to make a task, on a stack that is gone then, and lets go of it.
//
//go:noinline
func makeRefused(make func() *asyncio.Task[int]) error {
	task := make()
	if !task.Done() {
		return errors.New("the task was made")
	}
	return nil
}

// wantRefused fails the test if not exactly one task was reported, refused for the
// reason, with the function that it would have run and the bridge to use.
func wantRefused(t *testing.T, found []asyncio.ExceptionContext, reason error, bridge string) {
	t.Helper()
	wantOne(t, found, "Task exception was never retrieved", reason)
	for _, c := range found {
		if !strings.Contains(c.Err.Error(), bridge) {
			t.Errorf("%q does not name %s", c.Err, bridge)
		}
		if f, _ := c.Extra["function"].(string); !strings.HasPrefix(f, "asyncio_test.refusedWork() at ") || !strings.Contains(f, "refused_test.go:") {
			t.Errorf("the function is %q", c.Extra["function"])
		}
	}
}

// TestRefusedTasks: a task that was refused and that nobody looked at does not vanish.
func TestRefusedTasks(t *testing.T) {
	t.Parallel()
	plainRow(t, "from another goroutine", func(t *testing.T) {
		found := dropped(t, false, func(_ context.Context, loop asyncio.EventLoop) {
			elsewhere(func() {
				must(t, makeRefused(func() *asyncio.Task[int] { return asyncio.CreateTask(loop, refusedWork) }))
			})
		})
		wantRefused(t, found, asyncio.ErrWrongGoroutine, "RunCoroutineThreadsafe")
	})
	plainRow(t, "from a goroutine that has a task's context", func(t *testing.T) {
		found := dropped(t, false, func(ctx context.Context, _ asyncio.EventLoop) {
			elsewhere(func() {
				must(t, makeRefused(func() *asyncio.Task[int] { return asyncio.Go(ctx, refusedWork) }))
			})
		})
		wantRefused(t, found, asyncio.ErrNoRunningLoop, "RunCoroutineThreadsafe")
	})
	plainRow(t, "looked at", func(t *testing.T) {
		found := dropped(t, false, func(ctx context.Context, loop asyncio.EventLoop) {
			elsewhere(func() {
				wantError(t, asyncio.CreateTask(loop, refusedWork).Exception(), asyncio.ErrWrongGoroutine)
				_, err := asyncio.Go(ctx, refusedWork).Result()
				wantError(t, err, asyncio.ErrNoRunningLoop)
				_, err = asyncio.Go(ctx, refusedWork).Await(ctx)
				wantError(t, err, asyncio.ErrNoRunningLoop)
				want(t, "cancel", asyncio.CreateTask(loop, refusedWork).Cancel(), false)
			})
		})
		want(t, "reports", len(found), 0)
	})
	plainRow(t, "on a closed loop", func(t *testing.T) {
		var log testkit.LogBook
		closed := mustLoop(t, logTo(&log))
		must(t, closed.Close())
		must(t, makeRefused(func() *asyncio.Task[int] { return asyncio.CreateTask(closed, refusedWork) }))
		wantError(t, asyncio.CreateTask(closed, refusedWork).Exception(), asyncio.ErrLoopClosed)
		collectUntil(t, func() bool { return log.String() != "" })
		dropped(t, false, func(context.Context, asyncio.EventLoop) {}) // the collector works once more
		want(t, "reports", len(log.Lines("Task exception was never retrieved", "event loop is closed", "asyncio_test.refusedWork() at ")), 1)
	})
}

// TestRefusedHandOver: neither does what was to be handed over.
func TestRefusedHandOver(t *testing.T) {
	t.Parallel()
	plainRow(t, "to a closed loop", func(t *testing.T) {
		var log testkit.LogBook
		closed := mustLoop(t, logTo(&log))
		must(t, closed.Close())
		handOver := func() error {
			f := asyncio.RunCoroutineThreadsafe(closed, refusedWork)
			if !f.Done() {
				return errors.New("it was handed over")
			}
			return nil
		}
		must(t, handOver())
		wantError(t, asyncio.RunCoroutineThreadsafe(closed, refusedWork).Exception(), asyncio.ErrLoopClosed)
		collectUntil(t, func() bool { return log.String() != "" })
		dropped(t, false, func(context.Context, asyncio.EventLoop) {}) // the collector works once more
		want(t, "reports", len(log.Lines("Future exception was never retrieved", "event loop is closed", "asyncio_test.refusedWork() at ")), 1)
	})
}

// collectUntil has the collector work until something has come of it.
func collectUntil(t *testing.T, found func() bool) {
	t.Helper()
	for !found() {
		runtime.GC()
		must(t, asyncio.Sleep(context.Background(), instant))
	}
}

// TestRefusedWithoutLoop is not parallel: the default logger is the program's.
func TestRefusedWithoutLoop(t *testing.T) {
	var out testkit.LogBook
	log.SetOutput(&out)
	defer log.SetOutput(os.Stderr)
	must(t, makeRefused(func() *asyncio.Task[int] { return asyncio.Go(context.Background(), refusedWork) }))
	collectUntil(t, func() bool { return out.String() != "" })
	want(t, "reports", len(out.Lines("ERROR Task exception was never retrieved", "call it inside asyncio.Run", "RunCoroutineThreadsafe",
		"asyncio_test.refusedWork() at ")), 1)
}

// TestNeverRetrievedNamesFunction: the function is the user's, whatever wraps it.
func TestNeverRetrievedNamesFunction(t *testing.T) {
	t.Parallel()
	unread := func(make func(ctx context.Context, loop asyncio.EventLoop)) func(t *testing.T) {
		return func(t *testing.T) {
			found := dropped(t, false, func(ctx context.Context, loop asyncio.EventLoop) {
				make(ctx, loop)
				passes(t, ctx, 2)
			})
			want(t, "reports", len(found), 1)
			for _, c := range found {
				if f, _ := c.Extra["function"].(string); !strings.HasPrefix(f, "asyncio_test.") || !strings.Contains(f, "refused_test.go:") {
					t.Errorf("the function is %q", c.Extra["function"])
				}
				if name, _ := c.Extra["name"].(string); name == "" {
					t.Error("the task has no name")
				}
			}
		}
	}
	plainRow(t, "Go", unread(func(ctx context.Context, _ asyncio.EventLoop) { asyncio.Go(ctx, refusedWork) }))
	plainRow(t, "eager", unread(func(ctx context.Context, _ asyncio.EventLoop) {
		asyncio.Go(ctx, refusedWork, asyncio.WithEagerStart(true))
	}))
	plainRow(t, "RunCoroutineThreadsafe", unread(func(_ context.Context, loop asyncio.EventLoop) {
		elsewhere(func() { asyncio.RunCoroutineThreadsafe(loop, refusedWork) })
	}))
	plainRow(t, "by way of a factory", unread(func(_ context.Context, loop asyncio.EventLoop) {
		must(t, loop.SetTaskFactory(func(_ asyncio.EventLoop, spec *asyncio.TaskSpec) error {
			f := spec.Func
			spec.Func = func(ctx context.Context) (any, error) { return f(ctx) }
			return nil
		}))
		asyncio.CreateTask(loop, refusedWork)
	}))
	plainRow(t, "refused by a factory", unread(func(_ context.Context, loop asyncio.EventLoop) {
		must(t, loop.SetTaskFactory(func(asyncio.EventLoop, *asyncio.TaskSpec) error { return errBoom }))
		asyncio.CreateTask(loop, refusedWork)
	}))
	plainRow(t, "refused by a group", unread(func(ctx context.Context, _ asyncio.EventLoop) {
		_ = asyncio.WithTaskGroup(ctx, func(_ context.Context, g *asyncio.TaskGroup) error {
			g.Cancel()
			g.Go(func(context.Context) error { return errBoom })
			return nil
		})
	}))
}

//go:noinline
func panicsDeep(context.Context) (int, error) { panic("deep") }

// wantStack fails the test if a text has not the stack of panicsDeep, line by line.
func wantStack(t *testing.T, what, text string, times int) {
	t.Helper()
	if got := strings.Count(text, "\ngithub.com/go-asyncio/asyncio_test.panicsDeep("); got != times {
		t.Errorf("%s shows the stack %d times, want %d:\n%s", what, got, times, text)
	}
}

// panicking is a group's task that panics.
func panicking(ctx context.Context) error {
	_, err := panicsDeep(ctx)
	return err
}

// TestPanicShowsStack: %+v of what comes out has the stack; %v does without.
func TestPanicShowsStack(t *testing.T) {
	t.Parallel()
	group := func(ctx context.Context) error {
		return asyncio.WithTaskGroup(ctx, func(_ context.Context, g *asyncio.TaskGroup) error {
			g.Go(panicking)
			g.Go(panicking)
			return nil
		})
	}
	ways := map[string]func(ctx context.Context) error{
		"1 task": func(ctx context.Context) error {
			_, err := asyncio.Go(ctx, panicsDeep).Await(ctx)
			return err
		},
		"1 main": func(ctx context.Context) (err error) {
			elsewhere(func() { _, err = asyncio.Run(ctx, panicsDeep) })
			return err
		},
		"2 group": group,
		"2 group in a group": func(ctx context.Context) error {
			return asyncio.WithTaskGroup(ctx, func(_ context.Context, g *asyncio.TaskGroup) error {
				g.Go(group)
				return nil
			})
		},
		"1 wrapped by the package": func(ctx context.Context) error {
			loop, err := asyncio.GetRunningLoop()
			must(t, err)
			inner := &asyncio.PanicError{Value: "deep", Stack: []byte("\ngithub.com/go-asyncio/asyncio_test.panicsDeep(")}
			must(t, loop.SetTaskFactory(func(asyncio.EventLoop, *asyncio.TaskSpec) error { return inner }))
			defer func() { must(t, loop.SetTaskFactory(nil)) }()
			return asyncio.Go(ctx, panicsDeep).Exception()
		},
	}
	for name, way := range ways {
		row(t, name, func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
			err := way(ctx)
			wantStack(t, "%v", fmt.Sprint(err), 0)
			wantStack(t, "%s", fmt.Sprintf("%s", err), 0)
			wantStack(t, "%+v", fmt.Sprintf("%+v", err), int(name[0]-'0'))
			want(t, "%q", fmt.Sprintf("%q", err), strconv.Quote(err.Error()))
		})
	}
}

// TestPanicReport: a logger of the program's own gets the stack as an attribute, once.
func TestPanicReport(t *testing.T) {
	t.Parallel()
	plainRow(t, "attribute", func(t *testing.T) {
		var log testkit.LogBook
		loop := newLoop(t, logTo(&log))
		asyncio.CreateTask(loop, panicsDeep)
		onePass(t, loop)
		must(t, loop.Close())
		structured := log.Records()
		want(t, "records", len(structured), 1)
		stack, _ := structured[0]["stack"].Any().(string)
		wantStack(t, "the stack", stack, 1)
		err, _ := structured[0]["error"].Any().(error)
		wantStack(t, "the error", fmt.Sprintf("%+v", err), 0)
		var p *asyncio.PanicError
		want(t, "the error is the panic", errors.As(err, &p), true)
	})
}

// TestPanicReportForPeople is not parallel: the default logger is the program's.
func TestPanicReportForPeople(t *testing.T) {
	var out testkit.LogBook
	log.SetOutput(&out)
	defer log.SetOutput(os.Stderr)
	loop := newLoop(t)
	asyncio.CreateTask(loop, panicsDeep, asyncio.WithName("the one"))
	onePass(t, loop)
	must(t, loop.Close())
	wantStack(t, "the report", out.String(), 1)
	want(t, "its first line", len(out.Lines("ERROR Task exception was never retrieved", `error="panic: deep"`,
		"function=\"asyncio_test.panicsDeep() at ", `name="the one"`)), 1)
	if strings.Contains(out.String(), `\n`) {
		t.Errorf("it has lines in one line: %s", out.String())
	}
}

// TestPendingAtCloseSaysWhereMade: in debug mode.
func TestPendingAtCloseSaysWhereMade(t *testing.T) {
	t.Parallel()
	for name, debug := range map[string]bool{"plain": false, "debug": true} {
		plainRow(t, name, func(t *testing.T) {
			loop := newLoop(t, asyncio.WithDebug(debug), silent)
			r := collectReports(t, loop)
			asyncio.CreateTask(loop, sleeper(forever))
			onePass(t, loop)
			must(t, loop.Close())
			want(t, "reports", len(r.all()), 1)
			for _, c := range r.all() {
				want(t, "message", c.Message, "Task was destroyed but it is pending")
				want(t, "it says where the task was made", strings.Contains(c.Source, "TestPendingAtCloseSaysWhereMade"), debug)
			}
		})
	}
}
