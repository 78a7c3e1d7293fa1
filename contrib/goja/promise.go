package gojaloop

import (
	"context"
	"fmt"

	"github.com/dop251/goja"
	"github.com/go-asyncio/asyncio"
)

// promiseOf returns the promise that a value is, or nil.
func promiseOf(v goja.Value) *goja.Promise {
	if _, ok := v.(*goja.Object); !ok {
		return nil
	}
	p, _ := v.Export().(*goja.Promise)
	return p
}

// notInMacrotask is what a call panics with that was made outside a macrotask.
func notInMacrotask(what string) error { return fmt.Errorf("%s: %w", what, ErrNotInMacrotask) }

// whenSettled calls f in the microtask that follows the settling of a promise, which then
// counts as handled.
func (r *Runtime) whenSettled(promise goja.Value, f func(value any, err error)) error {
	kept := func(call goja.FunctionCall) goja.Value {
		f(r.export(call.Argument(0)))
		return goja.Undefined()
	}
	broken := func(call goja.FunctionCall) goja.Value {
		f(nil, r.thrown(call.Argument(0), nil))
		return goja.Undefined()
	}
	_, err := r.then(promise, r.vm.ToValue(kept), r.vm.ToValue(broken))
	return err
}

// Start runs f as a coroutine of the loop and returns a promise of its result, which is
// f's as goja's ToValue makes it, or an Error that holds f's error. f may wait for
// anything; it must not touch the runtime or its values. It is cancelled when what it
// belongs to ends. JavaScript that shall wait for Go is given a function that calls Start:
//
//	vm.Set("sleep", func(call goja.FunctionCall) goja.Value {
//		d := time.Duration(call.Argument(0).ToInteger()) * time.Millisecond
//		return gojaloop.Start(js, func(ctx context.Context) (any, error) { return nil, asyncio.Sleep(ctx, d) })
//	})
//
// It belongs to macrotasks, and panics with ErrNotInMacrotask elsewhere.
func Start[T any](r *Runtime, f func(ctx context.Context) (T, error)) goja.Value {
	r.inMacrotask("Start")
	owner := r.owner("Start")
	promise, resolve, reject := r.vm.NewPromise()
	task := asyncio.CreateTask(r.loop, f)
	id := r.add(&thing{owner: owner, end: func() { task.Cancel() }})
	task.AddDoneCallback(func(task *asyncio.Task[T]) {
		r.fire(id, 0, "exception while a promise was settled", func() error {
			value, err := task.Result()
			if err != nil {
				return reject(r.vm.NewGoError(err))
			}
			return resolve(value)
		})
	})
	return r.vm.ToValue(promise)
}

// Promise returns a promise of a future's or task's result, as Start does for a function.
// The future goes on if the script ends. It belongs to macrotasks, and panics with
// ErrNotInMacrotask elsewhere.
func Promise[T any](r *Runtime, a asyncio.AwaitableOf[T]) goja.Value {
	r.inMacrotask("Promise")
	return Start(r, func(ctx context.Context) (T, error) {
		here, err := asyncio.WrapFuture(r.loop, a)
		if err != nil {
			var none T
			return none, err
		}
		return asyncio.Shield(ctx, here)
	})
}

// Future returns a future of what a promise is settled with, exported; of any other
// value it is the result at once. A rejected promise is a *ScriptError. When the runtime is
// closed, or what the caller belongs to ends, the future is cancelled. It belongs to
// macrotasks, and panics with ErrNotInMacrotask elsewhere; the future is anybody's.
func (r *Runtime) Future(v goja.Value) *asyncio.Future[any] {
	r.inMacrotask("Future")
	future := asyncio.NewFuture[any](r.loop)
	settle := func(value any, err error) {
		if err != nil {
			_ = future.SetException(err) // refused if it was cancelled
			return
		}
		_ = future.SetResult(value)
	}
	if promiseOf(v) == nil {
		settle(r.export(v))
		return future
	}
	id := r.add(&thing{owner: r.owner("Future"), weak: true, end: func() { future.Cancel() }})
	err := r.whenSettled(v, func(value any, err error) {
		if r.forget(id) != nil {
			settle(value, err)
		}
	})
	if err != nil {
		r.forget(id)
		settle(nil, r.failure(err))
	}
	return future
}

// Hold keeps the call that runs from ending until release is called, for work that the
// runtime does not see: a promise of goja's NewPromise that a goroutine of yours will
// settle by Post. Release after the Post. Hold belongs to macrotasks, and panics with
// ErrNotInMacrotask elsewhere; release may be called from any goroutine, more than once.
func (r *Runtime) Hold() (release func()) {
	r.inMacrotask("Hold")
	owner := r.owner("Hold")
	id := r.add(&thing{owner: owner})
	return func() {
		// A loop that is closed has ended the call.
		_, _ = r.loop.CallSoonThreadsafe(func() {
			r.forget(id)
			r.check(owner)
			r.checkIdle()
		})
	}
}
