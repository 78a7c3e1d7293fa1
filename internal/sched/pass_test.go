package sched_test

import (
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio/internal/coro"
	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/goroutine"
)

// TestOrder: what is queued, what the poll brought, the timers that are due; and then what
// each of them scheduled, in the next pass.
func TestOrder(t *testing.T) {
	t.Parallel()
	for name, set := range map[string]func(w *world){
		"plain":    func(*world) {},
		"diverted": func(w *world) { w.Divert = func(engine.Completer, uint64) bool { return false } },
		"debug":    func(w *world) { w.Debug.Store(true) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			set(w)
			w.soon(w.note("a", w.note("a2")), w.note("b", w.note("b2")))
			w.IfOwner(func() {
				w.At(0, w.note("timer", w.note("timer2")), 0)
				w.At(0, w.note("timer", w.note("timer2")), 0)
				w.At(time.Hour, w.note("later"), 0)
			})
			w.engine.events = [][]engine.Event{{event(w.note("event", w.note("event2")))}}
			w.pass()
			w.wantLog("a b event timer timer")
			w.pass()
			w.wantLog("a2 b2 event2 timer2 timer2")
			w.pass()
			w.wantLog("")

			// With nothing queued the same holds, though events need no queue.
			w.engine.events = [][]engine.Event{{event(w.note("event", w.note("event2"))), event(w.note("another"))}}
			w.pass()
			w.wantLog("event another")
			w.pass()
			w.wantLog("event2")
		})
	}
}

// TestDivert: what somebody else schedules, this loop does not.
func TestDivert(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var diverted []engine.Completer
	w.Divert = func(to engine.Completer, ev uint64) bool {
		diverted = append(diverted, to)
		return ev == 0
	}
	w.IfOwner(func() {
		w.Schedule(w.note("a"), 0)
		w.Schedule(w.note("b"), 1)
	})
	w.pass()
	w.wantLog("b")
	if len(diverted) != 2 {
		t.Errorf("%d asked for", len(diverted))
	}
}

// TestOrderAcrossGoroutines: what was scheduled first runs first, from wherever.
func TestOrderAcrossGoroutines(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	post := func(text string) { elsewhere(func() { w.Post(w.note(text), 0) }) }
	w.soon(func() {
		w.note("begin")()
		w.Schedule(w.note("1"), 0)
		post("2")
		if _, state := w.Func(w.note("3"), nil); state != 0 {
			t.Error("refused")
		}
		post("4")
		elsewhere(func() { w.FuncFrom(w.note("5"), nil) })
		w.Schedule(w.note("6"), 0)
	})
	w.pass()
	w.pass()
	w.wantLog("begin 1 2 3 4 5 6")
}

// TestBusyLoopPolls: callbacks that keep the loop busy do not keep it from its engine, for
// longer than is said.
func TestBusyLoopPolls(t *testing.T) {
	t.Parallel()
	for name, each := range map[string]int{"one by one": 1, "in batches": 100} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			passes, callbacks, most := 0, 0, 0
			w.engine.onPoll = func() {
				if passes > 64+1 || callbacks > 512+each { // those of the pass that polled before, too
					t.Errorf("no poll for %d passes, %d callbacks", passes, callbacks)
				}
				most = max(most, passes)
				passes, callbacks = 0, 0
			}
			rounds := 0
			var again do
			again = func() {
				passes++
				if rounds++; rounds == 1000 {
					w.Stop()
					return
				}
				for range each - 1 {
					w.Schedule(do(func() { callbacks++ }), 0)
				}
				callbacks++
				w.Schedule(again, 0)
			}
			w.soon(again)
			if err := w.run(); err != nil {
				t.Error(err)
			}
			if n := len(w.engine.polls); n < 1000/64 || most < 4 {
				t.Errorf("%d polls; %d passes without one at most", n, most)
			}
		})
	}
}

