package simulation

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/goroutine"
)

// report is the part of a world that tells of failures.
type report struct {
	tb   tester // nil outside tests
	mark tester // never nil: for Helper alone
	name string

	mu       sync.Mutex
	failed   bool
	errs     []error     // of Errorf
	fatal    error       // ends the world
	over     atomic.Bool // there is one
	told     bool        // and was reported
	cleanups []func()
}

// tester is the part of testing.TB that a world uses.
type tester interface {
	Name() string
	Helper()
	Log(args ...any)
	Error(args ...any)
	FailNow()
}

func (r *report) init(tb tester) {
	r.tb, r.mark, r.name = tb, noTest{}, "simulation"
	if tb != nil {
		r.mark, r.name = tb, tb.Name()
	}
}

// noTest is the tester of a world that is no test's.
type noTest struct{ tester }

// Helper does nothing.
func (noTest) Helper() {}

// Helper is there for libraries of tests that ask for it. It has no effect: what they report is
// told with their own line.
func (r *report) Helper() {}

// Name is the test's name, or "simulation" outside tests.
func (r *report) Name() string { return r.name }

// Logf logs, as testing.T's does. Any goroutine may call it.
func (w *World) Logf(format string, args ...any) {
	w.mark.Helper()
	said := fmt.Sprintf(format, args...)
	w.say("log", said)
	text := w.stamp() + said
	if w.tb != nil {
		w.tb.Log(text)
	}
}

// stamp is the virtual time in front of what is logged.
func (w *World) stamp() string { return fmt.Sprintf("[%v] ", w.network.Now()) }

// Errorf says that the world has failed; it goes on. What runs on a host may call it, too.
func (w *World) Errorf(format string, args ...any) {
	w.mark.Helper()
	said := fmt.Sprintf(format, args...)
	w.say("error", said)
	text := w.stamp() + said
	w.mu.Lock()
	w.failed = true
	w.errs = append(w.errs, errors.New(text))
	w.mu.Unlock()
	if w.tb != nil {
		w.tb.Error(text)
	}
}

// Error is Errorf without a format.
func (w *World) Error(args ...any) {
	w.mark.Helper()
	w.Errorf("%s", strings.TrimSuffix(fmt.Sprintln(args...), "\n"))
}

// Fatalf is Errorf and FailNow.
func (w *World) Fatalf(format string, args ...any) {
	w.mark.Helper()
	w.Errorf(format, args...)
	w.FailNow()
}

// Failed reports whether the world has failed.
func (r *report) Failed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.failed
}

// errFailNow is why a world ends whose FailNow was called on a host.
var errFailNow = errors.New("simulation: FailNow was called")

// FailNow ends the world's function, as testing.T's does. What runs on a host is ended at
// once itself, and the world's function when the host has ended its pass.
func (w *World) FailNow() {
	w.mu.Lock()
	w.failed = true
	if w.fatal == nil {
		w.fatal = errFailNow
		w.over.Store(true)
	}
	w.mu.Unlock()
	if goroutine.ID() == w.driver.home && w.tb != nil {
		w.tb.FailNow()
	}
	runtime.Goexit()
}

// Cleanup has f called when the world has ended and its hosts are gone, the last one first.
func (r *report) Cleanup(f func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cleanups = append(r.cleanups, f)
}

// cleanUp calls what Cleanup was given.
func (r *report) cleanUp() {
	for {
		r.mu.Lock()
		last := len(r.cleanups) - 1
		if last < 0 {
			r.mu.Unlock()
			return
		}
		f := r.cleanups[last]
		r.cleanups = r.cleanups[:last]
		r.mu.Unlock()
		f()
	}
}

// breakDown has the world fail with an error that it does not survive. Any goroutine.
func (r *report) breakDown(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failed = true
	if r.fatal == nil {
		r.fatal = err
		r.over.Store(true)
	}
}

// failure is what the world does not survive, nil if there is nothing.
func (r *report) failure() error {
	if !r.over.Load() {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.fatal
}

func (r *report) broken() bool { return r.failure() != nil }

// stopIf ends the world's function if there is an error.
func (w *World) stopIf(err error) {
	w.mark.Helper()
	switch {
	case err == nil:
		return
	case err != errFailNow:
		w.told = true
		w.Errorf("%v", err)
	}
	w.FailNow()
}

// unfinished is an error with what the hosts are at.
func (w *World) unfinished(err error) error {
	var b strings.Builder
	for _, h := range w.hosts {
		h.describe(&b)
	}
	if b.Len() == 0 {
		return err
	}
	return fmt.Errorf("%w\n%s", err, strings.TrimRight(b.String(), "\n"))
}

// mostTasks is how many tasks of a host a report shows.
const mostTasks = 20

// describe tells what a host is at.
func (h *Host) describe(b *strings.Builder) {
	l := h.life
	if l == nil || !h.Running() {
		return
	}
	fmt.Fprintf(b, "host %s", h.name)
	switch {
	case h.paused:
		b.WriteString(", paused")
	case l.seat.isBlocked():
		b.WriteString(", blocked:\n" + indent(l.loop.Holder()))
	}
	b.WriteString("\n")
	for _, s := range l.work {
		if s.isBlocked() {
			b.WriteString("  a function in an executor, blocked:\n" + indent(indent(s.stack())))
		}
	}
	tasks := asyncio.AllTasks(l.loop)
	for i, t := range tasks {
		if i == mostTasks {
			fmt.Fprintf(b, "  and %d tasks more\n", len(tasks)-i)
			break
		}
		if text, err := asyncio.FormatCallGraph(t); err == nil {
			b.WriteString(indent(text))
		}
	}
}

// indent moves a text to the right.
func indent(text string) string {
	return "  " + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n  ") + "\n"
}
