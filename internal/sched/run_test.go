package sched_test

import (
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/sched"
)

var errOdd = errors.New("odd")

// TestStop: what is queued runs, what it adds is left.
func TestStop(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.soon(w.note("a", w.note("c")), w.Stop, w.note("b"))
	if err := w.run(); err != nil {
		t.Error(err)
	}
	w.wantLog("a b")
	w.Stop() // before a run: a single pass
	w.Stop()
	if err := w.run(); err != nil {
		t.Error(err)
	}
	w.wantLog("c")
}

// TestStopFromElsewhere: a loop that sleeps is woken.
func TestStopFromElsewhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 10 {
		slept := make(chan struct{}, 100)
		w.engine.onPoll = func() { slept <- struct{}{} }
		go func() {
			<-slept
			w.Stop()
		}()
		if err := w.run(); err != nil {
			t.Error(err)
		}
	}
}

// TestRunIsACompleter: it ends its own run and no other.
func TestRunIsACompleter(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first, _ := w.Begin()
	w.Post(first, 0)
	if err := first.Wait(); err != nil {
		t.Error(err)
	}
	w.soon(func() { first.Complete(0) }, func() { w.Schedule(w.note("a", w.Stop), 0) })
	if err := w.run(); err != nil {
		t.Error(err)
	}
	w.wantLog("a")
}

// TestRunAgain: one run at a time, from wherever, on one goroutine.
func TestRunAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r, state := w.Begin()
	if state != sched.Owned {
		t.Fatal(state)
	}
	for _, where := range []func(func()){func(f func()) { f() }, elsewhere} {
		where(func() {
			if _, state := w.Begin(); state != sched.Running {
				t.Errorf("a second run begins: %d", state)
			}
			if state, _ := w.Loop.Close(); state != sched.Running {
				t.Errorf("it is closed while it runs: %d", state)
			}
		})
	}
	w.Stop()
	if err := r.Wait(); err != nil || w.Runner() != 0 || w.Active() {
		t.Error(err, w.Runner(), w.Active())
	}
	elsewhere(w.pass)
	w.IfOwner(func() {
		if _, state := w.Begin(); state != sched.Running {
			t.Errorf("who holds the loop can run it: %d", state)
		}
	})
}

// TestFail: the run ends at once, and the rest of the pass is the next run's.
func TestFail(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	fail := do(func() { w.Fail(errOdd) })
	w.soon(w.note("a"), fail, w.note("b"), func() { w.Fail(errors.New("another")) })
	w.engine.events = [][]engine.Event{{event(w.note("c"))}}
	if err := w.run(); err != errOdd {
		t.Errorf("the run has failed with %v", err)
	}
	w.wantLog("a")
	if err := w.run(); err == nil || err.Error() != "another" {
		t.Errorf("the next run has failed with %v", err)
	}
	w.wantLog("b")
	w.pass()
	w.wantLog("c")

	// Events that were not queued are the next run's, too.
	w.engine.events = [][]engine.Event{{event(fail), event(w.note("d"))}}
	if err := w.run(); err != errOdd {
		t.Errorf("the run has failed with %v", err)
	}
	w.wantLog("")
	w.pass()
	w.wantLog("d")
	if got := fmt.Sprint(w.host.ends); got != "[odd another <nil> odd <nil>]" {
		t.Errorf("the host was told of %s", got)
	}
}

