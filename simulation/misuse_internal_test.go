package simulation

import (
	"context"
	"fmt"
	"net"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/streams"
)

// deaf is a test that fails without failing.
type deaf struct{ said []string }

func (*deaf) Name() string        { return "TestDeaf" }
func (*deaf) Helper()             {}
func (*deaf) Log(...any)          {}
func (d *deaf) Error(args ...any) { d.said = append(d.said, fmt.Sprint(args...)) }
func (*deaf) FailNow()            { runtime.Goexit() }

// inBubble runs a world in a bubble and returns what it says of its failures.
func inBubble(t *testing.T, f func(w *World), opts ...Option) string {
	t.Helper()
	d := &deaf{}
	synctest.Test(t, func(*testing.T) {
		done := make(chan struct{})
		go func() {
			defer close(done)
			w := newWorld(1, d, true, opts)
			defer w.end()
			f(w)
		}()
		<-done
	})
	return strings.Join(d.said, "\n")
}

// outside runs a world outside a bubble and returns what it says of its failures.
func outside(t *testing.T, f func(w *World), opts ...Option) string {
	t.Helper()
	if err := Run(1, f, opts...); err != nil {
		return err.Error()
	}
	return ""
}

// mustSay checks that a failure was told, with all of the texts.
func mustSay(t *testing.T, said string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(said, text) {
			t.Errorf("it does not say %q:\n%s", text, said)
		}
	}
	if testing.Verbose() {
		t.Logf("%s", said)
	}
}

// run starts a main function and has it end.
func run(w *World, main func(ctx context.Context) error) {
	w.Host("a").Start(main)
	if err := w.Run(); err != nil {
		w.Errorf("%v", err)
	}
}

// TestForeignGoroutine: a goroutine of the program's that reaches a loop is found, with its
// line.
func TestForeignGoroutine(t *testing.T) {
	here := "misuse_internal_test.go:"
	reaches := map[string]func(l asyncio.EventLoop, f *asyncio.Future[int]){
		"call":   func(l asyncio.EventLoop, _ *asyncio.Future[int]) { _, _ = l.CallSoonThreadsafe(func() {}) },
		"future": func(_ asyncio.EventLoop, f *asyncio.Future[int]) { _ = f.SetResult(1) },
		"coroutine": func(l asyncio.EventLoop, _ *asyncio.Future[int]) {
			asyncio.RunCoroutineThreadsafe(l, func(context.Context) (int, error) { return 1, nil })
		},
	}
	for name, reach := range reaches {
		f := func(w *World) {
			run(w, func(ctx context.Context) error {
				l, err := asyncio.GetRunningLoop()
				if err != nil {
					return err
				}
				f := asyncio.NewFuture[int](l)
				if name == "future" {
					asyncio.Go(ctx, f.Await)
					if err := asyncio.Sleep(ctx, time.Millisecond); err != nil {
						return err
					}
				}
				done := make(chan struct{})
				go func() {
					defer close(done)
					reach(l, f)
				}()
				<-done
				return asyncio.Sleep(ctx, time.Millisecond)
			})
		}
		for _, how := range []func(*testing.T, func(*World), ...Option) string{inBubble, outside} {
			mustSay(t, how(t, f), "a goroutine that is none of the simulation's has reached the event loop of host \"a\"", here, "WithForeignGoroutines")
			if said := how(t, f, WithForeignGoroutines()); said != "" {
				t.Errorf("%s: %s", name, said)
			}
		}
	}
}

