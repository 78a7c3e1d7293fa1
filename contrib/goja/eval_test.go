package gojaloop_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"

	"github.com/dop251/goja"
	"github.com/go-asyncio/asyncio"
	gojaloop "github.com/go-asyncio/asyncio/contrib/goja"
)

// TestEval: what a script comes to, as a Go value.
func TestEval(t *testing.T) {
	for _, c := range []struct {
		name, script string
		want         any
	}{
		{"number", "6 * 7", int64(42)},
		{"string", "'a' + 'b'", "ab"},
		{"undefined", "undefined", nil},
		{"array", "[1, 'x']", []any{int64(1), "x"}},
		{"object", "({a: 1})", map[string]any{"a": int64(1)}},
		{"promise", "Promise.resolve(3)", int64(3)},
		{"promise of a timer", "new Promise(f => setTimeout(f, 1, 'late'))", "late"},
		{"async function", "(async () => { await null; return 5 })()", int64(5)},
		{"a Promise whose then was replaced", "Promise.prototype.then = null; (async () => { await null; return 6 })()", int64(6)},
	} {
		t.Run(c.name, func(t *testing.T) {
			over(t, func(s *stage, ctx context.Context) {
				if got := s.eval(ctx, s.runtime(), c.script); !reflect.DeepEqual(got, c.want) {
					s.Errorf("%#v, want %#v", got, c.want)
				}
			})
		})
	}
}

// TestEvalEndsWithWhatItStarted: timers that set timers, across promises.
func TestEvalEndsWithWhatItStarted(t *testing.T) {
	over(t, func(s *stage, ctx context.Context) {
		s.eval(ctx, s.runtime(), `
			setTimeout(async () => {
				await null
				setTimeout(() => Promise.resolve().then(() => setTimeout(() => console.log('last'), 1)), 1)
			}, 1)`)
		s.wantLog("last")
	})
}

// TestEvalsEndByThemselves: one does not wait for what another has under way.
func TestEvalsEndByThemselves(t *testing.T) {
	over(t, func(s *stage, ctx context.Context) {
		r := s.runtime()
		forever := asyncio.Go(ctx, func(ctx context.Context) (any, error) { return r.Eval(ctx, "setInterval(() => {}, 3600e3)") })
		s.must(asyncio.Yield(ctx))
		s.eval(ctx, r, "(async () => { await null; await new Promise(f => setTimeout(f, 1)) })()")
		if forever.Done() {
			s.Error("the other call has ended")
		}
		forever.Cancel()
		_, err := forever.Await(ctx)
		s.wantErr(err, asyncio.ErrCancelled)
	})
}

// TestEvalErrors: how a script fails, and what it started is ended.
func TestEvalErrors(t *testing.T) {
	for _, c := range []struct{ name, script, want string }{
		{"thrown", "setInterval(() => {}, 1); throw new RangeError('r')", "RangeError: r"},
		{"thrown value", "throw 'text'", "text"},
		{"rejected", "setInterval(() => {}, 1); Promise.reject(new TypeError('t'))", "TypeError: t"},
		{"rejected late", "setInterval(() => {}, 3600e3); new Promise((_, r) => setTimeout(r, 1, 'late'))", "late"},
		{"throws when looked at", "throw {toString() { throw 1 }}", "a thrown value that throws when it is looked at"},
		{"getter of the result throws", "({get a() { throw new Error('got') }})", "Error: got"},
		{"endless recursion", "(function f() { f() })()", "RangeError: Maximum call stack size exceeded"},
		{"no function", "setTimeout('code')", "TypeError: setTimeout: the first argument must be a function"},
	} {
		t.Run(c.name, func(t *testing.T) {
			over(t, func(s *stage, ctx context.Context) {
				_, err := s.runtime().Eval(ctx, c.script)
				var script *gojaloop.ScriptError
				if !errors.As(err, &script) || err.Error() != c.want {
					s.Errorf("error %T %v, want %s", err, err, c.want)
				}
			})
		})
	}
}

// TestSyntaxError: a script that is none.
func TestSyntaxError(t *testing.T) {
	over(t, func(s *stage, ctx context.Context) {
		_, err := s.runtime().Eval(ctx, "(")
		var syntax *goja.CompilerSyntaxError
		if !errors.As(err, &syntax) {
			s.Errorf("error %v", err)
		}
	})
}

// TestNeverSettled: a promise that nothing will settle is an error and no wait for ever.
func TestNeverSettled(t *testing.T) {
	over(t, func(s *stage, ctx context.Context) {
		r := s.runtime()
		_, err := r.Eval(ctx, "new Promise(() => {})")
		s.wantErr(err, gojaloop.ErrNeverSettled)
		_, err = r.Eval(ctx, "(async () => { await new Promise(f => setTimeout(f, 1)); await new Promise(() => {}) })()")
		s.wantErr(err, gojaloop.ErrNeverSettled)
	})
}

