package asynciotest

import (
	"errors"
	"runtime"
	"strings"
	"time"

	"github.com/go-asyncio/asyncio"
)

var errorCases = []behaviour{
	{"base.016.set-debug", func(e *env) {
		l := e.loop()
		l.SetDebug(true)
		want(e, "on", l.GetDebug(), true)
		l.SetDebug(false)
		want(e, "off", l.GetDebug(), false)
	}},
	{"base.023.callback-exception-logged", func(e *env) {
		l := e.loop()
		reports := e.reports(l)
		boom := errors.New("boom")
		e.soon(l, func() { panic(boom) })
		e.later(l, 0, func() { panic("late") })
		ran := false
		e.soon(l, func() { ran = true })
		e.pass(l)
		e.pass(l)
		want(e, "the loop went on", ran, true)
		if len(*reports) != 2 {
			e.Fatalf("%d reports: %v", len(*reports), *reports)
		}
		var p *asyncio.PanicError
		for _, r := range *reports {
			if !errors.As(r.Err, &p) || !strings.Contains(string(p.Stack), "errors.go") {
				e.Errorf("the error is %v", r.Err)
			}
			if !strings.Contains(r.Message, "Exception in callback") || !strings.Contains(r.Message, "errors.go:") {
				e.Errorf("message %q", r.Message)
			}
		}
		e.wantIs((*reports)[0].Err, boom)
	}},
	{"base.024.task-exception-never-retrieved", func(e *env) {
		l := e.loop()
		reports := e.reports(l)
		boom := errors.New("boom")
		func() {
			asyncio.CreateTask(l, failWith(boom))
		}()
		e.pass(l)
		for range 50 {
			runtime.GC()
			e.pass(l)
			if len(*reports) > 0 {
				break
			}
			time.Sleep(time.Millisecond) // the collector's clean-up has a goroutine of its own
		}
		e.must(l.Close())
		if len(*reports) != 1 {
			e.Fatalf("%d reports", len(*reports))
		}
		r := (*reports)[0]
		e.wantIs(r.Err, boom)
		if !strings.Contains(r.Message, "Task exception was never retrieved") {
			e.Error(r.Message)
		}
	}},
	{"base.026.custom-exc-handler-reset", func(e *env) {
		l := e.loop()
		reports := e.reports(l)
		e.soon(l, func() { panic(1) })
		e.pass(l)
		want(e, "reports", len(*reports), 1)
		e.must(l.SetExceptionHandler(nil))
		want(e, "no handler is set", l.GetExceptionHandler() == nil, true)
		e.soon(l, func() { panic(2) }) // to the log
		e.pass(l)
		want(e, "reports to the former handler", len(*reports), 1)
	}},
	{"base.027.custom-exc-handler-broken", func(e *env) {
		l := e.loop()
		e.must(l.SetExceptionHandler(func(asyncio.EventLoop, asyncio.ExceptionContext) { panic("handler") }))
		ran := false
		e.soon(l, func() { panic(1) })
		e.soon(l, func() { ran = true })
		e.pass(l)
		want(e, "the loop went on", ran, true)
	}},
	{"call-exception-handler-off-the-loop", func(e *env) {
		l := e.loop()
		e.guard(l)
		boom := errors.New("boom")
		e.must(l.SetExceptionHandler(func(got asyncio.EventLoop, c asyncio.ExceptionContext) {
			want(e, "the loop", got, l)
			e.wantIs(c.Err, boom)
			if r, err := asyncio.GetRunningLoop(); err != nil || r != l {
				e.Errorf("called outside the loop: %v", err)
			}
			l.Stop()
		}))
		e.soon(l, func() { go l.CallExceptionHandler(asyncio.ExceptionContext{Message: "m", Err: boom}) })
		e.must(l.RunForever())
	}},
}
