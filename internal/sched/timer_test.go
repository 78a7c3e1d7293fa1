package sched_test

import (
	"math"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio/internal/goroutine"
	"github.com/go-asyncio/asyncio/internal/sched"
)

// TestTimers: by time, and at the same time in the order in which they were set.
func TestTimers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.IfOwner(func() {
		w.At(3*time.Second, w.note("3", w.Stop), 0)
		w.At(2*time.Second, w.note("2a"), 0)
		w.At(-time.Second, w.note("past"), 0)
		w.At(2*time.Second, w.note("2b"), 0)
		w.At(sched.AddTime(time.Hour, math.MaxInt64), w.note("never"), 0)
	})
	if timer, state := w.FuncLater(2*time.Second, w.note("2c"), nil); state != sched.Owned || timer.When() != 2*time.Second {
		t.Errorf("FuncLater: %v %d", timer.When(), state)
	}
	if err := w.run(); err != nil {
		t.Error(err)
	}
	w.wantLog("past 2a 2b 2c 3")
	if w.Now() != 3*time.Second {
		t.Errorf("the time is %v", w.Now())
	}
}

// TestSystemClock: without a clock of the host's it is the system's.
func TestSystemClock(t *testing.T) {
	t.Parallel()
	w := &world{T: t}
	w.engine = script{w: w, woken: make(chan struct{}, 1)}
	w.host.w = w
	w.Init(&w.engine, &w.host, nil)
	defer w.Close()
	before := w.Now()
	for began := time.Now(); time.Since(began) < time.Millisecond; {
		continue
	}
	if d := w.Now() - before; d < time.Millisecond || d > time.Hour {
		t.Errorf("a millisecond takes %v", d)
	}
	w.IfOwner(func() { w.At(w.Later(0), do(w.Stop), 0) })
	if err := w.run(); err != nil {
		t.Error(err)
	}
}

// TestAddTime: there is no time before the first or behind the last one.
func TestAddTime(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ t, d, want time.Duration }{
		{1, 2, 3}, {1, -2, -1},
		{1, math.MaxInt64, math.MaxInt64}, {-1, math.MinInt64, math.MinInt64},
		{math.MaxInt64, 1, math.MaxInt64}, {math.MinInt64, -1, math.MinInt64},
		{math.MinInt64, math.MaxInt64, -1},
	} {
		if got := sched.AddTime(tt.t, tt.d); got != tt.want {
			t.Errorf("%d + %d = %d, want %d", tt.t, tt.d, got, tt.want)
		}
	}
}

// TestCancel: once, by whomever, and never another callback than was meant.
func TestCancel(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if (sched.Ref{}).Cancel() || (sched.Timer{}).Cancel() || (sched.Ref{}).Cancelled() || (sched.Timer{}).Cancelled() {
		t.Error("nothing can be cancelled")
	}
	for _, where := range []func(func()){func(f func()) { f() }, elsewhere} {
		soon, _ := w.Func(w.note("no"), nil)
		from, _ := w.FuncFrom(w.note("no"), nil)
		late, _ := w.FuncLater(time.Second, w.note("no"), nil)
		runs, _ := w.Func(w.note("yes"), nil)
		where(func() {
			for _, r := range []interface {
				Cancel() bool
				Cancelled() bool
			}{soon, from, late} {
				if r.Cancelled() || !r.Cancel() || r.Cancel() || !r.Cancelled() {
					t.Errorf("%T is not cancelled once", r)
				}
			}
		})
		w.clock.advance(2 * time.Second)
		w.pass()
		w.wantLog("yes")
		if runs.Cancel() || runs.Cancelled() || soon.Cancel() || from.Cancel() || late.Cancel() {
			t.Error("what is over can be cancelled")
		}
		// The nodes are in use again.
		for range 5 {
			w.Func(w.note("again"), nil)
		}
		if soon.Cancel() || from.Cancel() || late.Cancel() || runs.Cancel() {
			t.Error("a stale handle has cancelled another callback")
		}
		w.pass()
		w.wantLog("again again again again again")
	}
	w.soon(func() {
		r, _ := w.Func(w.note("no"), nil)
		timer := w.At(0, w.note("no"), 0)
		if !r.Cancel() || !timer.Cancel() {
			t.Error("not cancelled on the loop")
		}
	})
	w.pass()
	w.pass()
	w.wantLog("")
}

// TestCancelDue: a timer that is due, and waits for its turn, can still be cancelled.
func TestCancelDue(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	timer, _ := w.FuncAt(0, w.note("no"), nil)
	w.soon(func() {
		if !timer.Cancel() {
			t.Error("not cancelled")
		}
	})
	w.pass()
	w.wantLog("")
}

// TestView: a callback can be described until its turn, by its owner.
func TestView(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	f, made := func() { w.note("ran")() }, goroutine.NewTrace(0)
	r, _ := w.Func(f, made)
	timer, _ := w.FuncAt(0, f, nil)
	if v := r.View(); v.Cancelled || v.Done || v.Func == nil || v.Made != made {
		t.Errorf("%+v", v)
	}
	if v := timer.Ref().View(); v.Cancelled || v.Done || v.Func == nil || v.Made != nil {
		t.Errorf("%+v", v)
	}
	w.soon(func() {
		later, _ := w.Func(f, made)
		elsewhere(func() {
			if v := later.View(); v.Done || v.Func != nil || v.Made != nil {
				t.Errorf("from elsewhere: %+v", v)
			}
		})
		later.Cancel()
		if v := later.View(); !v.Cancelled || v.Done {
			t.Errorf("cancelled: %+v", v)
		}
	})
	w.pass()
	w.wantLog("ran ran")
	for _, r := range []sched.Ref{{}, r, timer.Ref()} {
		if v := r.View(); !v.Done || v.Func != nil {
			t.Errorf("when it is over: %+v", v)
		}
	}
}
