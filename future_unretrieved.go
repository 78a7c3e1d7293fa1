package asyncio

import (
	"fmt"
	"log/slog"
	"runtime"
	"sync"

	"github.com/go-asyncio/asyncio/internal/list"
)

// unretrieved is the record of a failure that nobody has looked at yet. It is
// reported once: when the collector finds that the future is gone, or when the
// loop is closed. It knows nothing of the future, so as not to keep it.
type unretrieved struct {
	place   list.Node[unretrieved] // in the loop's list
	loop    *baseLoop              // nil if there is none
	alone   bool                   // the loop, if there is one, does not know it: it was closed
	cleanup runtime.Cleanup
	context ExceptionContext
}

// unretrievedList has a loop's records in the order in which they came.
type unretrievedList struct {
	mu   sync.Mutex
	list list.List[unretrieved]
}

// noteUnretrieved makes the record of a failure. The future is locked.
func (f *futureBase) noteUnretrieved(err error) {
	if f.loop.IsClosed() {
		return // reported with what was left at its close, or too late for anyone
	}
	u := f.newUnretrieved(f.loop, err)
	u.list()
	if f.loop.sim == nil { // else the collector's time would count
		u.cleanup = runtime.AddCleanup(f, reportLost, u)
	}
}

func (f *futureBase) newUnretrieved(l *baseLoop, err error) *unretrieved {
	kind, extra := "Future", map[string]any(nil)
	if t := f.task(); t != nil {
		kind, extra = "Task", t.extra()
	} else if f.by != nil {
		kind = f.by.describe()
	}
	u := &unretrieved{loop: l, context: ExceptionContext{
		Message: fmt.Sprintf("%s exception was never retrieved", kind),
		Err:     err,
		Extra:   extra,
	}}
	if f.origin != nil {
		u.context.Source = f.origin.String()
	}
	f.unretrieved = u
	return u
}

// noteFunction adds to the record of a failure which function it was, if it was a task
// that failed.
func (f *futureBase) noteFunction(of *futureBase) {
	t := of.task()
	if t == nil {
		return
	}
	s := f.state.lock()
	u := f.unretrieved
	f.state.unlock(s)
	if u == nil {
		return
	}
	extra := t.extra()
	k := &u.loop.unretrieved
	k.mu.Lock()
	if u.place.Listed() { // else it is being told
		u.context.Extra = extra
	}
	k.mu.Unlock()
}

// extra is what a report says of a task.
func (t *taskBase) extra() map[string]any {
	extra := map[string]any{"name": t.Name()}
	if pc := t.self().function(); pc != 0 {
		extra["function"] = funcPlace(pc)
	}
	return extra
}

// noteRefused makes the record of a task, or of the future of a function, that was
// refused, by the loop or for want of one. It has failed already and nobody else knows
// it.
func (f *futureBase) noteRefused(l *baseLoop, err error, function uintptr) {
	u := f.newUnretrieved(l, err)
	if u.context.Extra == nil && function != 0 {
		u.context.Extra = map[string]any{"function": funcPlace(function)}
	}
	u.alone = true
	if l != nil && !l.IsClosed() {
		u.list()
		u.alone = l.IsClosed() && u.unlist() // its close may have looked before
	}
	if l != nil && l.sim != nil {
		return
	}
	u.cleanup = runtime.AddCleanup(f, reportLost, u)
}

// markRetrieved keeps a failure from being reported.
func (f *futureBase) markRetrieved() {
	s := f.state.lock()
	u := f.unretrieved
	f.unretrieved = nil
	f.state.unlock(s)
	if u != nil && (u.alone || u.unlist()) {
		u.cleanup.Stop()
	}
}

// mute keeps a failure from being reported, if there ever is one.
func (f *futureBase) mute() {
	if f.state.lockPending() {
		f.muted = true
		f.state.unlock(statePending)
	} else {
		f.markRetrieved()
	}
}

// reportLost is called when the collector has found that the future is gone.
// It stays listed until the loop gets to it, so that a close finds it too. Without a
// loop, or when that is closed, there is nobody but the log.
func reportLost(u *unretrieved) {
	switch l := u.loop; {
	case l == nil:
		u.context.logTo(slog.Default(), "")
	case u.alone:
		_ = l.callUser(func() { l.self.DefaultExceptionHandler(u.context) }) // a logger that panics has nobody to be told of it
	default:
		l.post(callback(func() {
			if u.unlist() {
				l.report(u.context)
			}
		}), 0)
	}
}

func (u *unretrieved) list() {
	k := &u.loop.unretrieved
	k.mu.Lock()
	defer k.mu.Unlock()
	k.list.PushBack(&u.place)
}

// unlist takes the record out; it reports false if someone else did before.
func (u *unretrieved) unlist() bool {
	k := &u.loop.unretrieved
	k.mu.Lock()
	defer k.mu.Unlock()
	if !u.place.Listed() {
		return false
	}
	k.list.Remove(&u.place)
	return true
}

// reportUnretrieved reports what is left when the loop is closed.
func (l *baseLoop) reportUnretrieved() {
	for {
		l.unretrieved.mu.Lock()
		u := l.unretrieved.list.First()
		l.unretrieved.mu.Unlock()
		if u == nil {
			return
		}
		if u.unlist() {
			l.report(u.context)
		}
	}
}
