package gojaloop_test

import (
	"context"
	"testing"
)

// TestTimers: delays as the HTML standard has them, in the time of a bubble.
func TestTimers(t *testing.T) {
	for _, c := range []struct{ name, script, want string }{
		{"delays that are none", "for (const d of [undefined, null, NaN, -5, '0', {}, 0.9, Infinity]) setTimeout(() => log(at()), d)", "0 0 0 0 0 0 0 0"},
		{"delays that are converted", "for (const d of ['7', 7.9, [7], true, {valueOf: () => 7}]) setTimeout(() => log(at()), d)", "1 7 7 7 7"},
		{"delays of 32 bits", "setTimeout(() => log('a', at()), 2 ** 32 + 5); setTimeout(() => log('b', at()), 2 ** 31); setTimeout(() => log('c', at()), 2 ** 31 - 1)",
			"b 0 a 5 c 2147483647"},
		{"arguments", "setTimeout((...a) => log(a.length, a.join('')), 0, 'x', 'y')", "2 xy"},
		{"five deep", "let n = 0; const f = () => { log(at()); if (++n < 10) setTimeout(f, 0) }; setTimeout(f, 0)", "0 0 0 0 0 0 4 8 12 16"},
		{"five deep, but not by other ways", "let n = 0; const f = () => { log(at()); if (++n < 10) setTimeout(() => setImmediate(f), 0) }; f()", "0 0 0 0 0 0 0 0 0 0"},
		{"an interval", "let n = 0; const i = setInterval(() => { log(at()); if (++n === 3) clearInterval(i) }, 10)", "10 20 30"},
		{"an interval of none", "let n = 0; const i = setInterval(() => { log(at()); if (++n === 9) clearTimeout(i) })", "0 0 0 0 0 0 4 8 12"},
		{"a timer cleared", "const i = setTimeout(() => log('no'), 5); setTimeout(() => log(at()), 10); clearInterval(i)", "10"},
		{"a number that is a fetch's or nobody's", "clearTimeout(0); clearTimeout(-1); clearTimeout('x'); clearTimeout({}); log(typeof setTimeout(() => {}, 1))", "number"},
		{"this is the global object", "setTimeout(function () { log(this === globalThis) }, 1)", "true"},
		{"a day", "setTimeout(() => log(at()), 86400e3)", "86400000"},
	} {
		t.Run(c.name, func(t *testing.T) {
			overBubble(t, func(s *stage, ctx context.Context) {
				r := s.runtime()
				s.eval(ctx, r, "const log = console.log, began = Date.now(), at = () => Date.now() - began; undefined")
				s.eval(ctx, r, "{"+c.script+"}; undefined")
				s.wantLog(c.want)
			})
		})
	}
}
