package sched_test

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio/internal/coro"
	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/goroutine"
	"github.com/go-asyncio/asyncio/internal/sched"
)

// patience is when a test that waits for another goroutine gives up.
const patience = 20 * time.Second

// world is a loop under test, with a host that notes what it is told, an engine that does
// what the test says, and a clock that moves when the loop sleeps.
type world struct {
	*testing.T
	sched.Loop
	clock  clock
	engine script
	host   host
	log    []string // what ran, in order; the loop's
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{T: t}
	w.engine = script{w: w, woken: make(chan struct{}, 1)}
	w.host.w = w
	w.Init(&w.engine, &w.host, &w.clock)
	t.Cleanup(func() {
		if _, err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

// clock is a clock that stands still but for what is added.
type clock struct{ now atomic.Int64 }

func (c *clock) Now() time.Duration      { return time.Duration(c.now.Load()) }
func (c *clock) advance(d time.Duration) { c.now.Add(int64(d)) }

// script is an engine. A poll returns the next of the events given; if there are none and
// it may wait, it waits to be woken, or has the clock reach its end.
type script struct {
	engine.Engine // nothing else is asked of it
	w             *world
	events        [][]engine.Event
	polls         []time.Duration // the timeouts
	onPoll        func()
	failPoll      error
	failFlush     error
	failClose     error
	wakes         atomic.Int64
	woken         chan struct{}
	flushed       atomic.Int64
	closed        int
}

func (s *script) Poll(timeout time.Duration) ([]engine.Event, error) {
	s.polls = append(s.polls, timeout)
	if s.onPoll != nil {
		s.onPoll()
	}
	if len(s.events) > 0 {
		next := s.events[0]
		s.events = s.events[1:]
		return next, s.failPoll
	}
	if s.failPoll != nil || timeout <= 0 {
		return nil, s.failPoll
	}
	if timeout < forever {
		s.w.clock.advance(timeout)
		return nil, nil
	}
	select {
	case <-s.woken:
	case <-time.After(patience):
		s.w.Error("the loop sleeps for good")
		s.w.Stop()
	}
	return nil, nil
}

// forever is longer than a poll waits for a timer.
const forever = 25 * time.Hour

func (s *script) Wake() {
	s.wakes.Add(1)
	select {
	case s.woken <- struct{}{}:
	default:
	}
}

func (s *script) Flush() error { s.flushed.Add(1); return s.failFlush }
func (s *script) Close() error { s.closed++; return s.failClose }

// host is a host that notes what it is told.
type host struct {
	w        *world
	failures []string
	onFailed func()
	timed    []string
	starts   atomic.Int64
	ends     []error
	closings int
	onClose  func()
	answers  int
}

func (h *host) Failed(panicked any, stack []byte) {
	what := "Goexit"
	if panicked != nil {
		what = fmt.Sprint(panicked)
		if !strings.Contains(string(stack), "_test.go") {
			h.w.Errorf("the stack of %v shows nothing of it: %s", panicked, stack)
		}
	}
	h.failures = append(h.failures, what)
	if h.onFailed != nil {
		h.onFailed()
	}
}

func (h *host) Timed(i sched.Item) {
	h.timed = append(h.timed, fmt.Sprintf("%T %v", i.To, i.Made() != nil))
	h.w.Do(i.To, i.Ev)
}

func (h *host) Starting() (stop func()) {
	if !h.w.Here() || !h.w.InBody() {
		h.w.Error("Starting is not called on the loop's goroutine")
	}
	h.starts.Add(1)
	return func() { h.starts.Add(-1000) }
}

func (h *host) Ended(failed error) { h.ends = append(h.ends, failed) }

func (h *host) Closing() {
	h.closings++
	if h.onClose != nil {
		h.onClose()
	}
}

func (h *host) Answer() {
	h.answers++
	h.w.Asked.Store(false)
}

// do is a function as a Completer.
type do func()

func (f do) Complete(uint64) { f() }

// note is a callback that says in the log that it ran, and schedules the others given.
func (w *world) note(text string, then ...do) do {
	return func() {
		w.log = append(w.log, text)
		for _, f := range then {
			w.Schedule(f, 0)
		}
	}
}

// event is what a poll returns for f.
func event(f do) engine.Event { return engine.Event{To: f} }

// soon schedules on a loop that the test owns.
func (w *world) soon(fs ...do) {
	w.Helper()
	if !w.IfOwner(func() {
		for _, f := range fs {
			w.Schedule(f, 0)
		}
	}) {
		w.Error("the loop is not the caller's")
	}
}

// run has the loop run until it is stopped.
func (w *world) run() error {
	w.Helper()
	r, state := w.Begin()
	if state != sched.Owned {
		w.Fatalf("the loop does not run: state %d", state)
	}
	return r.Wait()
}

// pass is a run of one pass.
func (w *world) pass() {
	w.Helper()
	w.Stop()
	if err := w.run(); err != nil {
		w.Error(err)
	}
}

// wantLog compares what ran since the last call with the words of text.
func (w *world) wantLog(text string) {
	w.Helper()
	if got := strings.Join(w.log, " "); got != text {
		w.Errorf("ran: %s\nwant: %s", got, text)
	}
	w.log = nil
}

// wantFailures compares what the host was told.
func (w *world) wantFailures(want ...string) {
	w.Helper()
	if !slices.Equal(w.host.failures, want) {
		w.Errorf("failures told: %q, want %q", w.host.failures, want)
	}
	w.host.failures = nil
}

// elsewhere calls f on another goroutine and waits for it.
func elsewhere(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	<-done
}

// work is what a coroutine runs.
type work func(c *coro.Coro)

func (f work) Run(c *coro.Coro) { f(c) }

// exits counts how often a coroutine was gone.
type exits int

func (e *exits) Left(s coro.Status) {
	if s == coro.Exited {
		*e++
	}
}

// TestMain looks for goroutines that loops have left: they end a moment after Close.
func TestMain(m *testing.M) {
	status := m.Run()
	for began := time.Now(); status == 0 && left() != ""; runtime.Gosched() {
		if time.Since(began) > patience {
			fmt.Printf("a loop's goroutine is left:\n%s\n", left())
			status = 1
		}
	}
	os.Exit(status)
}

func left() string {
	for stack := range goroutine.Stacks() {
		if strings.Contains(string(stack), "sched.(*Loop).live") {
			return string(stack)
		}
	}
	return ""
}
