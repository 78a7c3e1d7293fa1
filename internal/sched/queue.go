package sched

import (
	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/goroutine"
)

// Schedule has to complete ev in the next pass, behind all that was scheduled before.
// Owner only.
func (l *Loop) Schedule(to engine.Completer, ev uint64) {
	if l.Divert != nil && l.Divert(to, ev) {
		return
	}
	l.catchUp()
	l.ready.push(Item{to, ev})
}

// Post is Schedule for any goroutine; it wakes the loop if it sleeps. It reports false on a
// closed loop.
func (l *Loop) Post(to engine.Completer, ev uint64) bool {
	if l.Reached != nil {
		l.Reached()
	}
	return l.inbox.Put(Item{to, ev})
}

// Func is Schedule for a function of a user's. made is where that was asked for, if
// anybody wants to know. Any goroutine may call it: it acquires the loop, and does nothing
// unless that ends with Owned.
func (l *Loop) Func(f func(), made *goroutine.Trace) (Ref, State) {
	var hold Hold
	if !l.QuicklyInBody() || l.closed.Load() {
		var state State
		if hold, state = l.Acquire(); state != Owned {
			hold.Leave()
			return Ref{}, state
		}
	}
	n := l.newNode()
	n.fn = f
	if made != nil {
		n.made = made
	}
	r := n.ref()
	l.catchUp()
	l.ready.push(Item{To: n})
	hold.Leave()
	return r, Owned
}

// FuncFrom is Post for a function of a user's. Any goroutine.
func (l *Loop) FuncFrom(f func(), made *goroutine.Trace) (Ref, bool) {
	if l.Reached != nil {
		l.Reached()
	}
	if made != nil {
		n := &node{loop: l, fn: f, made: made}
		return n.ref(), l.inbox.Put(Item{To: n})
	}
	number, ok := l.inbox.PutNumbered(Item{To: outsideCall(f)})
	return Ref{&l.outside.all, number}, ok
}

// catchUp makes sure that what is queued next comes behind all that was
// scheduled before, also by other goroutines.
func (l *Loop) catchUp() {
	if !l.inbox.Empty() {
		l.takeInbox()
	}
}

// takeInbox moves what other goroutines scheduled to the ready queue.
func (l *Loop) takeInbox() {
	taken := l.inbox.Open()
	number := l.outside.taken
	for _, item := range taken {
		number++
		if _, ok := item.To.(outsideCall); ok {
			item.Ev = number
		}
		l.ready.push(item)
	}
	l.outside.taken = number
	l.inbox.Return(taken)
}
