package asyncio_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
)

// brokenDefault is a loop whose default exception handler panics.
type brokenDefault struct {
	asyncio.EventLoop
	heard []asyncio.ExceptionContext
}

func (l *brokenDefault) DefaultExceptionHandler(c asyncio.ExceptionContext) {
	l.heard = append(l.heard, c)
	panic("the default handler is broken")
}

func newBrokenDefault(t *testing.T, log *testkit.LogBook) *brokenDefault {
	t.Helper()
	l := &brokenDefault{}
	l.EventLoop = mustLoop(t, asyncio.WithSelf(l), logTo(log))
	t.Cleanup(func() { must(t, l.Close()) })
	return l
}

func TestExceptionHandlers(t *testing.T) {
	t.Parallel()
	plainRow(t, "base.023.callback-exception-logged", func(t *testing.T) {
		var log testkit.LogBook
		loop := newLoop(t, logTo(&log))
		soon(t, loop, panicsHere)
		_, err := loop.CallLater(0, panicsHere)
		must(t, err)
		onePass(t, loop)
		onePass(t, loop)
		got := log.Lines("level=ERROR", `msg="Exception in callback`, "panicsHere() at ", "exceptions_test.go:", `error="panic: boom"`, "stack=")
		if len(got) != 2 {
			t.Error(log.String())
		}
	})
	plainRow(t, "base.026.custom-exc-handler-reset", func(t *testing.T) {
		var log testkit.LogBook
		loop := newLoop(t, logTo(&log))
		r := collectReports(t, loop)
		soon(t, loop, panicsHere)
		onePass(t, loop)
		want(t, "reports", len(r.all()), 1)
		want(t, "logged", log.String(), "")
		must(t, loop.SetExceptionHandler(nil))
		soon(t, loop, panicsHere)
		onePass(t, loop)
		want(t, "reports to the former handler", len(r.all()), 1)
		want(t, "logged", len(log.Lines("level=ERROR", "Exception in callback")), 1)
	})
	plainRow(t, "base.027.custom-exc-handler-broken", func(t *testing.T) {
		var log testkit.LogBook
		loop := newLoop(t, logTo(&log))
		must(t, loop.SetExceptionHandler(func(asyncio.EventLoop, asyncio.ExceptionContext) { panic("handler") }))
		ran := false
		soon(t, loop, panicsHere)
		soon(t, loop, func() { ran = true })
		onePass(t, loop)
		want(t, "the loop went on", ran, true)
		if len(log.Lines("level=ERROR", `msg="Unhandled error in exception handler"`, `error="panic: handler"`)) != 1 {
			t.Error(log.String())
		}
	})
	plainRow(t, "base.028a.default-exc-handler-broken", func(t *testing.T) {
		var log testkit.LogBook
		loop := newBrokenDefault(t, &log)
		ran := false
		soon(t, loop, panicsHere)
		soon(t, loop, func() { ran = true })
		onePass(t, loop)
		want(t, "the loop went on", ran, true)
		want(t, "called", len(loop.heard), 1)
		if len(log.Lines("level=ERROR", "Exception in default exception handler", "the default handler is broken")) != 1 {
			t.Error(log.String())
		}
	})
	plainRow(t, "base.028b.default-and-custom-broken", func(t *testing.T) {
		var log testkit.LogBook
		loop := newBrokenDefault(t, &log)
		must(t, loop.SetExceptionHandler(func(asyncio.EventLoop, asyncio.ExceptionContext) { panic("the custom one, too") }))
		soon(t, loop, panicsHere)
		onePass(t, loop)
		if len(log.Lines("level=ERROR", "Exception in default exception handler while handling an unexpected error in custom exception handler")) != 1 {
			t.Error(log.String())
		}
		if len(loop.heard) != 1 {
			t.Fatalf("the default handler was called %d times", len(loop.heard))
		}
		got := loop.heard[0]
		original, ok := got.Extra["context"].(asyncio.ExceptionContext)
		if !ok || !errors.Is(original.Err, errBoom) || !strings.Contains(fmt.Sprint(got.Err), "the custom one, too") {
			t.Errorf("the default handler heard %v", got)
		}
	})
	plainRow(t, "a-handler-that-exits", func(t *testing.T) {
		loop := newLoop(t)
		called := 0
		must(t, loop.SetExceptionHandler(func(asyncio.EventLoop, asyncio.ExceptionContext) { called++; runtime.Goexit() }))
		ran := false
		soon(t, loop, panicsHere)
		soon(t, loop, runtime.Goexit)
		soon(t, loop, func() { ran = true })
		onePass(t, loop)
		want(t, "called", called, 2)
		want(t, "the loop went on", ran, true)
	})
	plainRow(t, "a-handler-that-interrupts", func(t *testing.T) {
		loop := newLoop(t)
		must(t, loop.SetExceptionHandler(func(asyncio.EventLoop, asyncio.ExceptionContext) { panic(asyncio.ErrInterrupted) }))
		soon(t, loop, panicsHere)
		wantError(t, loop.RunForever(), asyncio.ErrInterrupted)
		must(t, loop.SetExceptionHandler(nil))
		onePass(t, loop)
	})
	plainRow(t, "a-handler-sets-another", func(t *testing.T) {
		loop := newLoop(t)
		r := &reports{}
		must(t, loop.SetExceptionHandler(func(l asyncio.EventLoop, c asyncio.ExceptionContext) {
			must(t, l.SetExceptionHandler(r.handle))
		}))
		soon(t, loop, panicsHere)
		soon(t, loop, panicsHere)
		onePass(t, loop)
		want(t, "reports to the second", len(r.all()), 1)
	})
}

