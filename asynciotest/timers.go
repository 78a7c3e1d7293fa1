package asynciotest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-asyncio/asyncio"
)

var timerCases = []behaviour{
	{"base.011a.call-later-schedules", func(e *env) {
		l := e.loop()
		ran := false
		h := e.later(l, time.Hour, func() { ran = true })
		if now := l.Time(); h.When() < now || h.When() > now+time.Hour {
			e.Errorf("due at %v, now %v", h.When(), now)
		}
		e.pass(l)
		want(e, "ran at once", ran, false)
		want(e, "still cancellable", h.Cancel(), true)
	}},
	{"base.012.call-later-negative-delay", func(e *env) {
		l := e.loop()
		var order []int
		e.later(l, -1*time.Second, func() { order = append(order, 1) })
		e.later(l, -2*time.Second, func() { order = append(order, 2) })
		e.pass(l)
		want(e, "order", fmt.Sprint(order), "[2 1]")
	}},
	{"base.013a.call-at-not-early", func(e *env) {
		l := e.loop()
		when := l.Time() + 20*time.Millisecond
		var at time.Duration
		_, err := l.CallAt(when, func() { at = l.Time(); l.Stop() })
		e.must(err)
		e.must(l.RunForever())
		if at < when-time.Millisecond {
			e.Errorf("ran at %v, due at %v", at, when)
		}
	}},
	{"base.015.run-once-cancelled-head", func(e *env) {
		l := e.loop()
		head := e.later(l, 5*time.Millisecond, func() { e.Error("the cancelled timer ran") })
		var at time.Duration
		next := e.later(l, 30*time.Millisecond, func() { at = l.Time(); l.Stop() })
		head.Cancel()
		e.must(l.RunForever())
		if at < next.When()-time.Millisecond {
			e.Errorf("the next timer ran at %v, due at %v", at, next.When())
		}
	}},
	{"base.018a.cancelled-timers-at-head-removed", func(e *env) { manyCancelled(e, 90) }},
	{"base.018b.cancelled-timers-bulk-cleanup", func(e *env) { manyCancelled(e, 1000) }},
	{"base.097.pass-timer-resolution", func(e *env) {
		l := e.loop()
		ran := false
		_, err := l.CallAt(l.Time(), func() { ran = true })
		e.must(err)
		e.pass(l)
		want(e, "a timer due now ran in this pass", ran, true)
	}},
	{"events.002.run-until-complete-duration", func(e *env) {
		l := e.loop()
		start := l.Time()
		e.run(l, func(ctx context.Context) error { return asyncio.Sleep(ctx, 20*time.Millisecond) })
		if d := l.Time() - start; d < 19*time.Millisecond {
			e.Errorf("a sleep of 20 ms took %v", d)
		}
	}},
	{"events.066.timer-when", func(e *env) {
		l := e.loop()
		when := l.Time() + time.Hour
		h, err := l.CallAt(when, func() {})
		e.must(err)
		want(e, "When", h.When(), when)
		h.Cancel()
		want(e, "When after Cancel", h.When(), when)
	}},
	{"events.067.timer-cancel-drops", func(e *env) {
		l := e.loop()
		h := e.later(l, time.Hour, namedCallback)
		want(e, "Cancel", h.Cancel(), true)
		want(e, "Cancelled", h.Cancelled(), true)
		want(e, "Cancel again", h.Cancel(), false)
		want(e, "the callback is let go", strings.Contains(h.String(), "namedCallback"), false)
		for range 100 { // the memory may be used again: the answer stays right
			e.later(l, 2*time.Hour, func() {})
		}
		want(e, "Cancelled, later on", h.Cancelled(), true)
	}},
	{"events.068.timer-string", func(e *env) {
		l := e.loop()
		h := e.later(l, time.Hour, namedCallback)
		s := h.String()
		if !strings.Contains(s, "when=") || !strings.Contains(s, "namedCallback") {
			e.Error(s)
		}
		l.SetDebug(true)
		d := e.later(l, time.Hour, namedCallback)
		want(e, "where it was made", strings.Contains(d.String(), "created at"), true)
	}},
	{"events.069a.timer-order-equal", func(e *env) {
		l := e.loop()
		var order []int
		when := l.Time() + time.Millisecond
		var handles []asyncio.TimerHandle
		for i := range 50 {
			h, err := l.CallAt(when, func() { order = append(order, i) })
			e.must(err)
			handles = append(handles, h)
		}
		want(e, "two timers of one time are the same", handles[0] == handles[1], false)
		e.later(l, 5*time.Millisecond, l.Stop)
		e.must(l.RunForever())
		want(e, "ran in the order in which they were set", slices.IsSorted(order) && len(order) == 50, true)
	}},
	{"events.069b.timer-order-different", func(e *env) {
		l := e.loop()
		var order []int
		now := l.Time()
		for _, i := range []int{3, 1, 2} {
			_, err := l.CallAt(now+time.Duration(i)*time.Millisecond, func() { order = append(order, i) })
			e.must(err)
		}
		e.later(l, 10*time.Millisecond, l.Stop)
		e.must(l.RunForever())
		want(e, "order", fmt.Sprint(order), "[1 2 3]")
	}},
	{"timer-set-late-in-a-pass-is-not-early", func(e *env) {
		l := e.loop()
		var set, ran time.Duration
		e.soon(l, func() {
			for start := l.Time(); l.Time()-start < 5*time.Millisecond; {
				continue // the pass began this long ago
			}
			set = l.Time()
			e.later(l, 5*time.Millisecond, func() { ran = l.Time(); l.Stop() })
		})
		e.must(l.RunForever())
		if ran-set < 5*time.Millisecond-100*time.Microsecond {
			e.Errorf("ran %v after it was set for 5 ms", ran-set)
		}
	}},
	{"timers-wait-for-a-bounded-number-of-passes", func(e *env) {
		l := e.loop()
		passes, fired := 0, false
		var spin func()
		spin = func() {
			if fired {
				l.Stop()
				return
			}
			if passes++; passes > 10_000_000 {
				e.Error("a due timer did not run in ten million passes")
				l.Stop()
				return
			}
			e.soon(l, spin)
		}
		e.later(l, time.Millisecond, func() { fired = true })
		e.soon(l, spin)
		e.must(l.RunForever())
	}},
}

// manyCancelled sets n timers around a live one, cancels them, and sees that only
// the live ones run.
func manyCancelled(e *env, n int) {
	l := e.loop()
	var cancelled []asyncio.TimerHandle
	for range n {
		cancelled = append(cancelled, e.later(l, time.Millisecond, func() { e.Error("a cancelled timer ran") }))
	}
	ran := 0
	for i := range 10 {
		e.later(l, time.Duration(i)*100*time.Microsecond, func() { ran++ })
	}
	for _, h := range cancelled {
		want(e, "Cancel", h.Cancel(), true)
	}
	e.later(l, 3*time.Millisecond, l.Stop)
	e.must(l.RunForever())
	want(e, "live timers that ran", ran, 10)
}