// TestTimersMayReach: what package time starts in a bubble may reach a loop.
func TestTimersMayReach(t *testing.T) {
	said := inBubble(t, func(w *World) {
		run(w, func(ctx context.Context) error {
			l, err := asyncio.GetRunningLoop()
			if err != nil {
				return err
			}
			f := asyncio.NewFuture[int](l)
			time.AfterFunc(time.Second, func() { _ = f.SetResult(1) })
			if _, err := f.Await(ctx); err != nil {
				return err
			}
			short, cancel := context.WithTimeout(ctx, time.Second)
			defer cancel()
			if err := asyncio.Sleep(short, time.Hour); err == nil {
				return fmt.Errorf("an hour has passed")
			}
			time.Sleep(time.Second) // of virtual time
			if l.Time() != 3*time.Second || w.Elapsed() != 3*time.Second {
				return fmt.Errorf("it is %v on the loop, %v in the world", l.Time(), w.Elapsed())
			}
			return nil
		})
	})
	if said != "" {
		t.Error(said)
	}
}

// TestBlocked: a host that blocks for ever in its own code is found, with the line.
func TestBlocked(t *testing.T) {
	said := inBubble(t, func(w *World) {
		inside := make(chan struct{})
		w.Cleanup(func() { close(inside) })
		run(w, func(ctx context.Context) error {
			<-inside // here
			return nil
		})
	})
	mustSay(t, said, "nothing is to come", "host a, blocked", "misuse_internal_test.go:")
}

// TestHangs: outside a bubble, too, in a host's program and in an executor.
func TestHangs(t *testing.T) {
	for name, f := range map[string]func(ctx context.Context, gate chan struct{}) error{
		"program": func(_ context.Context, gate chan struct{}) error { <-gate; return nil },
		"executor": func(ctx context.Context, gate chan struct{}) error {
			_, err := asyncio.ToThread(ctx, func() (int, error) { <-gate; return 0, nil })
			return err
		},
	} {
		gate := make(chan struct{})
		defer close(gate)
		said := outside(t, func(w *World) {
			w.driver.hang.patience = 50 * time.Millisecond
			run(w, func(ctx context.Context) error { return f(ctx, gate) })
		})
		mustSay(t, said, "host a is blocked in its own code", "misuse_internal_test.go:")
		if t.Failed() {
			t.Log(name)
		}
	}
	slow := outside(t, func(w *World) {
		w.driver.hang.patience = time.Millisecond
		run(w, func(ctx context.Context) error {
			n := 0
			for began := time.Now(); time.Since(began) < 20*time.Millisecond; n++ {
				runtime.Gosched()
			}
			return asyncio.Sleep(ctx, time.Duration(n%2))
		})
	})
	if slow != "" {
		t.Errorf("what only takes long: %s", slow)
	}
}

// TestNothingToCome: hosts that wait for each other for ever are found, with their tasks.
func TestNothingToCome(t *testing.T) {
	f := func(w *World) {
		run(w, func(ctx context.Context) error {
			_, err := asyncio.NewFuture[int](nil).Await(ctx)
			return err
		})
	}
	for _, how := range []func(*testing.T, func(*World), ...Option) string{inBubble, outside} {
		mustSay(t, how(t, f), "nothing is to come", "host a", "Task-1", "misuse_internal_test.go")
	}
}

// TestNeverEnds: a program without end is found, by time, by passes, and without either.
func TestNeverEnds(t *testing.T) {
	ticks := func(w *World) {
		run(w, func(ctx context.Context) error {
			for {
				if err := asyncio.Sleep(ctx, time.Second); err != nil {
					return err
				}
			}
		})
	}
	spins := func(w *World) {
		w.driver.mostStill = 1000
		run(w, func(ctx context.Context) error {
			for {
				if err := asyncio.Sleep(ctx, 0); err != nil {
					return err
				}
			}
		})
	}
	for _, how := range []func(*testing.T, func(*World), ...Option) string{inBubble, outside} {
		mustSay(t, how(t, ticks, WithLimit(time.Minute)), "it goes on after 1m0s of virtual time", "host a", "Task-1")
		mustSay(t, how(t, ticks, WithPasses(100)), "it goes on after 100 passes", "host a", "Task-1")
		mustSay(t, how(t, spins), "something is always ready, and time never passes", "host a", "Task-1")
	}
}

