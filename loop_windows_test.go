package asyncio_test

import (
	"context"
	"errors"
	"testing"

	"golang.org/x/sys/windows"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/proactors"
)

// proactorLoop makes a loop over a completion port, which is to report nothing.
func proactorLoop(t *testing.T) *asyncio.ProactorEventLoop {
	t.Helper()
	p, err := proactors.NewIOCPProactor()
	must(t, err)
	loop, err := asyncio.NewProactorEventLoop(p)
	must(t, err)
	must(t, loop.SetExceptionHandler(func(_ asyncio.EventLoop, c asyncio.ExceptionContext) {
		t.Errorf("reported: %s: %v", c.Message, c.Err)
	}))
	return loop
}

// ctrlProgram is ended by what is pressed while the loop waits: the default loop of
// this system.
func ctrlProgram(name string, event uint32) string {
	return program(name, func() error {
		var c complaints
		r := asyncio.NewRunner()
		loop, err := r.Loop()
		c.must(err)
		_, ok := loop.(*asyncio.ProactorEventLoop)
		c.check(ok, "the default loop is %T", loop)
		cleaned := false
		ctx, cancel := context.WithCancelCause(context.Background())
		_, err = asyncio.RunOn(ctx, r, func(ctx context.Context) (int, error) {
			go func() {
				if err := press(event); err != nil {
					cancel(err)
				}
			}()
			err := asyncio.Sleep(ctx, forever)
			cleaned = errors.Is(err, asyncio.ErrCancelled)
			return 0, err
		})
		c.check(errors.Is(err, asyncio.ErrInterrupted), "the run ended with %v, %v", err, context.Cause(ctx))
		c.check(cleaned, "main was not cancelled")
		v, err := asyncio.RunOn(context.Background(), r, value("again"))
		c.check(v == "again" && err == nil, "the next run: %v, %v", v, err)
		c.must(r.Close())
		return c.err()
	})
}

var (
	ctrlCProgram     = ctrlProgram("ctrl-c", windows.CTRL_C_EVENT)
	ctrlBreakProgram = ctrlProgram("ctrl-break", windows.CTRL_BREAK_EVENT)
)

var windowsPolicyProgram = program("policies of windows", func() error {
	var c complaints
	p, err := asyncio.NewWindowsProactorEventLoopPolicy()
	c.must(err)
	s, err := asyncio.NewWindowsSelectorEventLoopPolicy()
	c.must(err)
	for _, policy := range []asyncio.EventLoopPolicy{nil, p, s} {
		asyncio.SetEventLoopPolicy(policy)
		kind, err := asyncio.Run(context.Background(), func(context.Context) (string, error) {
			loop, err := asyncio.GetRunningLoop()
			if err != nil {
				return "", err
			}
			b, err := asyncio.LoopBackend(loop)
			return b.Kind, err
		})
		c.must(err)
		want := "proactor"
		if policy == asyncio.EventLoopPolicy(s) {
			want = "selector"
		}
		c.check(kind == want, "%T makes a %s loop", policy, kind)
	}
	return c.err()
})

func TestWindows(t *testing.T) {
	t.Parallel()
	for id, name := range map[string]string{
		"windows.001.ctrl-c":                 ctrlCProgram,
		"ctrl-break":                         ctrlBreakProgram,
		"policy.018.windows-proactor-policy": windowsPolicyProgram,
	} {
		t.Run(id+"/iocp", func(t *testing.T) {
			t.Parallel()
			inProgram(t, name)
		})
	}
	t.Run("windows.002.non-main-thread/iocp", func(t *testing.T) {
		t.Parallel()
		loop := proactorLoop(t)
		fut := asyncio.NewFuture[int](loop)
		_, err := loop.CallSoon(func() { _ = fut.SetResult(1) })
		must(t, err)
		must(t, loop.RunUntilComplete(fut))
		must(t, loop.Close())
	})
	t.Run("windows.008.self-pipe-restart/iocp", func(t *testing.T) {
		t.Parallel()
		loop := proactorLoop(t)
		for range 5 {
			woken := false
			go func() { _, _ = loop.CallSoonThreadsafe(func() { woken = true; loop.Stop() }) }()
			must(t, loop.RunForever())
			if !woken {
				t.Error("the run ended without having been woken")
			}
		}
		must(t, loop.Close())
	})
}
