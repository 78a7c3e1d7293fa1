package sched

import (
	"sync/atomic"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/goroutine"
	"github.com/go-asyncio/asyncio/internal/timers"
)

// Ref refers to one callback that waits for its turn. It is a small comparable value; the
// zero Ref refers to none and is harmless. Any goroutine may use it.
type Ref struct {
	n   *node
	gen uint64
}

// node is what a Ref refers to: one callback on its way through a loop. Nodes
// are used again; a Ref knows the generation of its own use, so that it can
// never hit a later one. The state is
//
//	generation << 1 | cancelled
//
// and moves in two ways only: Cancel sets the lowest bit, if the generation is
// still the Ref's; the loop starts the next generation when the callback's
// turn has come. Both are one compare-and-swap, so that exactly one of them wins.
//
// A node fills one line of the processor's cache: keep it so.
type node struct {
	state atomic.Uint64
	fn    func()           // the user's callback, or
	to    engine.Completer // a timer of the host's own
	ev    uint64

	loop   *Loop            // for good
	timer  timers.ID        // while timed
	timed  bool             // it is in the timer queue
	common bool             // it stands for all calls from outside; see outside
	made   *goroutine.Trace // where it was made, if anybody wants to know
}

// newNode takes a node from the loop's free list. Owner only.
func (l *Loop) newNode() *node {
	if k := len(l.free); k > 0 {
		n := l.free[k-1]
		l.free = l.free[:k-1]
		n.checkFree()
		return n
	}
	return l.makeNode()
}

func (l *Loop) makeNode() *node { return &node{loop: l} }

// freeNode gives a node back whose generation has ended. Owner only.
func (l *Loop) freeNode(n *node) {
	n.fn = nil
	if n.to != nil || n.made != nil {
		n.to, n.made = nil, nil
	}
	n.checkFree()
	l.free = append(l.free, n)
}

// claim ends the node's generation and reports whether it is still to be run.
func (n *node) claim() bool {
	s := n.state.Load()
	if s&1 == 0 && n.state.CompareAndSwap(s, s+2) {
		return true
	}
	n.state.Store(s&^1 + 2)
	return false
}

// ref returns the Ref of the node's present generation.
func (n *node) ref() Ref { return Ref{n, n.state.Load() >> 1} }

// Complete runs the callback of a node, which is free before that starts.
func (n *node) Complete(uint64) {
	l, fn := n.loop, n.fn
	if fn == nil || n.made != nil {
		n.completeOther()
		return
	}
	run := n.claim()
	n.fn = nil
	l.free = append(l.free, n)
	if run {
		l.fn = fn
		fn()
	}
}

// completeOther is Complete for a node that is not simply a callback of a user's.
func (n *node) completeOther() {
	l, fn, to, ev := n.loop, n.fn, n.to, n.ev
	run := n.claim()
	l.freeNode(n)
	switch {
	case !run:
	case fn != nil:
		l.fn = fn
		fn()
	default:
		l.to = to
		to.Complete(ev)
	}
}

// Cancel keeps the callback from running and reports whether that is this call's doing:
// false if it has run, is running, or was cancelled before.
func (r Ref) Cancel() bool {
	n := r.n
	return n != nil && (n.state.CompareAndSwap(r.gen<<1, r.gen<<1|1) || n.common && n.loop.withdraw(r.gen))
}

// Cancelled reports whether the callback was cancelled. It is exact until the callback's
// turn; after that it may be false.
func (r Ref) Cancelled() bool {
	n := r.n
	return n != nil && (n.state.Load() == r.gen<<1|1 || n.common && n.loop.isWithdrawn(r.gen))
}

// View is what can be told of a callback.
type View struct {
	Cancelled bool
	Done      bool             // its turn has come, and with it goes what else was known
	Func      func()           // a user's function; nil from elsewhere while the loop runs
	Made      *goroutine.Trace // where it was made, if that was recorded
}

// View looks at the callback.
func (r Ref) View() (v View) {
	if r.n == nil {
		return View{Done: true}
	}
	if r.n.common {
		return r.n.loop.viewOutside(r.gen)
	}
	s := r.n.state.Load()
	v.Cancelled, v.Done = s == r.gen<<1|1, s>>1 != r.gen
	if v.Done {
		return v
	}
	// Only the loop may look into a node, and nothing else changes it meanwhile.
	r.n.loop.IfOwner(func() {
		if r.n.state.Load()>>1 == r.gen {
			v.Func, v.Made = r.n.fn, r.n.made
		}
	})
	return v
}

// Made is where the callback was made, if it is one of a user's and that was recorded.
// Owner only, before the callback has run.
func (i Item) Made() *goroutine.Trace {
	if n, ok := i.To.(*node); ok {
		return n.made
	}
	return nil
}