// TestLongPassesPoll: a loop whose passes are long polls in each.
func TestLongPassesPoll(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rounds, before := 0, 0
	var again do
	again = func() {
		w.clock.advance(time.Second)
		switch rounds++; rounds {
		case 50: // it has found out
			before = len(w.engine.polls)
		case 100:
			w.Stop()
			return
		}
		w.Schedule(again, 0)
	}
	w.soon(again)
	if err := w.run(); err != nil {
		t.Error(err)
	}
	if n := len(w.engine.polls) - before; n < 50 {
		t.Errorf("%d polls in 50 passes of a second each", n)
	}
}

// TestDueTimerPollsFirst: a timer that is due does not overtake what was ready before it.
func TestDueTimerPollsFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.soon(w.note("begin", func() {
		w.At(w.Later(time.Second), w.note("timer", w.Stop), 0)
		w.clock.advance(2 * time.Second)
		w.Advance()
		w.engine.events = [][]engine.Event{{event(w.note("event"))}}
	}))
	if err := w.run(); err != nil {
		t.Error(err)
	}
	w.wantLog("begin event timer")
}

// TestPollTimeout: an idle loop waits for the next timer, a day at most.
func TestPollTimeout(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.IfOwner(func() { w.At(30*time.Hour, do(w.Stop), 0) })
	if err := w.run(); err != nil {
		t.Error(err)
	}
	waits := slices.DeleteFunc(slices.Clone(w.engine.polls), func(d time.Duration) bool { return d <= 0 })
	if want := []time.Duration{24 * time.Hour, 6 * time.Hour}; !slices.Equal(waits, want) {
		t.Errorf("waited %v, want %v", waits, want)
	}
	if w.Now() != 30*time.Hour {
		t.Errorf("the time is %v", w.Now())
	}
}

// TestPanics: a callback that panics is told of, and the pass goes on behind it.
func TestPanics(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.soon(w.note("a", func() { panic("queued") }, w.note("b")))
	w.IfOwner(func() { w.At(0, do(func() { panic("timer") }), 0) })
	w.engine.events = [][]engine.Event{{event(func() { panic("event") }), event(w.note("c"))}}
	w.pass()
	w.pass()
	w.wantLog("a c b")
	w.wantFailures("event", "timer", "queued")
	w.engine.events = [][]engine.Event{{event(func() { panic("alone") }), event(w.note("d"))}}
	w.pass()
	w.wantLog("d")
	w.wantFailures("alone")
}

// TestGoexit: a Goexit ends the body, and another one goes on in the middle of the pass.
func TestGoexit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var bodies []int64
	body := func() {
		if !w.InBody() || !w.Here() {
			t.Error("a callback is not in the body")
		}
		bodies = append(bodies, goroutine.ID())
	}
	w.soon(body, func() { runtime.Goexit() }, body, w.note("a"))
	w.engine.events = [][]engine.Event{{event(func() { runtime.Goexit() }), event(w.note("b", w.note("c")))}}
	w.pass()
	w.wantLog("a b")
	w.wantFailures("Goexit", "Goexit")
	if len(bodies) != 2 || bodies[0] == bodies[1] {
		t.Errorf("the bodies are goroutines %v", bodies)
	}
	if n := w.host.starts.Load(); n != 3-3000 {
		t.Errorf("%d starts less 1000 for each stop, want three of each", n)
	}
	// What the host does about it may leave, too.
	w.host.onFailed = runtime.Goexit
	w.soon(func() { runtime.Goexit() }, func() { panic("boom") }, w.note("d"))
	w.pass()
	w.wantLog("c d")
	w.wantFailures("Goexit", "boom")
}

// TestGoexitInTheLastPass: the stop is seen all the same, and nothing of the next pass runs.
func TestGoexitInTheLastPass(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.soon(func() {
		w.Schedule(w.note("next"), 0)
		w.Stop()
		runtime.Goexit()
	})
	if err := w.run(); err != nil {
		t.Error(err)
	}
	w.wantLog("")
	w.pass()
	w.wantLog("next")
}