// TestEngineFails: a run ends with what its engine does, and the next one asks it again.
func TestEngineFails(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		poll  func()
		err   error
		check func(f *sched.Failure) bool
	}{
		"refuses": {func() {}, errOdd, func(f *sched.Failure) bool { return errors.Is(f, errOdd) && f.Error() == "poll: odd" }},
		"panics": {func() { panic("boom") }, nil, func(f *sched.Failure) bool {
			return f.Panicked == "boom" && len(f.Stack) > 0 && f.Error() == "poll: panic: boom"
		}},
		"leaves": {runtime.Goexit, nil, func(f *sched.Failure) bool {
			return f.Panicked == nil && f.Err == nil && f.Error() == "poll: left by Goexit"
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			for range 2 {
				w.engine.onPoll, w.engine.failPoll = tt.poll, tt.err
				w.soon(w.note("a"))
				err := w.run()
				var f *sched.Failure
				if !errors.As(err, &f) || f.Op != "poll" || !tt.check(f) {
					t.Errorf("the run has failed with %#v", err)
				}
				w.engine.onPoll, w.engine.failPoll = nil, nil
				w.wantLog("")
				w.pass()
				w.wantLog("a")
			}
			w.wantFailures()
			if w.Asleep() {
				t.Error("it is asleep")
			}
		})
	}
}

// TestEngineFailsAsleep: that it failed while the loop slept leaves nothing behind.
func TestEngineFailsAsleep(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	asleep := false
	w.engine.onPoll = func() {
		if asleep = w.Asleep(); asleep {
			panic("boom")
		}
	}
	if err := w.run(); err == nil || !asleep || w.Asleep() {
		t.Errorf("%v; asleep then: %v, now: %v", err, asleep, w.Asleep())
	}
}

// TestFlush: what is queued with the engine goes when nobody will poll for a while.
func TestFlush(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.soon()
	if n := w.engine.flushed.Load(); n != 1 {
		t.Errorf("flushed %d times", n)
	}
	w.engine.failFlush = errOdd
	w.Stop()
	var f *sched.Failure
	if err := w.run(); !errors.As(err, &f) || f.Op != "flush" || f.Err != errOdd {
		t.Errorf("the run has failed with %v", err)
	}
	w.engine.failFlush = engine.ErrClosed
	w.pass()
}

// TestPanicOutside: what fails outside of callbacks is the run's error.
func TestPanicOutside(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.host.onFailed = func() { panic("in the host") }
	w.soon(func() { panic("boom") })
	var f *sched.Failure
	if err := w.run(); !errors.As(err, &f) || f.Op != "Run" || f.Panicked != "in the host" {
		t.Errorf("the run has failed with %v", err)
	}
}

// TestWakeups: one for all who come while the loop sleeps, none while it is awake.
func TestWakeups(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const many = 400
	posts := func(f func()) {
		for range 4 {
			elsewhere(func() {
				for range many / 4 {
					w.Post(do(f), 0)
				}
			})
		}
	}
	ran := 0
	count := func() {
		if ran++; ran == many {
			ran = 0
			w.Stop()
		}
	}
	posts(count)
	if err := w.run(); err != nil || w.engine.wakes.Load() != 0 {
		t.Errorf("%v; %d wake-ups of a loop that does not run", err, w.engine.wakes.Load())
	}
	w.soon(func() { posts(count) })
	if err := w.run(); err != nil || w.engine.wakes.Load() != 0 {
		t.Errorf("%v; %d wake-ups of a loop that is awake", err, w.engine.wakes.Load())
	}
	for round := range 5 {
		once := false
		w.engine.onPoll = func() {
			if w.Asleep() && !once {
				once = true
				posts(count)
			}
		}
		if err := w.run(); err != nil || w.engine.wakes.Load() != int64(round+1) {
			t.Errorf("%v; round %d: %d wake-ups", err, round, w.engine.wakes.Load())
		}
	}
}