func panicsHere() { panic(errBoom) }

// printable stands for what a context may refer to.
type printable string

func (p printable) String() string { return "<" + string(p) + ">" }

func TestDefaultExceptionHandler(t *testing.T) {
	t.Parallel()
	full := asyncio.ExceptionContext{
		Message:   "it went wrong",
		Err:       &asyncio.PanicError{Value: errBoom, Stack: []byte("the stack")},
		Handle:    "f()",
		Protocol:  7,
		Transport: printable("transport"),
		Source:    "made here",
		Extra:     map[string]any{"zebra": 1, "also": "this", "peer": printable("peer")},
	}
	plainRow(t, "base.099.default-handler-text", func(t *testing.T) {
		var log testkit.LogBook
		loop := newLoop(t, logTo(&log))
		loop.DefaultExceptionHandler(full)
		line := log.String()
		at := 0
		for _, s := range []string{"level=ERROR", `msg="it went wrong"`, " also=this", ` error="panic: boom"`, ` handle=f()`, " peer=<peer>",
			" protocol=int", ` source="made here"`, ` stack="the stack"`, " transport=<transport>", " zebra=1\n"} {
			i := strings.Index(line[at:], s)
			if i < 0 {
				t.Fatalf("%q is not where it belongs in %q", s, line)
			}
			at += i
		}
		want(t, "as text", full.String(), "it went wrong\nalso: this\nerror: panic: boom\nhandle: f()\npeer: <peer>\n"+
			"protocol: int\nsource: made here\nstack: the stack\ntransport: <transport>\nzebra: 1")
		loop.DefaultExceptionHandler(asyncio.ExceptionContext{})
		want(t, "without a message", len(log.Lines(`msg="Unhandled exception in event loop"`)), 1)
	})
	plainRow(t, "base.100.default-handler-current-handle", func(t *testing.T) {
		var log testkit.LogBook
		loop := newLoop(t, logTo(&log), asyncio.WithDebug(true))
		scheduleFrom(t, loop, func() { loop.CallExceptionHandler(asyncio.ExceptionContext{Message: "bare"}) })
		scheduleFrom(t, loop, func() { loop.CallExceptionHandler(asyncio.ExceptionContext{Message: "full", Source: "its own"}) })
		onePass(t, loop)
		for message, sources := range map[string]int{"bare": 1, "full": 0} {
			want(t, message, len(log.Lines("msg="+message)), 1)
			want(t, "handle_source of "+message, len(log.Lines("msg="+message, "handle_source=", "scheduleFrom")), sources)
		}
		loop.CallExceptionHandler(asyncio.ExceptionContext{Message: "outside"}) // nothing runs
		want(t, "outside a callback", len(log.Lines("msg=outside", "handle_source=")), 0)

		scheduleFrom(t, loop, panicsHere)
		scheduleFrom(t, loop, runtime.Goexit)
		onePass(t, loop)
		want(t, "a callback that panicked", len(log.Lines("Exception in callback", " source=", "scheduleFrom")), 1)
		want(t, "a callback that exited", len(log.Lines("Goexit in callback", " source=", "scheduleFrom")), 1)
		loop.SetDebug(false)
		scheduleFrom(t, loop, func() { loop.CallExceptionHandler(asyncio.ExceptionContext{Message: "quiet"}) })
		onePass(t, loop)
		want(t, "without debug mode", len(log.Lines("msg=quiet", "handle_source=")), 0)
	})
	plainRow(t, "from-anywhere", func(t *testing.T) {
		var log testkit.LogBook
		loop := newLoop(t, logTo(&log))
		runIn(t, loop, func(context.Context) {
			elsewhere(func() { loop.DefaultExceptionHandler(asyncio.ExceptionContext{Message: "off"}) })
		})
		want(t, "logged", len(log.Lines("msg=off")), 1)
		must(t, loop.Close())
		loop.CallExceptionHandler(asyncio.ExceptionContext{Message: "closed"})
		want(t, "logged on a closed loop", len(log.Lines("msg=closed")), 1)
	})
}

// scheduleFrom is a place that a handle can have been made at.
func scheduleFrom(t *testing.T, loop asyncio.EventLoop, f func()) {
	t.Helper()
	_, err := loop.CallSoon(f)
	must(t, err)
}
