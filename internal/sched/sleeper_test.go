package sched_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio/internal/sched"
)

// sleeper is a clock that notes what it is asked, and moves when the loop sleeps.
type sleeper struct {
	clock
	notes []string
	sleep func(until time.Duration) time.Duration
	awake func()
}

func (s *sleeper) note(format string, args ...any) {
	s.notes = append(s.notes, fmt.Sprintf(format, args...))
}

func (s *sleeper) Begin(func()) { s.note("begin") }
func (s *sleeper) End()         { s.note("end") }

func (s *sleeper) Sleep(until time.Duration) time.Duration {
	s.note("sleep %v", until)
	return s.sleep(until)
}

func (s *sleeper) Awake(idle bool) {
	s.note("awake %v", idle)
	if s.awake != nil {
		s.awake()
	}
}

// newAsleep is newWorld with a clock that says how long the loop sleeps.
func newAsleep(t *testing.T) (*world, *sleeper) {
	t.Helper()
	w := &world{T: t}
	w.engine = script{w: w, woken: make(chan struct{}, 1)}
	w.host.w = w
	s := &sleeper{}
	s.sleep = func(until time.Duration) time.Duration {
		s.advance(until - s.Now())
		return 0
	}
	w.Init(&w.engine, &w.host, s)
	t.Cleanup(func() {
		if _, err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	return w, s
}

// wantNotes compares what the clock was asked, in the order in which it was.
func (s *sleeper) wantNotes(t *testing.T, want ...string) {
	t.Helper()
	if !slices.Equal(s.notes, want) {
		t.Errorf("the clock was asked %q, want %q", s.notes, want)
	}
	s.notes = nil
}

// TestSleeper: the clock is asked before each wait, hears of its end, and of the run's.
func TestSleeper(t *testing.T) {
	t.Parallel()
	w, s := newAsleep(t)
	w.IfOwner(func() {
		w.At(150*365*24*time.Hour, w.note("far", w.Stop), 0)
		w.At(time.Hour, w.note("hour"), 0)
	})
	if err := w.run(); err != nil {
		t.Error(err)
	}
	w.wantLog("hour far")
	s.wantNotes(t, "begin", "sleep 1h0m0s", "awake true", "sleep 1314000h0m0s", "awake true", "end")
	for _, timeout := range w.engine.polls {
		if timeout > 1 {
			t.Errorf("it polled for %v, and was to sleep not at all", timeout)
		}
	}
	w.pass() // which does not sleep
	s.wantNotes(t, "begin", "end")
}

// TestSleeperPosted: without a timer the loop sleeps until somebody brings something.
func TestSleeperPosted(t *testing.T) {
	t.Parallel()
	w, s := newAsleep(t)
	s.sleep = func(until time.Duration) time.Duration {
		if until == math.MaxInt64 {
			go w.Post(w.note("posted", w.Stop), 0)
		}
		return math.MaxInt64
	}
	if err := w.run(); err != nil {
		t.Error(err)
	}
	w.wantLog("posted")
	s.wantNotes(t, "begin", "sleep "+time.Duration(math.MaxInt64).String(), "awake false", "end")
}

// TestSleeperMoved: what a callback moves on is due in the next pass, however busy the loop is.
func TestSleeperMoved(t *testing.T) {
	t.Parallel()
	w, s := newAsleep(t)
	w.IfOwner(func() { w.At(time.Hour, w.note("due"), 0) })
	w.soon(w.note("moves", func() { s.advance(time.Hour); w.Schedule(w.note("next", w.note("after", w.Stop)), 0) }))
	if err := w.run(); err != nil {
		t.Error(err)
	}
	w.wantLog("moves next due after")
}

// TestSleeperPanics ends the run, each time, and loses nothing.
func TestSleeperPanics(t *testing.T) {
	t.Parallel()
	for _, when := range []string{"sleep", "awake"} {
		w, s := newAsleep(t)
		whole := s.sleep
		switch when {
		case "sleep":
			s.sleep = func(time.Duration) time.Duration { panic("on purpose") }
		default:
			s.sleep = func(time.Duration) time.Duration { return 0 }
			s.awake = func() { panic("on purpose") }
		}
		w.IfOwner(func() { w.At(time.Hour, w.note("due", w.Stop), 0) })
		for range 2 {
			if err := w.run(); err == nil || !strings.Contains(err.Error(), "on purpose") {
				t.Errorf("%s: the run ended with %v", when, err)
			}
		}
		s.sleep, s.awake = whole, nil
		if err := w.run(); err != nil {
			t.Error(err)
		}
		w.wantLog("due")
		w.wantFailures()
	}
}

var _ sched.Sleeper = (*sleeper)(nil)
