package simulation_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/simulation"
)

// inBoth runs a world in a bubble and outside.
func inBoth(t *testing.T, f func(w *simulation.World), opts ...simulation.Option) {
	t.Helper()
	t.Run("bubble", func(t *testing.T) { simulation.Test(t, f, opts...) })
	t.Run("outside", func(t *testing.T) {
		if err := simulation.Run(1, f, opts...); err != nil {
			t.Error(err)
		}
	})
}

// asks is a main function that asks the echo server again and again, and counts what came back.
func asks(answers *int, errs *[]error) func(ctx context.Context) error {
	return func(ctx context.Context) error {
		for {
			err := asyncio.Timeout(ctx, time.Second, func(ctx context.Context, _ *asyncio.TimeoutScope) error { return ask(ctx, 1) })
			if err == nil {
				*answers++
			} else {
				*errs = append(*errs, err)
			}
			if err := asyncio.Sleep(ctx, 100*time.Millisecond); err != nil {
				return err
			}
		}
	}
}

// TestCrash: a host that crashes is silent, its program has ended, and comes back by Restart.
func TestCrash(t *testing.T) {
	inBoth(t, func(w *simulation.World) {
		var answers, starts, unwound int
		var errs []error
		server, client := w.Host("server"), w.Host("client")
		server.Start(func(ctx context.Context) error {
			starts++
			defer func() { unwound++ }()
			return serveEcho(ctx)
		})
		client.Start(asks(&answers, &errs))
		w.RunFor(10 * time.Second)
		if answers < 50 || len(errs) > 0 {
			w.Errorf("%d answers, %v", answers, errs)
		}
		server.Crash()
		if err := w.RunUntil(server.Done); err != nil {
			w.Errorf("%v", err)
		}
		if !errors.Is(server.Err(), simulation.ErrCrashed) || unwound != 1 {
			w.Errorf("%v, %d", server.Err(), unwound)
		}
		answers = 0
		w.RunFor(10 * time.Second)
		if answers > 0 || len(errs) < 5 {
			w.Errorf("%d answers of a host that has crashed, %v", answers, errs)
		}
		server.Restart()
		errs = nil
		w.RunFor(10 * time.Second)
		if answers < 50 || len(errs) > 1 || starts != 2 {
			w.Errorf("after the restart: %d answers, %d starts, %v", answers, starts, errs)
		}
		if server.Err() != nil || !server.Running() {
			w.Errorf("%v: %v", server, server.Err())
		}
	})
}

// TestCrashFromInside: a host's program may crash any host, its own, too, and restart it.
func TestCrashFromInside(t *testing.T) {
	inBoth(t, func(w *simulation.World) {
		starts := 0
		h := w.Host("a")
		h.Start(func(ctx context.Context) error {
			if simulation.HostOf(ctx) != h {
				w.Errorf("the host is %v", simulation.HostOf(ctx))
			}
			if starts++; starts == 3 {
				return nil
			}
			h.Restart()
			if err := asyncio.Sleep(ctx, time.Second); err != nil {
				return err
			}
			w.Errorf("it goes on after its restart")
			return nil
		})
		if err := w.Run(); err != nil {
			w.Errorf("%v", err)
		}
		if starts != 3 || w.Elapsed() != 0 || h.Err() != nil {
			w.Errorf("%d starts, %v, %v", starts, w.Elapsed(), h.Err())
		}
	})
}

// TestPause: what is paused does nothing, and what came meanwhile is there when it goes on.
func TestPause(t *testing.T) {
	inBoth(t, func(w *simulation.World) {
		var at []time.Duration
		h := w.Host("a")
		h.Start(func(ctx context.Context) error {
			for range 4 {
				if err := asyncio.Sleep(ctx, time.Second); err != nil {
					return err
				}
				at = append(at, w.Elapsed())
			}
			return nil
		})
		w.RunFor(1500 * time.Millisecond)
		h.Pause(3 * time.Second)
		w.RunFor(2 * time.Second)
		if len(at) != 1 {
			w.Errorf("%v", at)
		}
		if err := w.Run(); err != nil {
			w.Errorf("%v", err)
		}
		if want := "[1s 4.5s 5.5s 6.5s]"; fmt.Sprint(at) != want {
			w.Errorf("%v, not %v", at, want)
		}
		h.Pause(time.Hour)
		h.Resume()
		if err := w.Run(); err != nil {
			w.Errorf("%v", err)
		}
	})
}

