package asyncio

import (
	"time"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/goroutine"
	"github.com/go-asyncio/asyncio/internal/sched"
)

// Time implements Scheduler.
func (l *baseLoop) Time() time.Duration { return l.core.Now() }

// CallSoon implements Scheduler.
func (l *baseLoop) CallSoon(f func()) (Handle, error) {
	const op = "CallSoon"
	if f == nil {
		return Handle{}, invalid(op, "the callback is nil")
	}
	r, state := l.core.Func(f, l.made())
	if state != sched.Owned {
		return Handle{}, refused(op, state)
	}
	return Handle{r}, nil
}

// made records in debug mode who calls the caller of made.
func (l *baseLoop) made() *goroutine.Trace {
	if l.core.Debug.Load() {
		return goroutine.NewTrace(2)
	}
	return nil
}

// schedule is CallSoon for the loop's own work; a loop of the user's sees it first, by
// scheduleOuter. Loop only.
func (l *baseLoop) schedule(to engine.Completer, ev uint64) { l.core.Schedule(to, ev) }

// scheduleOuter lets a loop of the user's see the callback.
func (l *baseLoop) scheduleOuter(to engine.Completer, ev uint64) bool {
	_, err := l.self.CallSoon(func() { l.core.Do(to, ev) })
	return err == nil
}

// post is CallSoonThreadsafe for the loop's own work. It reports false on a
// closed loop.
func (l *baseLoop) post(to engine.Completer, ev uint64) bool {
	if l.outer {
		// A loop of the user's sees what comes from elsewhere; what it refuses is the
		// loop's all the same.
		if _, err := l.self.CallSoonThreadsafe(func() { l.core.Do(to, ev) }); err == nil {
			return true
		}
	}
	return l.core.Post(to, ev)
}

// callback is a function as a Completer.
type callback func()

func (f callback) Complete(uint64) { f() }

// CallSoonThreadsafe implements Scheduler.
func (l *baseLoop) CallSoonThreadsafe(f func()) (Handle, error) {
	const op = "CallSoonThreadsafe"
	if f == nil {
		return Handle{}, invalid(op, "the callback is nil")
	}
	r, ok := l.core.FuncFrom(f, l.made())
	if !ok {
		return Handle{}, opError(op, ErrLoopClosed)
	}
	return Handle{r}, nil
}

// CallLater implements Scheduler.
func (l *baseLoop) CallLater(d time.Duration, f func()) (TimerHandle, error) {
	const op = "CallLater"
	if f == nil {
		return TimerHandle{}, invalid(op, "the callback is nil")
	}
	t, state := l.core.FuncLater(d, f, l.made())
	if state != sched.Owned {
		return TimerHandle{}, refused(op, state)
	}
	return TimerHandle{t}, nil
}

// CallAt implements Scheduler.
func (l *baseLoop) CallAt(when time.Duration, f func()) (TimerHandle, error) {
	const op = "CallAt"
	if f == nil {
		return TimerHandle{}, invalid(op, "the callback is nil")
	}
	t, state := l.core.FuncAt(when, f, l.made())
	if state != sched.Owned {
		return TimerHandle{}, refused(op, state)
	}
	return TimerHandle{t}, nil
}

// scheduleAt is CallAt for the loop's own work. Loop only.
func (l *baseLoop) scheduleAt(when time.Duration, to engine.Completer, ev uint64) TimerHandle {
	if l.outer {
		// A loop of the user's may want to see every timer.
		if h, err := l.self.CallAt(when, func() { l.core.Do(to, ev) }); err == nil {
			return h
		}
	}
	return TimerHandle{l.core.At(when, to, ev)}
}
