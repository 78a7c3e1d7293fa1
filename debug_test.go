package asyncio_test

import (
	"context"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
)

// TestEnvironment is not parallel: the environment is the program's.
func TestEnvironment(t *testing.T) {
	t.Run("base.031.env-debug", func(t *testing.T) {
		debug := func() bool { return newLoop(t).GetDebug() }
		t.Setenv("ASYNCIO_DEBUG", "restored at the end")
		must(t, os.Unsetenv("ASYNCIO_DEBUG"))
		want(t, "unset", debug(), false)
		must(t, os.Setenv("ASYNCIO_DEBUG", ""))
		for _, off := range []string{"", "0", "false", "FALSE", "False", "no", "No", "off", "OFF", " 0 "} {
			must(t, os.Setenv("ASYNCIO_DEBUG", off))
			want(t, "with "+off, debug(), false)
		}
		for _, on := range []string{"1", "x", "true", "yes", "on", "2", "00"} {
			must(t, os.Setenv("ASYNCIO_DEBUG", on))
			want(t, on, debug(), true)
		}
		want(t, "an option that says otherwise", newLoop(t, asyncio.WithDebug(false)).GetDebug(), false)
		made := newLoop(t)
		must(t, os.Setenv("ASYNCIO_DEBUG", ""))
		want(t, "what was set when the loop was made", made.GetDebug(), true)
	})
}

// newDebugLoop makes a loop in debug mode that finds everything slow.
func newDebugLoop(t *testing.T, opts ...asyncio.LoopOption) (asyncio.EventLoop, *testkit.LogBook) {
	t.Helper()
	log := &testkit.LogBook{}
	loop := newLoop(t, append(opts, logTo(log), asyncio.WithDebug(true))...)
	must(t, loop.SetSlowCallbackDuration(1))
	return loop, log
}

// slowFunction takes some time, as far as the clock can tell.
func slowFunction() {
	for began := time.Now(); time.Since(began) == 0; {
		runtime.Gosched()
	}
}

func slowCoroutine(ctx context.Context) (int, error) {
	slowFunction()
	err := asyncio.Sleep(ctx, 0)
	slowFunction()
	return 1, err
}

func TestSlowCallbacks(t *testing.T) {
	t.Parallel()
	plainRow(t, "base.084a.slow-callback-log-callback", func(t *testing.T) {
		loop, log := newDebugLoop(t)
		named := func(texts ...string) int {
			return len(log.Lines(append(texts, "level=WARN", "Executing <Handle ", "slowFunction() at ", "debug_test.go:", "> took ", " seconds")...))
		}
		soon(t, loop, slowFunction)
		_, err := loop.CallLater(0, slowFunction)
		must(t, err)
		_, err = loop.CallSoonThreadsafe(slowFunction)
		must(t, err)
		onePass(t, loop)
		want(t, "slow callbacks", named(), 3)

		must(t, loop.SetSlowCallbackDuration(time.Hour))
		soon(t, loop, slowFunction)
		onePass(t, loop)
		want(t, "and none after that", named(), 3)
		must(t, loop.SetSlowCallbackDuration(1))
		loop.SetDebug(false)
		soon(t, loop, slowFunction)
		onePass(t, loop)
		want(t, "nor without debug mode", named(), 3)
	})
	plainRow(t, "base.084b.slow-callback-log-task", func(t *testing.T) {
		check := func(t *testing.T, loop asyncio.EventLoop, log *testkit.LogBook) {
			task := asyncio.CreateTask(loop, slowCoroutine, asyncio.WithName("slow one"))
			must(t, loop.RunUntilComplete(task))
			first := log.Lines("level=WARN", "Executing <Task pending", `slow one`, "coro=<asyncio_test.slowCoroutine() at ", "took ")
			last := log.Lines("level=WARN", "Executing <Task finished", `slow one`, "took ")
			if len(first) != 1 || len(last) != 1 {
				t.Error(log.String())
			}
		}
		t.Run("plain", func(t *testing.T) {
			loop, log := newDebugLoop(t)
			check(t, loop, log)
		})
		t.Run("overridden", func(t *testing.T) {
			log := &testkit.LogBook{}
			loop := newOverriding(t, logTo(log), asyncio.WithDebug(true))
			must(t, loop.SetSlowCallbackDuration(1))
			check(t, loop, log)
		})
	})
	plainRow(t, "reader-and-writer", func(t *testing.T) {
		loop, log := newDebugLoop(t)
		a, b := connected(t)
		fd := descriptor(t, b)
		_, err := a.Write([]byte("x"))
		must(t, err)
		must(t, loop.AddReader(fd, slowFunction))
		must(t, loop.AddWriter(fd, func() {
			if len(log.Lines("Executing <Handle ", "slowFunction() at ", "TestSlowCallbacks.")) == 0 {
				return // not yet both of them in one pass
			}
			loop.Stop()
		}))
		must(t, loop.RunForever())
	})
	plainRow(t, "durations-are-checked", func(t *testing.T) {
		loop := newLoop(t)
		wantError(t, loop.SetSlowCallbackDuration(0), asyncio.ErrInvalidArgument)
		wantError(t, loop.SetSlowCallbackDuration(-1), asyncio.ErrInvalidArgument)
	})
}