// TestPartition: what is cut off hears nothing, in one direction or both, until it heals.
func TestPartition(t *testing.T) {
	inBoth(t, func(w *simulation.World) {
		var answers int
		var errs []error
		server, client := w.Host("server"), w.Host("client")
		server.Start(serveEcho)
		client.Start(asks(&answers, &errs))
		w.RunFor(5 * time.Second)
		for _, cut := range []func(){
			func() { w.Partition([]*simulation.Host{server}, []*simulation.Host{client}) },
			func() { w.Partition([]*simulation.Host{server}) },
			w.OneWay(server, client).Cut,
			w.OneWay(client, server).Cut,
			w.Link(client, server).Cut,
			w.Link(client, server).Stall,
		} {
			cut()
			w.RunFor(time.Second)
			answers, errs = 0, nil
			w.RunFor(10 * time.Second)
			if answers > 0 || len(errs) < 5 {
				w.Errorf("cut off: %d answers, %v", answers, errs)
			}
			w.Heal()
			w.RunFor(3 * time.Second) // what is under way is tried again after a while
			answers, errs = 0, nil
			w.RunFor(10 * time.Second)
			if answers < 50 || len(errs) > 0 {
				w.Errorf("healed: %d answers, %v", answers, errs)
			}
		}
	})
}

// TestClocks: each host has its clock, and that of its loop runs with it.
func TestClocks(t *testing.T) {
	inBoth(t, func(w *simulation.World) {
		quick := w.Host("quick", simulation.WithDrift(0.1))
		wrong := w.Host("wrong", simulation.WithSkew(-time.Hour))
		var took time.Duration
		quick.Start(func(ctx context.Context) error {
			err := asyncio.Sleep(ctx, 11*time.Second)
			took = w.Elapsed()
			return err
		})
		if err := w.Run(); err != nil {
			w.Errorf("%v", err)
		}
		if took.Round(time.Millisecond) != 10*time.Second {
			w.Errorf("11 s of a quick clock took %v", took)
		}
		if d := quick.Now().Sub(w.Now()).Round(time.Millisecond); d != time.Second {
			w.Errorf("the quick clock is ahead by %v", d)
		}
		if d := wrong.Now().Sub(w.Now()); d != -time.Hour {
			w.Errorf("the wrong clock is ahead by %v", d)
		}
		wrong.SetSkew(time.Minute)
		if d := wrong.Now().Sub(w.Now()); d != time.Minute {
			w.Errorf("the wrong clock is ahead by %v", d)
		}
	})
}

// TestMainEnds: the end of a main function is that of asyncio.Run: tasks are cancelled and
// waited for, what the executor has begun is waited for, and its error is the host's.
func TestMainEnds(t *testing.T) {
	inBoth(t, func(w *simulation.World) {
		boom := errors.New("boom")
		var cancelled, worked bool
		h := w.Host("a")
		h.Start(func(ctx context.Context) error {
			asyncio.GoErr(ctx, func(ctx context.Context) error {
				err := asyncio.Sleep(ctx, time.Hour)
				cancelled = errors.Is(err, asyncio.ErrCancelled)
				return err
			})
			if _, err := asyncio.RunIn(h.Loop(), nil, func() (int, error) { worked = true; return 0, nil }); err != nil {
				return err
			}
			if err := asyncio.Sleep(ctx, 0); err != nil {
				return err
			}
			return boom
		})
		if err := w.Run(); !errors.Is(err, boom) {
			w.Errorf("%v", err)
		}
		if !cancelled || !worked || w.Elapsed() > time.Second {
			w.Errorf("cancelled=%v worked=%v %v", cancelled, worked, w.Elapsed())
		}
	})
}

