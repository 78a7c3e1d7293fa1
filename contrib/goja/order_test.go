package gojaloop_test

import (
	"context"
	"testing"

	"github.com/dop251/goja"
	gojaloop "github.com/go-asyncio/asyncio/contrib/goja"
)

// orders are scripts and what they log in browsers and in Node.js, where both agree; what
// only one of them has says so.
var orders = []struct{ name, script, want string }{
	{"script, microtasks, timers", `
		log('script 1')
		setTimeout(() => log('timer'), 0)
		Promise.resolve().then(() => log('promise 1')).then(() => log('promise 2'))
		log('script 2')`,
		"script 1 script 2 promise 1 promise 2 timer"},
	{"queueMicrotask and promises are one queue", `
		queueMicrotask(() => log('m1'))
		Promise.resolve().then(() => log('p1'))
		queueMicrotask(() => log('m2'))
		Promise.resolve().then(() => log('p2'))`,
		"m1 p1 m2 p2"},
	{"microtasks between two timers that are due", `
		setTimeout(() => { log('t1'); Promise.resolve().then(() => log('p1')); queueMicrotask(() => log('m1')) }, 0)
		setTimeout(() => { log('t2'); Promise.resolve().then(() => log('p2')) }, 0)`,
		"t1 p1 m1 t2 p2"},
	{"microtasks that microtasks add come before timers", `
		setTimeout(() => log('timer'), 0)
		let n = 0
		const again = () => { log(n); if (++n < 4) queueMicrotask(again) }
		queueMicrotask(again)`,
		"0 1 2 3 timer"},
	{"async functions run at once up to await", `
		const f = async () => { log('a1'); await null; log('a2'); await null; log('a3') }
		log('s1'); f(); log('s2')
		Promise.resolve().then(() => log('p1')).then(() => log('p2'))`,
		"s1 a1 s2 a2 p1 a3 p2"},
	{"the interview question", `
		async function async1() { log('async1 start'); await async2(); log('async1 end') }
		async function async2() { log('async2') }
		log('script start')
		setTimeout(() => log('setTimeout'), 0)
		async1()
		new Promise((f) => { log('promise1'); f() }).then(() => log('promise2'))
		log('script end')`,
		"script start async1 start async2 promise1 script end async1 end promise2 setTimeout"},
	{"await of a native promise takes one turn", `
		(async () => { await Promise.resolve(); log('await') })()
		Promise.resolve().then(() => log('1')).then(() => log('2')).then(() => log('3'))`,
		"await 1 2 3"},
	{"a promise returned from then takes three turns", `
		Promise.resolve().then(() => Promise.resolve()).then(() => log('returned'))
		Promise.resolve().then(() => log('1')).then(() => log('2')).then(() => log('3')).then(() => log('4'))`,
		"1 2 3 returned 4"},
	{"a promise returned from an async function takes three turns, too", `
		const f = async () => Promise.resolve()
		f().then(() => log('returned'))
		Promise.resolve().then(() => log('1')).then(() => log('2')).then(() => log('3')).then(() => log('4'))`,
		"1 2 returned 3 4"},
	{"resolving with a thenable takes one turn more", `
		new Promise((f) => f({ then(g) { log('then'); g() } })).then(() => log('thenable'))
		Promise.resolve().then(() => log('1')).then(() => log('2')).then(() => log('3'))`,
		"then 1 thenable 2 3"},
	{"catch and finally take a turn each", `
		Promise.reject(new Error('x')).finally(() => log('finally')).catch(() => log('catch'))
		Promise.resolve().then(() => log('1')).then(() => log('2')).then(() => log('3')).then(() => log('4'))`,
		"finally 1 2 3 catch 4"},
	{"Promise.all, race and allSettled", `
		Promise.all([1, Promise.resolve(2)]).then((v) => log('all', v.join()))
		Promise.race([1, Promise.resolve(2)]).then((v) => log('race', v))
		Promise.allSettled([Promise.reject(0)]).then((v) => log(v[0].status))`,
		"all 1,2 race 1 rejected"},
	{"timers of the same delay fire in the order in which they were set", `
		for (let i = 0; i < 5; i++) setTimeout(log, 1, i)`,
		"0 1 2 3 4"},
	{"timers fire by delay", `
		setTimeout(log, 30, 'c'); setTimeout(log, 20, 'b'); setTimeout(log, 10, 'a')`,
		"a b c"},
	{"a timer that is cleared by one that fires with it does not fire", `
		setTimeout(() => { log('first'); clearTimeout(second) }, 1)
		const second = setTimeout(() => log('second'), 1)
		setTimeout(() => log('third'), 1)`,
		"first third"},
	{"a promise that a timer resolves goes before the next timer", `
		let done
		new Promise((f) => { done = f }).then(() => log('resolved'))
		setTimeout(() => { done(); log('t1') }, 0)
		setTimeout(() => log('t2'), 0)`,
		"t1 resolved t2"},
	{"an exception in a timer does not keep its microtasks", `
		setTimeout(() => { try { queueMicrotask(() => log('micro')); null.x } catch (e) { log(e.name) } }, 0)
		setTimeout(() => log('next'), 0)`,
		"TypeError micro next"},
	{"an interval until it clears itself", `
		let n = 0
		const id = setInterval(() => { log(++n); queueMicrotask(() => log('m' + n)); if (n === 3) clearInterval(id) }, 1)`,
		"1 m1 2 m2 3 m3"},
	{"await in a loop between timers", `
		const sleep = (ms) => new Promise((f) => setTimeout(f, ms));
		(async () => { for (let i = 0; i < 3; i++) { await sleep(0); log('i' + i); await null; log('m' + i) } })()`,
		"i0 m0 i1 m1 i2 m2"},
	{"setImmediate goes before a timer set with it (Node.js, in a callback of input and output)", `
		setTimeout(() => log('timeout'), 0)
		setImmediate(() => log('immediate'))
		queueMicrotask(() => log('micro'))`,
		"micro immediate timeout"},
	{"microtasks between two immediates (Node.js)", `
		setImmediate(() => { log('i1'); queueMicrotask(() => log('m1')) })
		setImmediate(() => log('i2'))
		const gone = setImmediate(() => log('gone'))
		clearImmediate(gone)`,
		"i1 m1 i2"},
	{"an immediate set by an immediate goes with the next pass (Node.js)", `
		setImmediate(() => { log('a'); setImmediate(() => log('c')) })
		setImmediate(() => log('b'))`,
		"a b c"},
	{"generators and async functions together", `
		const g = function* () { log('g1'); yield; log('g2') }();
		(async () => { g.next(); await null; g.next(); log('end') })()
		queueMicrotask(() => log('m'))`,
		"g1 g2 end m"},
	{"rejection handled in the same macrotask is nobody's concern", `
		const p = Promise.reject(new Error('x'))
		queueMicrotask(() => p.catch(() => log('caught')))`,
		"caught"},
	{"a Go function as reaction that calls JavaScript does not run microtasks out of turn", `
		Promise.resolve().then(callBack.bind(null, () => { log('called'); queueMicrotask(() => log('inner')) }))
		Promise.resolve().then(() => log('second'))`,
		"called back second inner"},
}

// TestOrder: jobs are in the order that browsers have.
func TestOrder(t *testing.T) {
	t.Parallel()
	for _, c := range orders {
		t.Run(c.name, func(t *testing.T) {
			over(t, func(s *stage, ctx context.Context) {
				s.eval(ctx, withLog(s, ctx), "{"+c.script+"\n}")
				s.wantLog(c.want)
			})
		})
	}
}

// withLog makes a runtime that has the functions log, and callBack, which is Go's.
func withLog(s *stage, ctx context.Context) *gojaloop.Runtime {
	r := s.runtime()
	s.define(ctx, r, "callBack", func(call goja.FunctionCall) goja.Value {
		if f, ok := goja.AssertFunction(call.Argument(0)); ok {
			if _, err := f(goja.Undefined()); err != nil {
				panic(err)
			}
		}
		_, _ = s.Write([]byte("back "))
		return goja.Undefined()
	})
	s.eval(ctx, r, "const log = console.log; undefined")
	return r
}