// holdUntilReported holds the loop until it is said to be blocked.
func holdUntilReported(t *testing.T, log *testkit.LogBook) {
	t.Helper()
	// To sleep is what is tested here: it holds the loop.
	for began := time.Now(); len(log.Lines("Event loop blocked")) == 0; time.Sleep(time.Millisecond) { // the watchdog is a goroutine of its own, in real time
		if time.Since(began) > 30*time.Second {
			t.Error("no report while the loop is blocked")
			return
		}
	}
}

func TestBlockedLoop(t *testing.T) {
	t.Parallel()
	// Each holds the loop, until the report of that is there: so it came meanwhile.
	holders := map[string]func(t *testing.T, loop asyncio.EventLoop, log *testkit.LogBook){
		"callback": func(t *testing.T, loop asyncio.EventLoop, log *testkit.LogBook) {
			soon(t, loop, func() { holdUntilReported(t, log) })
			onePass(t, loop)
		},
		"timer": func(t *testing.T, loop asyncio.EventLoop, log *testkit.LogBook) {
			_, err := loop.CallLater(0, func() { holdUntilReported(t, log) })
			must(t, err)
			onePass(t, loop)
		},
		"coroutine": func(t *testing.T, loop asyncio.EventLoop, log *testkit.LogBook) {
			runIn(t, loop, func(ctx context.Context) {
				must(t, asyncio.Sleep(ctx, 0))
				holdUntilReported(t, log)
			})
		},
		"eager-coroutine": func(t *testing.T, loop asyncio.EventLoop, log *testkit.LogBook) {
			soon(t, loop, func() {
				asyncio.CreateTask(loop, func(context.Context) (int, error) {
					holdUntilReported(t, log)
					return 0, nil
				}, asyncio.WithEagerStart(true))
			})
			onePass(t, loop)
		},
		"after-a-lost-callback": func(t *testing.T, loop asyncio.EventLoop, log *testkit.LogBook) {
			must(t, loop.SetExceptionHandler(func(asyncio.EventLoop, asyncio.ExceptionContext) {}))
			soon(t, loop, runtime.Goexit)
			soon(t, loop, func() { holdUntilReported(t, log) })
			onePass(t, loop)
		},
	}
	for name, hold := range holders {
		plainRow(t, name, func(t *testing.T) {
			loop, log := newDebugLoop(t)
			must(t, loop.SetSlowCallbackDuration(5*time.Millisecond))
			hold(t, loop, log)
			got := log.Lines("level=WARN", "Event loop blocked for ", " seconds", "stack=")
			if len(got) != 1 || !strings.Contains(got[0], "holdUntilReported") || !strings.Contains(got[0], "debug_test.go:") {
				t.Error(got)
			}
		})
	}
	plainRow(t, "pinned", func(t *testing.T) {
		loop, log := newDebugLoop(t, asyncio.WithPinnedThread())
		must(t, loop.SetSlowCallbackDuration(5*time.Millisecond))
		holders["coroutine"](t, loop, log)
		if got := log.Lines("Event loop blocked for ", "holdUntilReported"); len(got) != 1 {
			t.Error(log.String())
		}
	})
}
