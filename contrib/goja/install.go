package gojaloop

import (
	_ "embed"
	"fmt"

	"github.com/dop251/goja"
)

//go:embed web.js
var webSource string

// web makes what is written in JavaScript. It is compiled once.
var web = goja.MustCompile("web.js", webSource, true)

// install defines the global names.
func (r *Runtime) install() error {
	global := r.vm.GlobalObject()
	r.errorClass = global.Get("Error").ToObject(r.vm)
	var ok bool
	if r.then, ok = goja.AssertFunction(global.Get("Promise").ToObject(r.vm).Get("prototype").ToObject(r.vm).Get("then")); !ok {
		return fmt.Errorf("%w: goja has no promises", ErrInvalidArgument)
	}
	if err := global.DefineDataProperty(entryName, r.vm.ToValue(r.enterJob), goja.FLAG_FALSE, goja.FLAG_FALSE, goja.FLAG_FALSE); err != nil {
		return err
	}
	console, err := r.newConsole()
	if err != nil {
		return err
	}
	names := []named{
		{"setTimeout", r.vm.ToValue(r.setTimeout)}, {"clearTimeout", r.vm.ToValue(r.clearTimer)},
		{"setInterval", r.vm.ToValue(r.setInterval)}, {"clearInterval", r.vm.ToValue(r.clearTimer)},
		{"setImmediate", r.vm.ToValue(r.setImmediate)}, {"clearImmediate", r.vm.ToValue(r.clearTimer)},
		{"console", console},
	}
	more, err := r.installWeb()
	if err != nil {
		return err
	}
	for _, n := range append(names, more...) {
		// As in a browser: a script may replace it, and a loop over all names does not see it.
		if err := global.DefineDataProperty(n.name, n.value, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE); err != nil {
			return err
		}
	}
	return nil
}

// named is a global name and what it means.
type named struct {
	name  string
	value goja.Value
}

// installWeb makes what is written in JavaScript.
func (r *Runtime) installWeb() ([]named, error) {
	host := r.vm.NewObject()
	for _, f := range []struct {
		name string
		call func(goja.FunctionCall) goja.Value
	}{
		{"report", r.reportThrown}, {"later", r.weakTimer}, {"fetch", r.hostFetch}, {"abort", r.hostAbort},
		{"encode", r.hostEncode}, {"decode", r.hostDecode},
	} {
		if err := host.Set(f.name, f.call); err != nil {
			return nil, err
		}
	}
	v, err := r.vm.RunProgram(web)
	if err != nil {
		return nil, err
	}
	build, ok := goja.AssertFunction(v)
	if !ok {
		return nil, fmt.Errorf("%w: web.js is no function", ErrInvalidArgument)
	}
	if v, err = build(goja.Undefined(), host); err != nil {
		return nil, err
	}
	exports := v.ToObject(r.vm)
	var all []named
	for _, name := range exports.Keys() {
		all = append(all, named{name, exports.Get(name)})
	}
	return all, nil
}

// reportThrown is what JavaScript of ours calls with an exception that it caught for nobody.
func (r *Runtime) reportThrown(call goja.FunctionCall) goja.Value {
	r.note(call.Argument(1).String(), r.thrown(call.Argument(0), nil))
	return goja.Undefined()
}

// weakTimer is setTimeout whose timer holds no scope open.
func (r *Runtime) weakTimer(call goja.FunctionCall) goja.Value {
	t := &timer{r: r, f: r.callable("AbortSignal.timeout", call), delay: delayOf(call.Argument(1))}
	t.id = r.add(&thing{owner: r.owner("AbortSignal.timeout"), weak: true, end: t.stop})
	t.arm()
	return goja.Undefined()
}
