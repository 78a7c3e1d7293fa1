package gojaloop_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/dop251/goja"
	"github.com/go-asyncio/asyncio"
	gojaloop "github.com/go-asyncio/asyncio/contrib/goja"
)

// troubles are what users of github.com/dop251/goja_nodejs have reported of its event loop,
// by the number there, and how it is here.
var troubles = []struct {
	name string
	f    func(s *stage, ctx context.Context, r *gojaloop.Runtime)
}{
	{"11 a run without timers hangs", func(s *stage, ctx context.Context, r *gojaloop.Runtime) {
		s.eval(ctx, r, "1")
	}},
	{"38 stopping twice, and from within, hangs", func(s *stage, ctx context.Context, r *gojaloop.Runtime) {
		s.must(r.Post(func(*goja.Runtime) error { return r.Close() }))
		s.must(asyncio.Yield(ctx))
		s.must(r.Close())
		s.must(r.Close())
	}},
	{"38 stopping while it starts hangs", func(s *stage, ctx context.Context, r *gojaloop.Runtime) {
		starts := asyncio.Go(ctx, func(ctx context.Context) (any, error) { return r.Eval(ctx, "setInterval(() => {}, 1)") })
		s.must(r.Close())
		_, err := starts.Await(ctx)
		s.wantErr(err, gojaloop.ErrClosed)
	}},
	{"50 a script cannot be interrupted", func(s *stage, ctx context.Context, r *gojaloop.Runtime) {
		// See TestInterrupt, too.
		ended, cancel := context.WithCancel(ctx)
		s.define(ctx, r, "leave", func(goja.FunctionCall) goja.Value { go cancel(); return nil })
		_, err := r.Eval(ended, "leave(); for (;;) {}")
		s.wantErr(err, context.Canceled)
	}},
	{"69 an interval that is forgotten hangs the run", func(s *stage, ctx context.Context, r *gojaloop.Runtime) {
		// It does hold the call open, as in Node.js; but the call can be left, its result had.
		v, err := r.Do(ctx, func(vm *goja.Runtime) (goja.Value, error) {
			return vm.RunString("(async () => { const leak = setInterval(() => {}, 1); await null; clearInterval(leak); return 'done' })()")
		})
		if err != nil || v != "done" {
			s.Errorf("%v, %v", v, err)
		}
		var result *asyncio.Future[any]
		ended, cancel := context.WithCancel(ctx)
		call := asyncio.Go(ctx, func(context.Context) (any, error) {
			return r.Do(ended, func(vm *goja.Runtime) (goja.Value, error) {
				p, err := vm.RunString("setInterval(() => {}, 1); new Promise(f => setTimeout(f, 1, 'result'))")
				if err == nil {
					result = r.Future(p)
				}
				return nil, err
			})
		})
		for result == nil {
			s.must(asyncio.Yield(ctx))
		}
		if v, err := result.Await(ctx); err != nil || v != "result" {
			s.Errorf("%v, %v", v, err)
		}
		cancel()
		_, err = call.Await(ctx)
		s.wantErr(err, context.Canceled)
	}},
	{"70 clearing a timer that has fired makes the count of jobs wrong", func(s *stage, ctx context.Context, r *gojaloop.Runtime) {
		s.eval(ctx, r, `
			let aTimer, n = 0
			function a() {
				clearTimeout(aTimer); clearTimeout(aTimer); clearInterval(aTimer); clearTimeout(undefined); clearTimeout(12345)
				console.log(++n)
				if (n < 6) aTimer = setTimeout(a, 1)
			}
			a()`)
		s.wantLog("1 2 3 4 5 6")
	}},
	{"80 settling a promise when the loop has stopped blocks", func(s *stage, ctx context.Context, r *gojaloop.Runtime) {
		var resolve func(any) error
		_, err := r.Do(ctx, func(vm *goja.Runtime) (goja.Value, error) {
			_, resolve, _ = vm.NewPromise()
			return nil, nil
		})
		s.must(err)
		s.must(r.Close())
		_, err = asyncio.ToThread(ctx, func() (any, error) {
			return nil, r.Post(func(*goja.Runtime) error { return resolve(1) })
		})
		s.wantErr(err, gojaloop.ErrClosed)
	}},
	{"81 intervals leave goroutines behind", func(s *stage, ctx context.Context, r *gojaloop.Runtime) {
		// What is left behind is looked for at the end of all tests.
		for range 50 {
			r := s.runtime()
			s.must(r.Post(func(vm *goja.Runtime) error { _, err := vm.RunString("setInterval(() => {}, 1)"); return err }))
			s.must(asyncio.Yield(ctx))
			s.must(r.Close())
		}
	}},
	{"82 a timer that is set after the end", func(s *stage, ctx context.Context, r *gojaloop.Runtime) {
		s.define(ctx, r, "closeAndSet", func(call goja.FunctionCall) goja.Value {
			s.must(r.Close())
			if _, err := found(goja.AssertFunction(call.Argument(0)))(nil, call.Argument(1)); err == nil {
				s.Error("a timer was set")
			}
			return nil
		})
		_, err := r.Eval(ctx, "closeAndSet(setTimeout, () => console.log('ran'))")
		s.wantErr(err, gojaloop.ErrClosed)
		s.must(asyncio.Sleep(ctx, time.Millisecond))
		s.wantLog("")
	}},
	{"RunOnLoop after the end is lost in silence", func(s *stage, ctx context.Context, r *gojaloop.Runtime) {
		s.must(r.Close())
		s.wantErr(r.Post(func(*goja.Runtime) error { s.Error("ran"); return nil }), gojaloop.ErrClosed)
		_, err := r.Eval(ctx, "1")
		s.wantErr(err, gojaloop.ErrClosed)
	}},
	{"functions posted before the end and after a run", func(s *stage, ctx context.Context, r *gojaloop.Runtime) {
		for i := range 3 {
			s.must(r.Post(func(vm *goja.Runtime) error {
				_, err := vm.RunString(fmt.Sprintf("console.log(%d)", i))
				return err
			}))
		}
		s.eval(ctx, r, "console.log('run')")
		s.must(r.Post(func(vm *goja.Runtime) error { _, err := vm.RunString("console.log('after')"); return err }))
		s.eval(ctx, r, "undefined")
		s.wantLog("0 1 2 run after")
	}},
}

// found panics if there is no value.
func found[T any](v T, ok bool) T {
	if !ok {
		panic("found: no value")
	}
	return v
}

// TestTroublesOfOthers: none of what goja_nodejs is known for.
func TestTroublesOfOthers(t *testing.T) {
	for _, c := range troubles {
		t.Run(c.name, func(t *testing.T) {
			over(t, func(s *stage, ctx context.Context) { c.f(s, ctx, s.runtime()) })
		})
	}
}
