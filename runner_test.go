package asyncio_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
)

// loopFactory is a runner's loop factory that keeps the loops it makes.
func loopFactory(t *testing.T, loops *[]asyncio.EventLoop) asyncio.RunOption {
	return asyncio.WithLoopFactory(func() (asyncio.EventLoop, error) {
		*loops = append(*loops, mustLoop(t))
		return (*loops)[len(*loops)-1], nil
	})
}

// ofKind has a runner make loops of the kind that the test is for.
func ofKind(t *testing.T) asyncio.RunOption {
	return asyncio.WithLoopFactory(func() (asyncio.EventLoop, error) { return mustLoop(t), nil })
}

// runOfKind is asyncio.Run on such a loop.
func runOfKind[T any](t *testing.T, ctx context.Context, f func(context.Context) (T, error)) (T, error) {
	return asyncio.Run(ctx, f, ofKind(t))
}

func notEntered(t *testing.T) func(context.Context) (int, error) {
	return func(context.Context) (int, error) {
		t.Error("the function was called")
		return 0, nil
	}
}

func TestRun(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	plainRow(t, "runners.001.run-return", func(t *testing.T) {
		var loop asyncio.EventLoop
		v, err := runOfKind(t, ctx, func(ctx context.Context) (int, error) {
			var err error
			if loop, err = asyncio.GetRunningLoop(); err != nil {
				return 0, err
			}
			return 42, asyncio.Sleep(ctx, 0)
		})
		if v != 42 || err != nil {
			t.Errorf("%v, %v", v, err)
		}
		if !loop.IsClosed() {
			t.Errorf("%v was not closed", loop)
		}
	})
	plainRow(t, "runners.002.run-error", func(t *testing.T) {
		_, err := runOfKind(t, ctx, func(ctx context.Context) (int, error) {
			must(t, asyncio.Sleep(ctx, 0))
			return 0, errOther
		})
		if err != errOther {
			t.Errorf("error is %v, want main's own", err)
		}
		_, err = runOfKind(t, ctx, func(context.Context) (int, error) { panic("boom") })
		var p *asyncio.PanicError
		if !errors.As(err, &p) || p.Value != "boom" {
			t.Errorf("error is %v, want main's panic", err)
		}
		_, err = runOfKind[int](t, ctx, nil)
		wantError(t, err, asyncio.ErrInvalidArgument)
	})
	plainRow(t, "runners.004.run-nested", func(t *testing.T) {
		_, err := runOfKind(t, ctx, func(ctx context.Context) (int, error) {
			return runOfKind(t, ctx, notEntered(t))
		})
		wantError(t, err, asyncio.ErrLoopRunning)
	})
	plainRow(t, "runners.005.run-cancels-leftovers", func(t *testing.T) {
		var left *asyncio.Task[string]
		var c cleaner
		v, err := runOfKind(t, ctx, func(ctx context.Context) (int, error) {
			left = asyncio.Go(ctx, c.run)
			return 123, asyncio.Sleep(ctx, 0)
		})
		if v != 123 || err != nil {
			t.Errorf("%v, %v", v, err)
		}
		if !left.Cancelled() {
			t.Errorf("left over: %v", left)
		}
		wantCleaned(t, &c)
	})
	plainRow(t, "runners.006.run-reports-leftover-errors", func(t *testing.T) {
		var left *asyncio.Task[struct{}]
		var reported *reports
		v, err := runOfKind(t, ctx, func(ctx context.Context) (int, error) {
			loop, err := asyncio.GetRunningLoop()
			must(t, err)
			reported = collectReports(t, loop)
			left = asyncio.Go(ctx, func(ctx context.Context) (struct{}, error) {
				return struct{}{}, failsWhenCancelled(errChild)(ctx)
			})
			return 123, asyncio.Sleep(ctx, 0)
		})
		if v != 123 || err != nil {
			t.Errorf("%v, %v", v, err)
		}
		all := reported.all()
		if len(all) != 1 || all[0].Err != errChild || all[0].Task != asyncio.AnyTask(left) ||
			!strings.Contains(all[0].Message, "asyncio.Run shutdown") {
			t.Errorf("reports: %+v", all)
		}
	})
}