// TestSettledByAnother: one call waits for the promise that another's timer settles, whichever is first.
func TestSettledByAnother(t *testing.T) {
	over(t, func(s *stage, ctx context.Context) {
		r := s.runtime()
		s.eval(ctx, r, "var f, p = new Promise((g) => { f = g }); undefined")
		got, err := asyncio.Gather(ctx,
			func(ctx context.Context) (any, error) { return r.Eval(ctx, "p.then(v => v + 1)") },
			func(ctx context.Context) (any, error) { return r.Eval(ctx, "setTimeout(() => f(1), 1); 'set'") })
		s.must(err)
		if got[0] != int64(2) || got[1] != "set" {
			s.Errorf("%v", got)
		}
	})
}

// TestReports: what nobody catches reaches the loop's handler, and the loop goes on.
func TestReports(t *testing.T) {
	for _, c := range []struct {
		name, script string
		want         []string
	}{
		{"timer", "setTimeout(() => { throw new Error('a') }, 0); setTimeout(() => console.log('on'), 1)",
			[]string{"exception in a JavaScript timer: Error: a"}},
		{"interval goes on", "let n = 0; const i = setInterval(() => { if (++n === 2) { clearInterval(i); console.log('on') } throw n }, 1)",
			[]string{"exception in a JavaScript timer: 1", "exception in a JavaScript timer: 2"}},
		{"immediate", "setImmediate(() => { throw 1 }); setImmediate(() => console.log('on'))",
			[]string{"exception in a callback of setImmediate: 1"}},
		{"microtask", "queueMicrotask(() => { throw 1 }); queueMicrotask(() => console.log('on'))",
			[]string{"exception in a microtask of JavaScript: 1"}},
		{"rejection", "Promise.reject(new Error('a')); Promise.reject(2).then(() => {}); console.log('on')",
			[]string{"promise rejected, and nobody handles it: Error: a", "promise rejected, and nobody handles it: 2"}},
		{"rejection handled in time", "const p = Promise.reject(1); queueMicrotask(() => p.catch(() => console.log('on')))", nil},
		{"rejection handled too late", "const p = Promise.reject(1); setTimeout(() => p.catch(() => console.log('on')), 0)",
			[]string{"promise rejected, and nobody handles it: 1"}},
		{"async function", "(async () => { await null; throw new Error('a') })(); console.log('on')",
			[]string{"promise rejected, and nobody handles it: Error: a"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			over(t, func(s *stage, ctx context.Context) {
				s.eval(ctx, s.runtime(), "{"+c.script+"}; undefined")
				var got []string
				for _, r := range s.reports() {
					got = append(got, fmt.Sprintf("%s: %v", r.Message, r.Err))
				}
				if !reflect.DeepEqual(got, c.want) {
					s.Errorf("reported %q, want %q", got, c.want)
				}
				s.wantLog("on")
			})
		})
	}
}

// TestOwnHandler: a runtime's own handler hears in place of the loop's.
func TestOwnHandler(t *testing.T) {
	over(t, func(s *stage, ctx context.Context) {
		var heard []string
		r := s.runtime(gojaloop.WithExceptionHandler(func(r *gojaloop.Runtime, c asyncio.ExceptionContext) {
			heard = append(heard, c.Err.Error())
		}))
		s.eval(ctx, r, "setTimeout(() => { throw 1 }); Promise.reject(2); undefined")
		if got := strings.Join(heard, " "); got != "2 1" {
			s.Errorf("heard %s", got)
		}
	})
}

// TestPanics: a Go function that panics ends its macrotask, as an error of who waits or as a
// report; microtasks and the runtime go on.
func TestPanics(t *testing.T) {
	over(t, func(s *stage, ctx context.Context) {
		r := s.runtime()
		s.define(ctx, r, "explode", func(goja.FunctionCall) goja.Value { panic(io.ErrUnexpectedEOF) })
		var panicked *asyncio.PanicError
		if _, err := r.Eval(ctx, "queueMicrotask(() => console.log('micro')); explode()"); !errors.As(err, &panicked) {
			s.Errorf("error %v", err)
		}
		s.wantErr(panicked, io.ErrUnexpectedEOF)
		s.eval(ctx, r, "setTimeout(() => { queueMicrotask(() => console.log('timer')); explode() }, 0); undefined")
		s.eval(ctx, r, "queueMicrotask(() => explode()); queueMicrotask(() => console.log('lost')); undefined")
		if n := len(s.reports()); n != 2 {
			s.Errorf("%d reports", n)
		}
		s.wantLog("micro timer")
	})
}
