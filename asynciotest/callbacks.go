package asynciotest

import (
	"slices"
	"strings"
	"time"

	"github.com/go-asyncio/asyncio"
)

var callbackCases = []behaviour{
	{"base.006.add-callback-ready", func(e *env) {
		l := e.loop()
		ran := false
		e.later(l, time.Hour, func() { e.Error("the timer ran") })
		e.soon(l, func() { ran = true })
		e.pass(l)
		want(e, "ran in the next pass", ran, true)
	}},
	{"base.007.add-callback-cancelled", func(e *env) {
		l := e.loop()
		h := e.soon(l, func() { e.Error("a cancelled callback ran") })
		want(e, "Cancel", h.Cancel(), true)
		t := e.later(l, 0, func() { e.Error("a cancelled timer ran") })
		want(e, "Cancel of the timer", t.Cancel(), true)
		e.pass(l)
		e.pass(l)
	}},
	{"base.010.call-soon-returns-handle", func(e *env) {
		l := e.loop()
		ran := false
		h := e.soon(l, func() { ran = true })
		if h == (asyncio.Handle{}) {
			e.Error("the handle is zero")
		}
		e.pass(l)
		want(e, "ran", ran, true)
		want(e, "Cancel after it ran", h.Cancel(), false)
	}},
	{"base.017.run-once-new-callbacks-wait", func(e *env) {
		l := e.loop()
		ran := 0
		e.soon(l, func() { e.soon(l, func() { ran++ }) })
		e.pass(l)
		want(e, "ran in the same pass", ran, 0)
		e.pass(l)
		want(e, "ran in the next", ran, 1)
	}},
	{"base.098.pass-cancelled-ready-skipped", func(e *env) {
		l := e.loop()
		var h asyncio.Handle
		e.soon(l, func() { want(e, "Cancel", h.Cancel(), true) })
		h = e.soon(l, func() { e.Error("it ran") })
		e.pass(l)
		e.pass(l)
	}},
	{"events.003.call-later-args", func(e *env) {
		l := e.loop()
		var got []string
		arg := "one"
		e.later(l, time.Millisecond, func() { got = append(got, arg); l.Stop() })
		e.must(l.RunForever())
		want(e, "calls", strings.Join(got, ","), "one")
	}},
	{"events.004.call-soon-args", func(e *env) {
		l := e.loop()
		var got []int
		for i := range 5 {
			e.soon(l, func() { got = append(got, i) })
		}
		e.pass(l)
		want(e, "in order", slices.Equal(got, []int{0, 1, 2, 3, 4}), true)
	}},
	{"events.059.handle-cancel", func(e *env) {
		l := e.loop()
		h := e.soon(l, func() {})
		want(e, "cancelled at first", h.Cancelled(), false)
		want(e, "Cancel", h.Cancel(), true)
		want(e, "cancelled", h.Cancelled(), true)
		want(e, "Cancel again", h.Cancel(), false)
		var zero asyncio.Handle
		want(e, "a zero handle's Cancel", zero.Cancel() || zero.Cancelled(), false)
	}},
	{"events.704.handle-string-hides-arguments", func(e *env) {
		l := e.loop()
		h := e.soon(l, namedCallback)
		s := h.String()
		if !strings.Contains(s, "namedCallback") || !strings.Contains(s, "callbacks.go:") {
			e.Errorf("%s does not name the callback and its line", s)
		}
		arg := "the argument"
		if s := e.soon(l, func() { want(e, "the argument", arg, "the argument") }).String(); !strings.Contains(s, "callbacks.go:") || strings.Contains(s, arg) {
			e.Errorf("%s does not name the callback and its line, or shows an argument", s)
		}
		h.Cancel()
		s = h.String()
		if !strings.Contains(s, "cancelled") || strings.Contains(s, "namedCallback") {
			e.Errorf("cancelled: %s", s)
		}
	}},
	{"events.062.handle-string-debug", func(e *env) {
		l := e.loop()
		l.SetDebug(true)
		h, err := l.CallSoon(namedCallback)
		e.must(err)
		for range 2 {
			s := h.String()
			if !strings.Contains(s, "namedCallback") || !strings.Contains(s, "created at") {
				e.Errorf("debug: %s", s)
			}
			h.Cancel()
		}
		want(e, "cancelled is told", strings.Contains(h.String(), "cancelled"), true)
	}},
	{"events.063.handle-source-traceback", func(e *env) {
		l := e.loop()
		l.SetDebug(true)
		soon, err := l.CallSoon(namedCallback)
		e.must(err)
		later, err := l.CallLater(time.Hour, namedCallback)
		e.must(err)
		at, err := l.CallAt(l.Time()+time.Hour, namedCallback)
		e.must(err)
		threadsafe, err := l.CallSoonThreadsafe(namedCallback)
		e.must(err)
		for _, s := range []string{soon.String(), later.String(), at.String(), threadsafe.String()} {
			if _, where, _ := strings.Cut(s, "created at "); !strings.Contains(where, "callbacks.go:") {
				e.Errorf("%s does not say that it was made here", s)
			}
		}
	}},
	{"stale-handle-cannot-cancel", func(e *env) {
		l := e.loop()
		old := make([]asyncio.Handle, 100)
		for i := range old {
			old[i] = e.soon(l, func() {})
		}
		e.pass(l)
		ran := 0
		for range old {
			e.soon(l, func() { ran++ }) // the same memory, used again
		}
		for _, h := range old {
			want(e, "a stale Cancel", h.Cancel(), false)
		}
		e.pass(l)
		want(e, "ran", ran, len(old))
	}},
	{"nil-callbacks-are-refused", func(e *env) {
		l := e.loop()
		_, err := l.CallSoon(nil)
		e.wantIs(err, asyncio.ErrInvalidArgument)
		_, err = l.CallSoonThreadsafe(nil)
		e.wantIs(err, asyncio.ErrInvalidArgument)
		_, err = l.CallLater(0, nil)
		e.wantIs(err, asyncio.ErrInvalidArgument)
		_, err = l.CallAt(0, nil)
		e.wantIs(err, asyncio.ErrInvalidArgument)
		e.wantIs(l.AddReader(0, nil), asyncio.ErrInvalidArgument)
		e.wantIs(l.AddWriter(0, nil), asyncio.ErrInvalidArgument)
	}},
}

func namedCallback() {}
