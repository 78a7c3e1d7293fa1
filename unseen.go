package asyncio

import (
	"fmt"
	"runtime"
	"sync"
)

// unseen is the record of a failure that nobody has looked at yet. It is
// reported once: when the collector finds that the future is gone, or when the
// loop is closed. It knows nothing of the future, so as not to keep it.
type unseen struct {
	loop       *baseLoop
	prev, next *unseen
	listed     bool
	cleanup    runtime.Cleanup
	context    ExceptionContext
}

// unseenList has a loop's records in the order in which they came.
type unseenList struct {
	mu          sync.Mutex
	first, last *unseen
}

// noteUnseen makes the record of a failure. The future is locked.
func (f *futureBase) noteUnseen(err error) {
	kind, extra := "Future", map[string]any(nil)
	if t, ok := f.by.(*taskBase); ok {
		kind, extra = "Task", map[string]any{"name": t.Name()}
	} else if f.by != nil {
		kind = f.by.describe()
	}
	u := &unseen{loop: f.loop, context: ExceptionContext{
		Message: fmt.Sprintf("%s exception was never retrieved", kind),
		Err:     err,
		Extra:   extra,
	}}
	if f.origin != nil {
		u.context.Source = f.origin.String()
	}
	if f.loop.closed.Load() {
		return // reported with what was left at its close, or too late for anyone
	}
	f.unseen = u
	u.list()
	u.cleanup = runtime.AddCleanup(f, reportLost, u)
}

// markSeen keeps a failure from being reported.
func (f *futureBase) markSeen() {
	if f.loop == nil {
		return
	}
	s := f.state.lock()
	u := f.unseen
	f.unseen = nil
	f.state.unlock(s)
	if u != nil && u.unlist() {
		u.cleanup.Stop()
	}
}

// reportLost is called when the collector has found that the future is gone.
// It stays listed until the loop gets to it, so that a close finds it too.
func reportLost(u *unseen) {
	u.loop.post(callback(func() {
		if u.unlist() {
			u.loop.handle(u.context)
		}
	}), 0)
}

func (u *unseen) list() {
	k := &u.loop.unseen
	k.mu.Lock()
	defer k.mu.Unlock()
	u.listed = true
	if u.prev = k.last; u.prev != nil {
		u.prev.next = u
	} else {
		k.first = u
	}
	k.last = u
}

// unlist takes the record out; it reports false if someone else did before.
func (u *unseen) unlist() bool {
	k := &u.loop.unseen
	k.mu.Lock()
	defer k.mu.Unlock()
	if !u.listed {
		return false
	}
	u.listed = false
	if u.prev != nil {
		u.prev.next = u.next
	} else {
		k.first = u.next
	}
	if u.next != nil {
		u.next.prev = u.prev
	} else {
		k.last = u.prev
	}
	u.prev, u.next = nil, nil
	return true
}

// reportUnseen reports what is left when the loop is closed.
func (l *baseLoop) reportUnseen() {
	for {
		l.unseen.mu.Lock()
		u := l.unseen.first
		l.unseen.mu.Unlock()
		if u == nil {
			return
		}
		if u.unlist() {
			l.handle(u.context)
		}
	}
}
