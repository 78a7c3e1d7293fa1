package sched_test

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/go-asyncio/asyncio/internal/engine"
)

// leavings are the ways in which a call does not return.
var leavings = map[string]func(){"panic": func() { panic("boom") }, "Goexit": runtime.Goexit}

// teller is a Completer that tells a handler.
type teller struct{ *hearer }

// Complete calls the handler, which calls somebody who does not return.
func (t teller) Complete(uint64) {
	t.calling = t.unguarded
	t.leave()
	t.calling = false
}

// Handler implements engine.Telling.
func (t teller) Handler() any { return t.hearer }

// hearer is a handler.
type hearer struct {
	leave     func()
	calling   bool
	unguarded bool   // it leaves it to the loop to see how its calls end
	heard     []any  // what its calls have ended by
	then      func() // what it does about it
}

// Calling implements engine.Unguarded.
func (h *hearer) Calling() bool { return h.calling }

// DidNotReturn implements engine.Unguarded.
func (h *hearer) DidNotReturn(panicked any) {
	h.calling = false
	h.heard = append(h.heard, panicked)
	h.then()
}

// TestUnguardedHandler: a handler hears how what it has called has ended, whatever had it told,
// and the host hears only of what that leads to. The pass goes on.
func TestUnguardedHandler(t *testing.T) {
	t.Parallel()
	reactions := map[string]struct {
		then func()
		host map[string][]string // what the host hears of, by how the call has ended
	}{
		"returns": {func() {}, map[string][]string{"panic": nil, "Goexit": {"Goexit"}}},
		"panics":  {func() { panic("worse") }, map[string][]string{"panic": {"worse"}, "Goexit": {"worse"}}},
		"exits":   {func() { runtime.Goexit() }, map[string][]string{"panic": {"Goexit"}, "Goexit": {"Goexit"}}},
	}
	ways := map[string]func(w *world, to engine.Completer){
		"event": func(w *world, to engine.Completer) {
			w.engine.events = [][]engine.Event{{{To: to}, event(w.note("next"))}}
		},
		"queued event": func(w *world, to engine.Completer) {
			w.engine.events = [][]engine.Event{{{To: to}, event(w.note("next"))}}
			w.soon(func() {})
		},
		"queued": func(w *world, to engine.Completer) {
			w.IfOwner(func() { w.Schedule(to, 0) })
			w.soon(w.note("next"))
		},
		"done": func(w *world, to engine.Completer) {
			w.soon(func() { w.Do(to, 0) }, w.note("next"))
		},
		"done in debug mode": func(w *world, to engine.Completer) {
			w.Debug.Store(true)
			w.soon(func() { w.Do(to, 0) }, w.note("next"))
		},
		"event in debug mode": func(w *world, to engine.Completer) {
			w.Debug.Store(true)
			w.engine.events = [][]engine.Event{{{To: to}, event(w.note("next"))}}
		},
	}
	for way, bring := range ways {
		for how, leave := range leavings {
			for what, reaction := range reactions {
				t.Run(way+"/"+how+"/"+what, func(t *testing.T) {
					t.Parallel()
					w := newWorld(t)
					h := &hearer{leave: leave, unguarded: true, then: reaction.then}
					bring(w, teller{h})
					w.pass()
					w.pass()
					w.wantLog("next")
					w.wantFailures(reaction.host[how]...)
					want := "[boom]"
					if how == "Goexit" {
						want = "[<nil>]"
					}
					if got := fmt.Sprint(h.heard); got != want {
						t.Errorf("the handler hears %s, want %s", got, want)
					}
				})
			}
			t.Run(way+"/"+how+"/guarded", func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				h := &hearer{leave: leave}
				bring(w, teller{h})
				w.pass()
				w.pass()
				w.wantLog("next")
				w.wantFailures(map[string]string{"panic": "boom", "Goexit": "Goexit"}[how])
				if h.heard != nil {
					t.Errorf("a handler that has called nobody hears %v", h.heard)
				}
			})
		}
	}
}

// TestUnguardedInside: what is done in a call of a handler's, and does not return, is blamed on
// whom it is about; how the outer call goes on is its own.
func TestUnguardedInside(t *testing.T) {
	t.Parallel()
	for how, leave := range leavings {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			inner := &hearer{leave: leave, unguarded: true, then: func() {}}
			outer := &hearer{unguarded: true, then: func() {}, leave: func() {
				w.Do(teller{inner}, 0)
				w.note("goes on")()
			}}
			w.engine.events = [][]engine.Event{{{To: teller{outer}}, event(w.note("next"))}}
			w.pass()
			if len(inner.heard) != 1 {
				t.Errorf("the inner one hears %v", inner.heard)
			}
			if how == "panic" {
				w.wantLog("goes on next")
				w.wantFailures()
				if outer.heard != nil {
					t.Errorf("the outer one hears %v", outer.heard)
				}
				return
			}
			w.wantLog("next") // a Goexit takes both down
			w.wantFailures("Goexit")
			if len(outer.heard) != 1 {
				t.Errorf("the outer one hears %v", outer.heard)
			}
		})
	}
}

// TestCountedOnce: who comes after a callback that does not return is not counted again.
func TestCountedOnce(t *testing.T) {
	t.Parallel()
	ran := func(t *testing.T, leave do) (n uint64) {
		w := newWorld(t)
		w.soon(leave, func() {}, leave, func() {})
		w.pass()
		w.IfOwner(func() { n = w.Counts().Ran })
		return n
	}
	want := ran(t, func() {})
	for how, leave := range leavings {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			if got := ran(t, leave); got != want {
				t.Errorf("%d callbacks have run, want %d", got, want)
			}
		})
	}
}