// TestClose: everybody else is refused from then on, and nothing is left.
func TestClose(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.pass()
	w.soon(w.note("queued"))
	w.IfOwner(func() { w.At(0, w.note("timer"), 0) })
	w.Post(w.note("posted"), 0)
	var inside []string
	w.host.onClose = func() {
		if w.host.closings < 3 {
			runtime.Goexit() // it is called again
		}
		state, _ := w.Loop.Close()
		inside = append(inside, fmt.Sprint(w.Here(), w.Closed(), w.Active(), state == sched.Running, w.Post(w.note("no"), 0)))
		elsewhere(func() {
			_, state := w.Acquire()
			inside = append(inside, fmt.Sprint(state == sched.Running))
		})
	}
	w.engine.failClose = errOdd
	state, err := w.Loop.Close()
	var f *sched.Failure
	if state != sched.Owned || !errors.As(err, &f) || f.Op != "Close" || f.Err != errOdd {
		t.Errorf("closed: %d, %v", state, err)
	}
	if got := fmt.Sprint(inside); got != "[true true true true false true]" {
		t.Errorf("while it was closed: %s", got)
	}
	if w.host.closings != 3 || w.engine.closed != 1 || w.Active() || !w.Closed() {
		t.Errorf("closing %d times, engine %d times, active %v, closed %v", w.host.closings, w.engine.closed, w.Active(), w.Closed())
	}
	if state, err := w.Loop.Close(); state != sched.Closed || err != nil {
		t.Errorf("closed again: %d, %v", state, err)
	}
	if _, state := w.Begin(); state != sched.Closed {
		t.Errorf("it runs: %d", state)
	}
	if _, state := w.Func(w.note("no"), nil); state != sched.Closed {
		t.Errorf("it takes a function: %d", state)
	}
	if _, state := w.FuncAt(0, w.note("no"), nil); state != sched.Closed {
		t.Errorf("it takes a timer: %d", state)
	}
	if _, ok := w.FuncFrom(w.note("no"), nil); ok || w.Post(w.note("no"), 0) {
		t.Error("it takes what others bring")
	}
	w.Stop()
	w.wantLog("")
}

// TestCloseWithoutARun: there is nothing that a run would have had to make.
func TestCloseWithoutARun(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if state, err := w.Loop.Close(); state != sched.Owned || err != nil || w.engine.closed != 1 {
		t.Error(state, err, w.engine.closed)
	}
}

// TestAcquire: one owner at a time.
func TestAcquire(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hold, state := w.Acquire()
	if state != sched.Owned || hold == (sched.Hold{}) || !w.OwnedByCaller() || w.Here() {
		t.Fatalf("an idle loop is not the caller's: %d", state)
	}
	again, state := w.Acquire() // as an override calls on
	if state != sched.Owned || again != (sched.Hold{}) {
		t.Errorf("it is not the caller's still: %d", state)
	}
	again.Leave()
	var inside atomic.Bool
	entered := make(chan struct{})
	go func() {
		defer close(entered)
		w.IfOwner(func() { inside.Store(true) })
	}()
	runtime.Gosched()
	if inside.Load() {
		t.Error("two own the loop")
	}
	hold.Leave()
	<-entered
	if !inside.Load() || w.OwnedByCaller() {
		t.Error("the next one does not get the loop, or it is still the first one's")
	}
	w.soon(func() {
		if hold, state := w.Acquire(); state != sched.Owned || hold != (sched.Hold{}) || !w.OwnedByCaller() {
			t.Errorf("a callback does not own the loop: %d", state)
		}
		elsewhere(func() {
			if hold, state := w.Acquire(); state != sched.Running || hold != (sched.Hold{}) || w.Here() || w.OwnedByCaller() {
				t.Errorf("another goroutine owns the loop: %d", state)
			}
			if _, state := w.Func(func() {}, nil); state != sched.Running {
				t.Errorf("Func: %d", state)
			}
			if _, state := w.FuncAt(0, func() {}, nil); state != sched.Running {
				t.Errorf("FuncAt: %d", state)
			}
			if _, state := w.FuncLater(0, func() {}, nil); state != sched.Running {
				t.Errorf("FuncLater: %d", state)
			}
			if w.IfOwner(func() { t.Error("IfOwner") }) {
				t.Error("IfOwner")
			}
		})
		if s := sched.Current(); s == nil || s.Loop() != &w.Loop || s.Host() != sched.Host(&w.host) || sched.StrandOf(s.ID) != s {
			t.Errorf("the strand is %+v", s)
		}
	})
	w.pass()
	if sched.Current() != nil {
		t.Error("a goroutine of no loop's has a strand")
	}
}