func TestRunner(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	plainRow(t, "runners.009.runner-debug", func(t *testing.T) {
		for _, on := range []bool{false, true} {
			r := asyncio.NewRunner(ofKind(t), asyncio.WithRunDebug(on))
			loop, err := r.Loop()
			must(t, err)
			if loop.GetDebug() != on {
				t.Errorf("debug is %v", !on)
			}
			must(t, r.Close())
		}
	})
	plainRow(t, "runners.010.runner-factory", func(t *testing.T) {
		var loops []asyncio.EventLoop
		r := asyncio.NewRunner(loopFactory(t, &loops))
		loop, err := r.Loop()
		must(t, err)
		if len(loops) != 1 || loop != loops[0] {
			t.Errorf("loop is %v, the factory made %v", loop, loops)
		}
		_, err = asyncio.GetEventLoop()
		wantError(t, err, asyncio.ErrNoCurrentLoop)
		must(t, r.Close())

		r = asyncio.NewRunner(asyncio.WithLoopFactory(func() (asyncio.EventLoop, error) { return nil, errOther }))
		_, err = r.Loop()
		wantError(t, err, errOther)
		must(t, r.Close())
		_, err = asyncio.Run(ctx, notEntered(t), asyncio.WithLoopFactory(func() (asyncio.EventLoop, error) { return nil, nil }))
		wantError(t, err, asyncio.ErrNoCurrentLoop)
	})
	plainRow(t, "runners.011.runner-run", func(t *testing.T) {
		r := asyncio.NewRunner(ofKind(t))
		if v, err := asyncio.RunOn(ctx, r, value("done")); v != "done" || err != nil {
			t.Errorf("%v, %v", v, err)
		}
		loop, err := r.Loop()
		must(t, err)
		v, err := r.Run(ctx, func(ctx context.Context) (any, error) {
			running, err := r.Loop()
			if running != loop {
				t.Errorf("the second run is on %v", running)
			}
			return "again", err
		})
		if v != "again" || err != nil {
			t.Errorf("%v, %v", v, err)
		}
		must(t, r.Close())
		_, err = r.Loop()
		wantError(t, err, asyncio.ErrInvalidState)
		if !loop.IsClosed() {
			t.Errorf("%v was not closed", loop)
		}
	})
	plainRow(t, "runners.013.runner-close", func(t *testing.T) {
		r := asyncio.NewRunner(ofKind(t))
		loop, err := r.Loop()
		must(t, err)
		for range 2 {
			must(t, r.Close())
			if !loop.IsClosed() {
				t.Errorf("%v was not closed", loop)
			}
		}
		must(t, asyncio.NewRunner().Close())
	})
	plainRow(t, "runners.014.runner-reenter", func(t *testing.T) {
		r := asyncio.NewRunner(ofKind(t))
		_, err := asyncio.RunOn(ctx, r, value(1))
		must(t, err)
		must(t, r.Close())
		_, err = asyncio.RunOn(ctx, r, notEntered(t))
		wantError(t, err, asyncio.ErrInvalidState)
	})
	plainRow(t, "runners.016.runner-recursive", func(t *testing.T) {
		r := asyncio.NewRunner(ofKind(t))
		_, err := asyncio.RunOn(ctx, r, func(ctx context.Context) (int, error) {
			wantError(t, r.Close(), asyncio.ErrLoopRunning)
			elsewhere := make(chan error)
			go func() {
				_, err := asyncio.RunOn(ctx, r, notEntered(t))
				elsewhere <- errors.Join(err, r.Close())
			}()
			wantError(t, <-elsewhere, asyncio.ErrLoopRunning)
			return asyncio.RunOn(ctx, r, notEntered(t))
		})
		wantError(t, err, asyncio.ErrLoopRunning)
		must(t, r.Close())
	})
}

// TestRunContext: the context given to a run reaches main, values and end.
func TestRunContext(t *testing.T) {
	t.Parallel()
	type key struct{}
	base := context.WithValue(context.Background(), key{}, "value")
	t.Run("values", func(t *testing.T) {
		t.Parallel()
		v, err := asyncio.Run(base, func(ctx context.Context) (any, error) { return ctx.Value(key{}), nil })
		if v != "value" || err != nil {
			t.Errorf("%v, %v", v, err)
		}
		//lint:ignore SA1012 a nil context is what is tried
		if _, err := asyncio.Run(nil, value(0)); err != nil {
			t.Error(err)
		}
	})
	t.Run("cancelled", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancelCause(base)
		_, err := asyncio.Run(ctx, func(ctx context.Context) (int, error) {
			cancel(errOther)
			err := asyncio.Sleep(ctx, forever)
			wantError(t, ctx.Err(), context.Canceled)
			return 0, err
		})
		wantError(t, err, asyncio.ErrCancelled)
		var c *asyncio.CancelledError
		if !errors.As(err, &c) || c.Message != errOther {
			t.Errorf("%v does not tell the cause", err)
		}
	})
	t.Run("cancelled before", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(base)
		cancel()
		_, err := asyncio.Run(ctx, notEntered(t))
		wantError(t, err, context.Canceled)
	})
	t.Run("deadline", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithTimeout(base, instant)
		defer cancel()
		_, err := asyncio.Run(ctx, sleeper(forever))
		wantTimeout(t, err)
		wantCause(t, err)
		wantError(t, err, context.DeadlineExceeded)
	})
	t.Run("main makes its own of it", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(base)
		v, err := asyncio.Run(ctx, func(ctx context.Context) (int, error) {
			cancel()
			wantError(t, asyncio.Sleep(ctx, forever), asyncio.ErrCancelled)
			return 7, nil
		})
		if v != 7 || err != nil {
			t.Errorf("%v, %v", v, err)
		}
	})
}

