package gojaloop

import (
	"io"
	"strings"

	"github.com/dop251/goja"
)

// newConsole makes the object console.
func (r *Runtime) newConsole() (*goja.Object, error) {
	console := r.vm.NewObject()
	for _, name := range []string{"log", "info", "debug", "warn", "error"} {
		w := r.out
		if name == "warn" || name == "error" {
			w = r.err
		}
		if err := console.Set(name, r.printTo(w)); err != nil {
			return nil, err
		}
	}
	return console, nil
}

// printTo returns a function that writes its arguments as one line. Objects are JSON, an Error is
// its stack.
func (r *Runtime) printTo(w io.Writer) func(goja.FunctionCall) goja.Value {
	return func(call goja.FunctionCall) goja.Value {
		texts := make([]string, len(call.Arguments))
		for i, v := range call.Arguments {
			texts[i] = r.text(v)
		}
		_, _ = io.WriteString(w, strings.Join(texts, " ")+"\n") // a script is not told that nobody reads
		return goja.Undefined()
	}
}

// text is a value as console prints it.
func (r *Runtime) text(v goja.Value) string {
	object, ok := v.(*goja.Object)
	if !ok {
		return v.String()
	}
	if r.vm.InstanceOf(v, r.errorClass) {
		if stack := object.Get("stack"); stack != nil && !goja.IsUndefined(stack) {
			return strings.TrimRight(stack.String(), "\n")
		}
		return v.String()
	}
	if _, ok := goja.AssertFunction(v); ok {
		return "[Function]"
	}
	if promiseOf(v) != nil {
		return "[Promise]"
	}
	if json, err := object.MarshalJSON(); err == nil && len(json) > 0 { // not what is cyclic
		return string(json)
	}
	return v.String()
}