// TestGoexitOfCoroutine: who is stepping hears of it, and nobody else.
func TestGoexitOfCoroutine(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	gone := exits(0)
	step := func(f func(c *coro.Coro)) do {
		return func() {
			c := w.Pool.Get(work(func(c *coro.Coro) {
				if !w.Here() || w.InBody() {
					t.Error("a coroutine is not the loop's, or is its body")
				}
				f(c)
			}))
			w.Resume(&gone, c, 0)
		}
	}
	w.soon(step(func(*coro.Coro) { w.note("a")() }), step(func(*coro.Coro) { runtime.Goexit() }), w.note("b"))
	w.pass()
	w.wantLog("a b")
	w.wantFailures()
	if gone != 1 {
		t.Errorf("told %d times that the coroutine is gone", gone)
	}
	if n := w.host.starts.Load(); n != 1-1000 {
		t.Errorf("the body has not lasted: %d", n)
	}
}

// TestResume: a coroutine goes on as soon as the callback that asks for it has returned, and
// before any other one, whatever has the callback run; a panic in it is the callback's.
func TestResume(t *testing.T) {
	t.Parallel()
	for name, debug := range map[string]bool{"plain": false, "debug": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.Debug.Store(debug)
			var gone exits
			step := func(text string, f func()) do {
				return func() {
					w.note(text)()
					w.Resume(&gone, w.Pool.Get(work(func(*coro.Coro) {
						w.note(text + "-coroutine")()
						f()
					})), 0)
				}
			}
			over := func() {}
			boom := func() { panic("boom") }
			w.engine.events = [][]engine.Event{{event(step("event", over)), event(w.note("b"))}}
			w.pass()
			w.wantLog("event event-coroutine b")
			w.soon(step("queued", over), step("panics", boom), w.note("c"), step("leaves", runtime.Goexit), w.note("d"))
			w.IfOwner(func() { w.At(0, step("timer", over), 0) })
			w.pass()
			w.wantLog("queued queued-coroutine panics panics-coroutine c leaves leaves-coroutine d timer timer-coroutine")
			if gone != 1 {
				t.Errorf("told %d times that a coroutine is gone", gone)
			}
			w.soon(func() {
				w.Do(step("nested", over), 0)
				w.note("outer")()
			}, w.note("e"))
			w.pass()
			w.wantLog("nested nested-coroutine outer e")
		})
	}
}

// TestCurrent: what runs is known while it does, and afterwards by who asks why it failed.
func TestCurrent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	of := func() (kind string) {
		to, f := w.Current()
		switch {
		case to == nil && f == nil:
			return "none"
		case f != nil:
			return "function"
		}
		return "Completer"
	}
	say := func() { w.log = append(w.log, of()) }
	w.host.onFailed = say
	w.soon(say, func() { panic("a") })
	for _, f := range []func(){say, func() { panic("b") }} {
		if _, state := w.Func(f, nil); state != 0 {
			t.Error("refused")
		}
	}
	w.IfOwner(func() { w.At(0, do(say), 0) })
	w.FuncAt(0, say, nil)
	w.soon(func() { w.Runs(nil); say() })
	w.pass()
	w.wantLog("Completer Completer function function none Completer function")
	w.IfOwner(say)
	w.wantLog("none")
}

// TestDebug: the host runs each callback, and knows where a user's was made.
func TestDebug(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Debug.Store(true)
	w.soon(w.note("a"))
	w.Func(w.note("b"), goroutine.NewTrace(0))
	w.Func(w.note("c"), nil)
	w.engine.events = [][]engine.Event{{event(w.note("d"))}}
	w.pass()
	w.wantLog("a b c d")
	want := []string{"sched_test.do false", "*sched.node true", "*sched.node false", "sched.nothing false", "sched_test.do false"}
	if !slices.Equal(w.host.timed, want) { // the nothing is what Stop wakes the loop by
		t.Errorf("timed %q, want %q", w.host.timed, want)
	}
}

// TestAnswer: the host is asked for its answer before a poll, once for each time that
// somebody wants one.
func TestAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Asked.Store(true)
	answered := -1
	w.engine.onPoll = func() {
		if answered < 0 {
			answered = w.host.answers
		}
	}
	w.pass()
	w.pass()
	if answered != 1 || w.host.answers != 1 {
		t.Errorf("%d answers before the first poll, %d in all", answered, w.host.answers)
	}
}