// TestRunStopped: a main function that was not waited for to the end is not lost
// without a word.
func TestRunStopped(t *testing.T) {
	t.Parallel()
	var c cleaner
	_, err := asyncio.Run(context.Background(), func(ctx context.Context) (string, error) {
		loop, err := asyncio.GetRunningLoop()
		must(t, err)
		loop.Stop()
		return c.run(ctx)
	})
	wantError(t, err, asyncio.ErrLoopStopped)
	wantCleaned(t, &c)
}

// noted is a loop that notes the steps of its end; those named in fail fail.
type noted struct {
	*asyncio.SelectorEventLoop
	note func(step string) error
}

func (l *noted) ShutdownDefaultExecutor(ctx context.Context) error {
	return errors.Join(l.note("executor"), l.SelectorEventLoop.ShutdownDefaultExecutor(ctx))
}

func (l *noted) Close() error {
	return errors.Join(l.note("close"), l.SelectorEventLoop.Close())
}

// notedPolicy makes such loops and notes what is set.
type notedPolicy struct {
	*asyncio.DefaultEventLoopPolicy
	note func(step string) error
}

func (p *notedPolicy) NewEventLoop() (asyncio.EventLoop, error) {
	l := &noted{note: p.note}
	inner, err := asyncio.NewSelectorEventLoop(nil, asyncio.WithSelf(l))
	if err != nil {
		return nil, err
	}
	l.SelectorEventLoop = inner
	return l, nil
}

func (p *notedPolicy) SetEventLoop(loop asyncio.EventLoop) error {
	step := "set"
	if loop == nil {
		step = "unset"
	}
	return errors.Join(p.note(step), p.DefaultEventLoopPolicy.SetEventLoop(loop))
}

// notedSteps runs f under a policy that notes steps, and returns them.
func notedSteps(fail string, f func(note func(string) error)) []string {
	var steps []string
	note := func(step string) error {
		steps = append(steps, step)
		if step == fail {
			return errOther
		}
		return nil
	}
	asyncio.SetEventLoopPolicy(&notedPolicy{asyncio.NewDefaultEventLoopPolicy(), note})
	defer asyncio.SetEventLoopPolicy(nil)
	f(note)
	return steps
}

var closeOrderProgram = program("close order", func() error {
	var c complaints
	run := func(note func(string) error) error {
		_, err := asyncio.Run(context.Background(), func(ctx context.Context) (int, error) {
			asyncio.Go(ctx, func(ctx context.Context) (int, error) {
				err := asyncio.Sleep(ctx, forever)
				return 0, errors.Join(note("left over"), err)
			})
			return 0, asyncio.Sleep(ctx, 0)
		})
		return err
	}
	steps := notedSteps("", func(note func(string) error) { c.must(run(note)) })
	c.check(slices.Equal(steps, []string{"set", "left over", "executor", "unset", "close"}), "steps %q", steps)

	steps = notedSteps("executor", func(note func(string) error) {
		err := run(note)
		c.check(errors.Is(err, errOther), "a failing step: %v", err)
	})
	c.check(slices.Equal(steps, []string{"set", "left over", "executor", "unset", "close"}), "steps with a failing one: %q", steps)
	return c.err()
})

var setOnceProgram = program("set once", func() error {
	var c complaints
	steps := notedSteps("", func(func(string) error) {
		r := asyncio.NewRunner()
		for range 2 {
			_, err := asyncio.RunOn(context.Background(), r, value(0))
			c.must(err)
		}
		c.must(r.Close())
	})
	c.check(slices.Equal(steps, []string{"set", "executor", "unset", "close"}), "steps %q", steps)
	return c.err()
})

// mainRunProgram: from the main goroutine the loop of a run is the current one
// while it lasts, and there is none after.
var mainRunProgram = program("run in main", func() error {
	var c complaints
	v, err := asyncio.Run(context.Background(), func(ctx context.Context) (int, error) {
		running, err := asyncio.GetRunningLoop()
		c.must(err)
		current, err := asyncio.GetEventLoop()
		c.must(err)
		c.check(running == current, "running %v, current %v", running, current)
		return 42, asyncio.Sleep(ctx, time.Microsecond)
	})
	c.check(v == 42 && err == nil, "%v, %v", v, err)
	loop, err := asyncio.GetEventLoop()
	c.check(errors.Is(err, asyncio.ErrNoCurrentLoop), "after it: %v, %v", loop, err)
	return c.err()
})

func TestRunPrograms(t *testing.T) {
	t.Parallel()
	for id, name := range map[string]string{
		"runners.019.runner-sets-loop-once":     setOnceProgram,
		"runners.021.close-order":               closeOrderProgram,
		"runners.001.run-return/main goroutine": mainRunProgram,
	} {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			inProgram(t, name)
		})
	}
}
