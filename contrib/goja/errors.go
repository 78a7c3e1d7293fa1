package gojaloop

import (
	"errors"
	"fmt"
	"strings"

	"github.com/dop251/goja"
)

var (
	// ErrClosed: the runtime has been closed.
	ErrClosed = errors.New("gojaloop: the runtime is closed")
	// ErrNeverSettled: the promise that a script returned is pending, and nothing is under
	// way in the runtime that could settle it. What Go code will settle later is made known
	// by Hold.
	ErrNeverSettled = errors.New("gojaloop: the promise can never be settled: nothing is under way any more")
	// ErrNotInMacrotask is what Start, Promise, Hold and Runtime.Future panic with where no
	// macrotask of the runtime runs.
	ErrNotInMacrotask = errors.New("gojaloop: called outside a macrotask; use Do or Post")
	// ErrInvalidArgument: a value that the call cannot work with.
	ErrInvalidArgument = errors.New("gojaloop: invalid argument")
	// errLeft is the end of a macrotask by runtime.Goexit.
	errLeft = errors.New("gojaloop: a Go function called from JavaScript ended its goroutine (runtime.Goexit), so the runtime is closed")
)

// ScriptError is an exception that JavaScript did not catch, or the reason of a rejected
// promise. It holds nothing of the runtime's: any goroutine may use it.
type ScriptError struct {
	Name    string // of an Error: "TypeError"; else empty
	Message string // of an Error, or the thrown value as text
	Stack   string // where it was made or thrown, a function a line
	Value   any    // the thrown value, exported; of an Error nil
	err     error
}

// Error is the name and the message.
func (e *ScriptError) Error() string {
	if e.Name == "" {
		return e.Message
	}
	return e.Name + ": " + e.Message
}

// Unwrap returns the Go error that JavaScript was given and has thrown on, or nil.
func (e *ScriptError) Unwrap() error { return e.err }

// failure turns an error of the runtime's into one that any goroutine may look at. It
// belongs to a macrotask.
func (r *Runtime) failure(err error) error {
	var thrown *goja.Exception
	var interrupted *goja.InterruptedError
	var overflow *goja.StackOverflowError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &interrupted):
		if cause := interrupted.Unwrap(); cause != nil {
			return fmt.Errorf("gojaloop: script interrupted: %w", cause)
		}
		return fmt.Errorf("gojaloop: script interrupted: %v", interrupted.Value())
	case errors.As(err, &overflow):
		return &ScriptError{Name: "RangeError", Message: "Maximum call stack size exceeded"}
	case errors.As(err, &thrown):
		return r.thrown(thrown.Value(), thrown.Stack())
	}
	return err
}

// thrown describes a value that was thrown, or that a promise was rejected with.
func (r *Runtime) thrown(v goja.Value, at []goja.StackFrame) error {
	e := &ScriptError{}
	if r.try(func() { e.describe(r, v) }) != nil {
		e.Message = "a thrown value that throws when it is looked at"
	}
	if e.Stack == "" {
		e.Stack = stackText(at)
	}
	return e
}

// try runs what may throw, and returns what it threw, or the interruption that ended it.
func (r *Runtime) try(f func()) (err error) {
	defer func() {
		if p := recover(); p != nil {
			uncatchable, ok := p.(error)
			if !ok {
				panic(p)
			}
			err = uncatchable
		}
	}()
	if ex := r.vm.Try(f); ex != nil {
		return ex
	}
	return nil
}

// describe fills in the error from what was thrown, and may throw itself.
func (e *ScriptError) describe(r *Runtime, v goja.Value) {
	object, ok := v.(*goja.Object)
	if !ok || !r.vm.InstanceOf(v, r.errorClass) {
		if v == nil {
			v = goja.Undefined()
		}
		e.Message, e.Value = v.String(), v.Export()
		return
	}
	text := func(name string) string {
		if p := object.Get(name); p != nil && !goja.IsUndefined(p) {
			return p.String()
		}
		return ""
	}
	e.Name, e.Message, e.Stack = text("name"), text("message"), text("stack")
	for _, name := range []string{"value", "cause"} { // of a GoError, and of what fetch throws
		if p := object.Get(name); p != nil && e.err == nil {
			e.err, _ = goError(p)
		}
	}
}

// goError returns the Go error that a value holds, itself or as a GoError.
func goError(v goja.Value) (error, bool) {
	if err, ok := v.Export().(error); ok {
		return err, true
	}
	if object, ok := v.(*goja.Object); ok {
		if p := object.Get("value"); p != nil {
			err, ok := p.Export().(error)
			return err, ok
		}
	}
	return nil, false
}

// stackText is a stack as text.
func stackText(at []goja.StackFrame) string {
	var b strings.Builder
	for _, frame := range at {
		fmt.Fprintf(&b, "\tat %s (%s)\n", frame.FuncName(), frame.Position())
	}
	return b.String()
}
