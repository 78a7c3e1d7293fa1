package gojaloop

import (
	"fmt"
	"maps"
	"slices"

	"github.com/dop251/goja"
	"github.com/go-asyncio/asyncio"
)

// scope is one call of Eval, Run or Do, and what it started. All but cause and over belong
// to the loop's goroutine alone; those two are written under Runtime.mu.
type scope struct {
	live   int   // things that hold it open, and its macrotask while that runs
	known  bool  // value and err are there
	value  any   // what the script returned, or its promise was settled with
	err    error // or how it failed
	cause  error // why it was given up
	over   bool  // the result is set
	result *asyncio.Future[outcome]
}

// outcome is what a call returns. It is no error of the future's, which would be
// reported if nobody looked.
type outcome struct {
	value any
	err   error
}

// thing is what a scope has under way: a timer, a coroutine, a Hold.
type thing struct {
	owner *scope
	timer bool   // clearTimeout may end it
	weak  bool   // it holds no scope open
	end   func() // called once, if it is ended before it is through
}

// owner returns the scope that a new thing belongs to. It throws in one that was given up.
func (r *Runtime) owner(what string) *scope {
	s := r.current
	if cause := r.why(s); cause != nil {
		panic(r.vm.NewGoError(fmt.Errorf("%s: what this script belongs to has ended: %w", what, cause)))
	}
	if s.over {
		return &r.root
	}
	return s
}

// add takes note of a thing and returns its number.
func (r *Runtime) add(t *thing) int64 {
	r.lastThing++
	r.things[r.lastThing] = t
	if !t.weak {
		t.owner.live++
		r.strong++
	}
	return r.lastThing
}

// forget removes a thing and returns it, nil if it is gone already. So whoever comes
// first, the thing itself or who ends it, comes alone, and the counts are exact.
func (r *Runtime) forget(id int64) *thing {
	t := r.things[id]
	if t == nil {
		return nil
	}
	delete(r.things, id)
	if !t.weak {
		t.owner.live--
		r.strong--
	}
	return t
}

// end ends a thing before it is through.
func (r *Runtime) end(id int64) {
	if t := r.forget(id); t != nil && t.end != nil {
		t.end()
	}
}

// fire runs the macrotask that a thing ends with, unless it was ended before.
func (r *Runtime) fire(id int64, nesting int, message string, f func() error) {
	if t := r.forget(id); t != nil {
		r.callback(t.owner, nesting, message, f)
	}
}

// stop ends the things of a scope, or all for nil, in the order in which they began.
func (r *Runtime) stop(s *scope) {
	for _, id := range slices.Sorted(maps.Keys(r.things)) {
		if t := r.things[id]; t != nil && (s == nil || t.owner == s) {
			r.end(id)
		}
	}
}

// giveUp ends a scope whose caller has left. Any goroutine may call it.
func (r *Runtime) giveUp(s *scope, cause error) {
	r.mu.Lock()
	first := s.cause == nil && !s.over
	if first {
		s.cause = cause
		if r.running == s {
			r.interrupt(cause)
		}
	}
	r.mu.Unlock()
	if first {
		_, _ = r.loop.CallSoonThreadsafe(func() { r.abandon(s, cause) }) // see shut
	}
}

// abandon is the part of giving up that belongs to the loop.
func (r *Runtime) abandon(s *scope, cause error) {
	r.mu.Lock()
	if s.cause == nil {
		s.cause = cause
	}
	r.mu.Unlock()
	r.stop(s)
	r.finish(s)
	r.checkIdle()
}

// finish ends a scope with what is known of it, or why it was given up.
func (r *Runtime) finish(s *scope) {
	r.mu.Lock()
	if s.over {
		r.mu.Unlock()
		return
	}
	s.over = true
	if s.cause != nil {
		s.value, s.err = nil, s.cause
	}
	r.mu.Unlock()
	if i := slices.Index(r.waiting, s); i >= 0 {
		r.waiting = slices.Delete(r.waiting, i, i+1)
	}
	_ = s.result.SetResult(outcome{s.value, s.err}) // refused if who waited has left
	s.value = nil
}

// know takes note of what a scope's script came to.
func (s *scope) know(value any, err error) {
	if !s.known {
		s.known, s.value, s.err = true, value, err
	}
}

// check finishes a scope that has nothing under way, or has failed.
func (r *Runtime) check(s *scope) {
	switch {
	case !s.known || s.over:
	case s.err != nil:
		r.abandon(s, s.err)
	case s.live == 0:
		r.finish(s)
	}
}

// checkIdle fails those who wait for promises that nothing will settle.
func (r *Runtime) checkIdle() {
	if r.strong > 0 || len(r.waiting) == 0 {
		return
	}
	r.mu.Lock()
	more := r.queued > 0 || r.running != nil
	r.mu.Unlock()
	if more {
		return
	}
	for _, s := range slices.Clone(r.waiting) {
		s.know(nil, ErrNeverSettled)
		r.check(s)
	}
}

// asyncContext keeps the scope of JavaScript across promises and await.
type asyncContext struct{ r *Runtime }

// Grab implements goja.AsyncContextTracker.
func (c asyncContext) Grab() any { return c.r.current }

// Resumed implements goja.AsyncContextTracker.
func (c asyncContext) Resumed(was any) {
	if s, ok := was.(*scope); ok {
		c.r.current = s
	}
}

// Exited implements goja.AsyncContextTracker.
func (c asyncContext) Exited() { c.r.current = c.r.base }

var _ goja.AsyncContextTracker = asyncContext{}