// TestNames: hosts find each other by name, and a name service may be slow, and fail.
func TestNames(t *testing.T) {
	inBoth(t, func(w *simulation.World) {
		w.Host("b")
		look := func(name string) (found []string, took time.Duration, err error) {
			w.Host("a").Start(func(ctx context.Context) error {
				l, err := asyncio.GetRunningLoop()
				if err != nil {
					return err
				}
				began := w.Elapsed()
				addrs, err := l.GetAddrInfo(ctx, "tcp", name)
				took = w.Elapsed() - began
				for _, a := range addrs {
					found = append(found, a.String())
				}
				return err
			})
			err = w.Run()
			return found, took, err
		}
		found, took, err := look("b:http")
		if err != nil || fmt.Sprint(found) != "[10.0.0.1:80 [fd00::1]:80]" || took > 10*time.Millisecond {
			w.Errorf("%v, %v, %v", found, took, err)
		}
		if _, _, err := look("c:80"); err == nil {
			w.Errorf("a host was found that there is not")
		}
		w.SetNameService(time.Second, 2*time.Second, 0)
		if _, took, err := look("b:80"); err != nil || took < time.Second {
			w.Errorf("%v, %v", took, err)
		}
		w.SetNameService(0, 0, 1)
		if _, _, err := look("b:80"); err == nil {
			w.Errorf("the name service does not fail")
		}
	})
}

// TestFromWorld: the world's function may use what any goroutine may use of a host's loop; it
// has an effect when the world goes on.
func TestFromWorld(t *testing.T) {
	inBoth(t, func(w *simulation.World) {
		h := w.Host("a")
		var task *asyncio.Task[struct{}]
		var given *asyncio.Future[int]
		h.Start(func(ctx context.Context) error {
			given = asyncio.NewFuture[int](nil)
			task = asyncio.GoErr(ctx, func(ctx context.Context) error { return asyncio.Sleep(ctx, time.Hour) })
			got, err := given.Await(ctx)
			if err == nil && got != 42 {
				err = fmt.Errorf("%d was given", got)
			}
			if _, e := task.Await(ctx); !errors.Is(e, asyncio.ErrCancelled) {
				err = errors.Join(err, e, errors.New("the task was not cancelled"))
			}
			return err
		})
		w.RunFor(time.Second)
		called := false
		if _, err := h.Loop().CallSoonThreadsafe(func() { called = true }); err != nil {
			w.Errorf("%v", err)
		}
		task.Cancel()
		if err := given.SetResult(42); err != nil {
			w.Errorf("%v", err)
		}
		if err := w.Run(); err != nil {
			w.Errorf("%v", err)
		}
		if !called || w.Elapsed() != time.Second {
			w.Errorf("called=%v %v", called, w.Elapsed())
		}
	})
}

// TestStep: the world goes on by single steps, to the same end.
func TestStep(t *testing.T) {
	var hash uint64
	for _, run := range []func(w *simulation.World) error{
		func(w *simulation.World) error { return w.Run() },
		func(w *simulation.World) error {
			for w.Host("client").Running() {
				if !w.Step() {
					return errors.New("nothing is to come")
				}
			}
			return nil
		},
	} {
		if err := simulation.Run(3, func(w *simulation.World) {
			server := w.Host("server")
			server.Start(serveEcho)
			w.Host("client").Start(func(ctx context.Context) error {
				if err := asyncio.Sleep(ctx, time.Second); err != nil {
					return err
				}
				err := ask(ctx, 3)
				server.Crash()
				return err
			})
			if err := run(w); err != nil {
				w.Errorf("%v", err)
			}
			w.RunFor(time.Second)
			if hash == 0 {
				hash = w.Hash()
			} else if w.Hash() != hash {
				w.Errorf("%x, not %x", w.Hash(), hash)
			}
		}); err != nil {
			t.Error(err)
		}
	}
}
