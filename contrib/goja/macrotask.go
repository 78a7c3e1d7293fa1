package gojaloop

import (
	"errors"
	"runtime/debug"

	"github.com/dop251/goja"
	"github.com/go-asyncio/asyncio"
)

// entryName is the global function that a macrotask begins with. It does nothing if a
// script calls it.
const entryName = "gojaloop:macrotask"

// entry is the script that each macrotask is: it calls the global function, which runs
// the macrotask's job. goja runs microtasks when the outermost call leaves. A script is the
// one form of it in which a Go function that is itself a microtask can call JavaScript
// without being taken for that outermost call.
var entry = goja.MustCompile("gojaloop", `this["`+entryName+`"]()`, false)

// enterJob is the global function of entry.
func (r *Runtime) enterJob(goja.FunctionCall) goja.Value {
	if job := r.job; job != nil {
		r.job = nil
		job()
	}
	return goja.Undefined()
}

// macrotask runs f for a scope, and then all microtasks. It returns f's error, or how JavaScript
// ended that did not come to its end; false if nothing was run, because the runtime is
// closed or the scope given up. It belongs to a plain callback of the loop.
func (r *Runtime) macrotask(s *scope, nesting int, f func() error) (ran bool, err error) {
	if !r.enter(s) {
		return false, nil
	}
	r.base, r.current, r.nesting = s, s, nesting
	s.live++
	left := true // but for Goexit
	defer func() {
		s.live--
		r.leave()
		if left {
			r.shut(errLeft)
			s.know(nil, errLeft)
		}
	}()
	err = r.step(f)
	for again := err; again != nil && isPanic(again); { // the microtasks that it kept waiting
		if again = r.step(nil); again != nil {
			r.note("panic in a microtask of JavaScript", again)
		}
	}
	r.noteRejected()
	if r.suspect && !r.works() {
		r.shut(ErrBroken)
		r.note("a JavaScript runtime was closed", ErrBroken)
	}
	left = false
	return true, err
}

// works tells whether goja still runs microtasks, after a step of this macrotask did not
// end as it should.
func (r *Runtime) works() (did bool) {
	r.calm()
	probe := func(goja.FunctionCall) goja.Value { did = true; return goja.Undefined() }
	_ = r.step(func() error {
		promise, resolve, _ := r.vm.NewPromise()
		if err := resolve(nil); err != nil {
			return err
		}
		_, err := r.then(r.vm.ToValue(promise), r.vm.ToValue(probe))
		return err
	})
	r.suspect = !did
	return did
}

// calm takes back an interruption that has done its work; after Close none does.
func (r *Runtime) calm() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.interrupted && r.closed == nil {
		r.interrupted = false
		r.vm.ClearInterrupt()
	}
}

// noteRejected notes the promises that are rejected and not handled. It may run JavaScript,
// which reads what they were rejected with, and so is part of the macrotask.
func (r *Runtime) noteRejected() {
	for len(r.rejected) > 0 {
		rejected := r.rejected
		r.rejected = nil
		_ = r.step(func() error {
			for _, p := range rejected {
				if errors.Is(r.why(nil), ErrClosed) {
					return nil // the close is why, and whoever closes knows
				}
				r.note("promise rejected, and nobody handles it", r.thrown(p.Result(), nil))
			}
			return nil
		})
	}
}

// step is one call of JavaScript's and its microtasks. A panic of a Go function within is
// returned as an error.
func (r *Runtime) step(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			r.suspect = true
			err = &asyncio.PanicError{Value: p, Stack: debug.Stack()}
		}
	}()
	r.job = nil
	if f != nil {
		r.job = func() { err = f() }
	}
	_, outer := r.vm.RunProgram(entry)
	if outer != nil { // no exception: those are the job's
		r.suspect = true
		err = outer
	}
	return r.failure(err)
}

// isPanic tells whether a step was ended by the panic of a Go function.
func isPanic(err error) bool {
	_, ok := err.(*asyncio.PanicError)
	return ok
}

// enter begins a macrotask, unless the runtime is closed or the scope given up.
func (r *Runtime) enter(s *scope) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed != nil || s.cause != nil {
		return false
	}
	r.running = s
	return true
}

// leave ends a macrotask. An interruption that came too late for it does not reach the next.
func (r *Runtime) leave() {
	r.mu.Lock()
	r.running = nil
	if r.interrupted {
		r.interrupted = false
		r.vm.ClearInterrupt()
	}
	r.mu.Unlock()
	r.base, r.current, r.job = &r.root, &r.root, nil
}

// note keeps what is reported after the macrotask.
func (r *Runtime) note(message string, err error) {
	r.reports = append(r.reports, report{message, err})
}

// after does what follows a macrotask: it reports, and ends the scopes that have nothing
// under way any more.
func (r *Runtime) after(s *scope) {
	settled := r.settled
	r.settled = nil
	defer func() { // a handler may panic
		for _, other := range settled {
			r.check(other)
		}
		r.check(s)
		r.checkIdle()
	}()
	for len(r.reports) > 0 {
		next := r.reports[0]
		r.reports = r.reports[1:]
		r.report(next)
	}
}

// callback is a macrotask for which nobody waits: an exception that it does not catch is
// reported.
func (r *Runtime) callback(s *scope, nesting int, message string, f func() error) {
	defer r.after(s)
	_, err := r.macrotask(s, nesting, f)
	if err != nil && !r.wanted(s, err) {
		r.note(message, err)
	}
}

// wanted tells whether an error is the interruption of a scope that was given up, or of a runtime
// that was closed.
func (r *Runtime) wanted(s *scope, err error) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return s.cause != nil && errors.Is(err, s.cause) || r.closed != nil && errors.Is(err, r.closed)
}

// inMacrotask panics where no macrotask runs.
func (r *Runtime) inMacrotask(what string) {
	r.mu.Lock()
	running := r.running != nil
	r.mu.Unlock()
	if !running {
		panic(notInMacrotask(what))
	}
}

// trackRejection keeps what promises are rejected and not handled; what is handled before
// the macrotask ends is nobody's concern.
func (r *Runtime) trackRejection(p *goja.Promise, op goja.PromiseRejectionOperation) {
	if op == goja.PromiseRejectionReject {
		r.rejected = append(r.rejected, p)
		return
	}
	for i, other := range r.rejected {
		if other == p {
			r.rejected = append(r.rejected[:i], r.rejected[i+1:]...)
			return
		}
	}
}
