package gojaloop

import (
	"context"
	"errors"
	"fmt"

	"github.com/dop251/goja"
	"github.com/go-asyncio/asyncio"
)

// Eval runs a script and returns what its last statement came to, or what the promise is
// settled with if that is one, as a Go value (goja's Value.Export). It ends when all has
// that the script started. If it fails, what the script started is ended: a *ScriptError for what
// the script does not catch, ErrNeverSettled, ErrClosed, asyncio.ErrLoopClosed, the cause of ctx if that is
// done, and a *goja.CompilerSyntaxError. A ctx with a deadline ends an endless loop, too;
// a task's cancellation cannot, since the loop that would deliver it is held up.
//
// It suspends or blocks: any goroutine may call it.
func (r *Runtime) Eval(ctx context.Context, source string) (any, error) {
	program, err := goja.Compile("eval.js", source, false)
	if err != nil {
		return nil, err
	}
	return r.Run(ctx, program)
}

// Run is Eval for a script that was compiled before; one program may be run in many
// runtimes. It suspends or blocks: any goroutine may call it.
func (r *Runtime) Run(ctx context.Context, program *goja.Program) (any, error) {
	if program == nil {
		return nil, fmt.Errorf("%w: Run: the program is nil; make it with goja.Compile", ErrInvalidArgument)
	}
	return r.Do(ctx, func(vm *goja.Runtime) (goja.Value, error) { return vm.RunProgram(program) })
}

// Do runs f in a macrotask and returns as Eval does: f may define what scripts shall
// find, call functions of theirs, and return a promise. A panic in it is an
// *asyncio.PanicError. It suspends or blocks: any goroutine may call it.
func (r *Runtime) Do(ctx context.Context, f func(vm *goja.Runtime) (goja.Value, error)) (any, error) {
	if f == nil {
		return nil, fmt.Errorf("%w: Do: the function is nil", ErrInvalidArgument)
	}
	running, err := asyncio.GetRunningLoop()
	if err == nil && asyncio.CurrentTask() == nil {
		return nil, fmt.Errorf("gojaloop: %w, or use Post", asyncio.ErrAwaitInCallback)
	}
	s := &scope{result: asyncio.NewFuture[outcome](r.loop)}
	var result asyncio.AwaitableOf[outcome] = s.result
	if running != nil {
		if result, err = asyncio.WrapFuture(running, s.result); err != nil {
			return nil, fmt.Errorf("gojaloop: %w", err)
		}
	}
	if err := r.queue(func() { r.begin(s, f) }); err != nil {
		return nil, err
	}
	if ctx.Done() != nil {
		// On another goroutine, since the loop may be held up by the very script.
		defer context.AfterFunc(ctx, func() { r.giveUp(s, context.Cause(ctx)) })()
	}
	left := true // unwound by the loop's close, or by Goexit
	defer func() {
		if left {
			r.giveUp(s, asyncio.ErrCancelled)
		}
	}()
	o, err := result.Await(ctx)
	left = false
	if err == nil {
		return o.value, o.err
	}
	r.giveUp(s, err)
	return nil, err
}

// Post runs f in a macrotask of its own and does not wait for it: what f returns or
// throws is reported to the exception handler. It fails with ErrClosed and
// asyncio.ErrLoopClosed. Functions run in the order in which they were posted. Any
// goroutine may call it, callbacks and functions that JavaScript calls included.
func (r *Runtime) Post(f func(vm *goja.Runtime) error) error {
	if f == nil {
		return fmt.Errorf("%w: Post: the function is nil", ErrInvalidArgument)
	}
	return r.queue(func() {
		r.callback(&r.root, 0, "exception in a function posted to a JavaScript runtime", func() error { return f(r.vm) })
	})
}

// queue has f run as a callback of the loop. It counts those that are to come.
func (r *Runtime) queue(f func()) error {
	r.mu.Lock()
	err := r.closed
	if err == nil {
		r.queued++
	}
	r.mu.Unlock()
	if err != nil {
		return err
	}
	_, err = r.loop.CallSoonThreadsafe(func() {
		r.unqueue()
		f()
	})
	if err != nil {
		r.unqueue()
		return fmt.Errorf("gojaloop: %w", err)
	}
	return nil
}

// unqueue counts a function that has its turn.
func (r *Runtime) unqueue() {
	r.mu.Lock()
	r.queued--
	r.mu.Unlock()
}

// begin is the first macrotask of a scope.
func (r *Runtime) begin(s *scope, f func(*goja.Runtime) (goja.Value, error)) {
	defer r.after(s)
	r.waiting = append(r.waiting, s)
	ran, err := r.macrotask(s, 0, func() error {
		v, err := f(r.vm)
		if err != nil {
			return err
		}
		return r.result(s, v)
	})
	switch {
	case !ran:
		r.abandon(s, r.why(s))
	case err != nil && s.known: // it was a microtask's
		if why := r.why(s); why == nil || !errors.Is(err, why) {
			r.note("exception in a microtask of JavaScript", err)
		}
	case err != nil:
		s.know(nil, err)
	}
}

// result takes what a script came to, or waits for it if it is a promise.
func (r *Runtime) result(s *scope, v goja.Value) error {
	promise := promiseOf(v)
	if promise == nil {
		value, err := r.export(v)
		if err == nil {
			s.know(value, nil)
		}
		return err
	}
	return r.whenSettled(v, func(value any, err error) {
		s.know(value, err)
		r.settled = append(r.settled, s)
	})
}

// export makes a Go value of JavaScript's. A getter or a Proxy may throw.
func (r *Runtime) export(v goja.Value) (value any, err error) {
	if v == nil {
		return nil, nil
	}
	err = r.try(func() { value = v.Export() })
	return value, err
}
