package gojaloop

import (
	"math"
	"time"

	"github.com/dop251/goja"
)

// The limits that the HTML standard sets for timers that set timers: from the sixth on
// none comes sooner than after 4 ms, so that a script that does nothing else leaves the
// processor to others.
const (
	nestedTimers = 5
	nestedDelay  = 4 * time.Millisecond
)

// timerMessage is what an exception in a timer's callback is reported with.
const timerMessage = "exception in a JavaScript timer"

// timer is what setTimeout and setInterval make.
type timer struct {
	r        *Runtime
	id       int64
	f        goja.Callable
	args     []goja.Value
	delay    time.Duration
	nesting  int
	interval bool
	cancel   func() bool
}

// setTimeout is the function of that name; setInterval is the same, repeated.
func (r *Runtime) setTimeout(call goja.FunctionCall) goja.Value { return r.setTimer(call, false) }

// setInterval is the function of that name.
func (r *Runtime) setInterval(call goja.FunctionCall) goja.Value { return r.setTimer(call, true) }

// setTimer makes a timer as the HTML standard does.
func (r *Runtime) setTimer(call goja.FunctionCall, interval bool) goja.Value {
	name := "setTimeout"
	if interval {
		name = "setInterval"
	}
	t := &timer{r: r, f: r.callable(name, call), delay: delayOf(call.Argument(1)), nesting: r.nesting, interval: interval}
	if len(call.Arguments) > 2 {
		t.args = append(t.args, call.Arguments[2:]...)
	}
	t.id = r.add(&thing{owner: r.owner(name), timer: true, end: t.stop})
	t.arm()
	return r.vm.ToValue(t.id)
}

// callable returns the function that is a call's first argument, or throws.
func (r *Runtime) callable(name string, call goja.FunctionCall) goja.Callable {
	f, ok := goja.AssertFunction(call.Argument(0))
	if !ok {
		panic(r.vm.NewTypeError("%s: the first argument must be a function", name))
	}
	return f
}

// arm sets the loop's timer.
func (t *timer) arm() {
	delay := t.delay
	if t.nesting > nestedTimers && delay < nestedDelay {
		delay = nestedDelay
	}
	t.nesting++
	handle, err := t.r.loop.CallLater(delay, t.fire)
	if err != nil {
		t.r.forget(t.id)
		panic(t.r.vm.NewGoError(err))
	}
	t.cancel = handle.Cancel
}

// stop takes the loop's timer back.
func (t *timer) stop() { t.cancel() }

// fire is the timer's macrotask.
func (t *timer) fire() {
	call := func() error {
		_, err := t.f(goja.Undefined(), t.args...)
		return err
	}
	if !t.interval {
		t.r.fire(t.id, t.nesting, timerMessage, call)
		return
	}
	thing := t.r.things[t.id]
	if thing == nil {
		return
	}
	t.r.callback(thing.owner, t.nesting, timerMessage, func() error {
		defer func() { // whatever becomes of the callback
			if t.r.things[t.id] != nil && t.r.why(thing.owner) == nil {
				t.arm()
			}
		}()
		return call()
	})
}

// clearTimer is clearTimeout and clearInterval, which are the same. What is no timer's number, or
// that of one that has fired, is nobody's concern.
func (r *Runtime) clearTimer(call goja.FunctionCall) goja.Value {
	id := call.Argument(0).ToInteger()
	if t := r.things[id]; t != nil && t.timer {
		r.end(id)
	}
	return goja.Undefined()
}

// setImmediate is the function of that name, which Node.js has: a macrotask in the loop's
// next pass.
func (r *Runtime) setImmediate(call goja.FunctionCall) goja.Value {
	f := r.callable("setImmediate", call)
	var args []goja.Value
	if len(call.Arguments) > 1 {
		args = append(args, call.Arguments[1:]...)
	}
	owner := r.owner("setImmediate")
	var id int64
	handle, err := r.loop.CallSoon(func() {
		r.fire(id, 0, "exception in a callback of setImmediate", func() error {
			_, err := f(goja.Undefined(), args...)
			return err
		})
	})
	if err != nil {
		panic(r.vm.NewGoError(err))
	}
	id = r.add(&thing{owner: owner, timer: true, end: func() { handle.Cancel() }})
	return r.vm.ToValue(id)
}

// delayOf converts a delay as WebIDL converts to long: into 32 bits, of which a negative
// number is no delay.
func delayOf(v goja.Value) time.Duration {
	f := math.Trunc(v.ToFloat())
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return 0
	}
	ms := int32(uint32(int64(math.Mod(f, 1<<32))))
	return time.Duration(max(ms, 0)) * time.Millisecond
}