// TestUnsupported: what needs the system itself says so, and what to use instead.
func TestUnsupported(t *testing.T) {
	said := outside(t, func(w *World) {
		run(w, func(ctx context.Context) error {
			l, err := asyncio.GetRunningLoop()
			if err != nil {
				return err
			}
			_, _, err = l.SubprocessExec(ctx, nil, nil, "true")
			w.Errorf("%v", err)
			_, _, err = l.SubprocessShell(ctx, nil, nil, "true")
			w.Errorf("%v", err)
			w.Errorf("%v", l.AddSignalHandler(nil, nil))
			c, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				return err
			}
			d, err := net.Dial("tcp", c.Addr().String())
			if err != nil {
				return err
			}
			defer d.Close()
			defer c.Close()
			_, _, err = streams.OpenConnection(ctx, "", "", &asyncio.ConnectionOptions{Conn: d.(*net.TCPConn)})
			w.Errorf("%v", err)
			return nil
		})
	})
	mustSay(t, said, "SubprocessExec: unsupported operation: the simulated host \"a\" has no programs to start", "SubprocessShell", "AddSignalHandler")
}

// TestPinned: a loop that cannot be simulated is refused, and the world can end.
func TestPinned(t *testing.T) {
	for _, how := range []func(*testing.T, func(*World), ...Option) string{inBubble, outside} {
		mustSay(t, how(t, func(w *World) {
			w.Host("a", WithLoopOptions(asyncio.WithPinnedThread())).Start(func(context.Context) error { return nil })
			w.RunFor(time.Second)
		}), "Start on host \"a\"", "WithPinnedThread", "leave the option out")
	}
}

// TestWaits: who waits for a loop from outside is refused, or gives its turn back.
func TestWaits(t *testing.T) {
	for _, how := range []func(*testing.T, func(*World), ...Option) string{inBubble, outside} {
		mustSay(t, how(t, func(w *World) {
			h := w.Host("a")
			h.Start(func(ctx context.Context) error { return asyncio.Sleep(ctx, time.Second) })
			w.RunFor(0)
			_, err := asyncio.NewFuture[int](h.Loop()).Await(context.Background())
			w.Errorf("%v", err)
		}), "would wait for host \"a\" for ever", "use World.RunUntil")
	}
	waits := func(w *World) {
		run(w, func(ctx context.Context) error {
			l := HostOf(ctx).Loop()
			got, err := asyncio.ToThread(ctx, func() (int, error) {
				return asyncio.RunCoroutineThreadsafe(l, func(ctx context.Context) (int, error) {
					return 42, asyncio.Sleep(ctx, time.Second)
				}).Await(context.Background())
			})
			if err == nil && (got != 42 || l.Time() < time.Second) {
				err = fmt.Errorf("%d at %v", got, l.Time())
			}
			return err
		})
	}
	if said := inBubble(t, waits); said != "" {
		t.Error(said)
	}
	mustSay(t, outside(t, waits), "do it in a coroutine")
}

// TestTogether: two hosts that go on at one moment by themselves are found.
func TestTogether(t *testing.T) {
	sleeps := func(w *World) {
		for _, name := range []string{"a", "b"} {
			w.Host(name).Start(func(context.Context) error {
				time.Sleep(time.Second) // of virtual time
				return nil
			})
		}
		if err := w.Run(); err != nil {
			w.Errorf("%v", err)
		}
	}
	mustSay(t, inBubble(t, sleeps), "the hosts a and b have gone on at one moment, 1s", "use asyncio.Sleep")
	if said := inBubble(t, sleeps, WithForeignGoroutines()); said != "" {
		t.Error(said)
	}
	mustSay(t, inBubble(t, func(w *World) {
		gate := make(chan struct{})
		w.Host("a").Start(func(context.Context) error { <-gate; return nil })
		w.Host("b").Start(func(ctx context.Context) error {
			err := asyncio.Sleep(ctx, time.Second)
			close(gate)
			return err
		})
		if err := w.Run(); err != nil {
			w.Errorf("%v", err)
		}
	}), "the hosts a and b have gone on at one moment, 1s")
}
