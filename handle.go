package asyncio

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/timers"
)

// Handle is a callback that waits for its turn. It is a small comparable value;
// the zero Handle is harmless. Any goroutine may use it. (asyncio.Handle)
type Handle struct {
	n   *node
	gen uint64
}

// TimerHandle is a callback that waits for a point in time. It is a small
// comparable value; the zero TimerHandle is harmless. Any goroutine may use it.
// (asyncio.TimerHandle)
type TimerHandle struct {
	h    Handle
	when time.Duration
}

// node is what a Handle refers to: one callback on its way through a loop. Nodes
// are used again; a handle knows the generation of its own use, so that it can
// never hit a later one. The state is
//
//	generation << 1 | cancelled
//
// and moves in two ways only: Cancel sets the lowest bit, if the generation is
// still the handle's; the loop starts the next generation when the callback's
// turn has come. Both are one compare-and-swap, so that exactly one of them wins.
//
// A node fills one line of the processor's cache: keep it so.
type node struct {
	state atomic.Uint64
	fn    func()           // the user's callback, or
	to    engine.Completer // a timer of the loop's own
	ev    uint64

	loop   *baseLoop // for good
	timer  timers.ID // while timed
	timed  bool      // it is in the timer queue
	shared bool      // from the pool for other goroutines
	origin *origin   // debug mode: where it was made
}

// newNode takes a node from the loop's free list. Loop only.
func (l *baseLoop) newNode() *node {
	if k := len(l.free); k > 0 {
		n := l.free[k-1]
		l.free = l.free[:k-1]
		return n
	}
	return l.makeNode()
}

func (l *baseLoop) makeNode() *node { return &node{loop: l} }

// freeNode gives a node back whose generation has ended. Loop only.
func (l *baseLoop) freeNode(n *node) {
	n.fn = nil
	if n.to != nil || n.origin != nil {
		n.to, n.origin = nil, nil
	}
	if !n.shared {
		l.free = append(l.free, n)
	} else {
		l.foreign.Put(n)
	}
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

// handle returns the Handle of the node's present generation.
func (n *node) handle() Handle { return Handle{n, n.state.Load() >> 1} }

// Cancel keeps the callback from running and reports whether that is this
// call's doing: false if it has run, is running, or was cancelled before.
// (Handle.cancel)
func (h Handle) Cancel() bool {
	if h.n == nil || !h.n.state.CompareAndSwap(h.gen<<1, h.gen<<1|1) {
		return false
	}
	return true
}

// Cancelled reports whether the callback was cancelled. It is exact until the
// callback's turn; after that it may be false. (Handle.cancelled)
func (h Handle) Cancelled() bool {
	return h.n != nil && h.n.state.Load() == h.gen<<1|1
}

// Cancel keeps the callback from running and reports whether that is this
// call's doing. From the loop's goroutine the timer leaves the queue at once;
// from another one it leaves when the loop next looks. (TimerHandle.cancel)
func (t TimerHandle) Cancel() bool {
	n := t.h.n
	if n == nil {
		return false
	}
	l := n.loop
	if !t.h.Cancel() {
		return false
	}
	switch {
	case l.onLoop():
		l.dropTimer(n)
	case l.active.Load() || !l.asOwner(func() { t.drop() }):
		l.staleTimers.Add(1)
	}
	return true
}

// drop takes the timer out of the queue of a loop that has not run since it was
// cancelled: until it does, the node is this timer's.
func (t TimerHandle) drop() {
	if n := t.h.n; n.state.Load() == t.h.gen<<1|1 {
		n.loop.dropTimer(n)
	}
}

// Cancelled reports whether the callback was cancelled. It is exact until the
// timer is due; after that it may be false. (TimerHandle.cancelled)
func (t TimerHandle) Cancelled() bool {
	n := t.h.n
	if n == nil {
		return false
	}
	l := n.loop
	s := n.state.Load()
	if s>>1 == t.h.gen {
		return s&1 == 1
	}
	// The node is in use again, so this timer has run or was cancelled. Before
	// its time it cannot have run.
	return l.now()+l.resolution < t.when
}

// When returns the loop time at which the callback is due. (TimerHandle.when)
func (t TimerHandle) When() time.Duration { return t.when }

// String describes the callback by name and source line, as long as the handle
// is current. In debug mode it also says where the handle was made.
func (h Handle) String() string { return h.describe("Handle", "") }

// String is like Handle's, with the due time.
func (t TimerHandle) String() string {
	return t.h.describe("TimerHandle", fmt.Sprintf(" when=%v", t.when))
}

func (h Handle) describe(kind, when string) string {
	if h.n == nil {
		return "<" + kind + " none>"
	}
	text := "<" + kind
	s := h.n.state.Load()
	if s == h.gen<<1|1 {
		text += " cancelled"
	}
	text += when
	if s>>1 != h.gen {
		return text + " done>"
	}
	// Only the loop may look into a node, and nothing else changes it
	// meanwhile.
	h.n.loop.asOwner(func() {
		if h.n.state.Load()>>1 == h.gen {
			text += h.n.describe(s&1 == 1)
		}
	})
	return text + ">"
}

// describe names the node's callback, unless it was let go with its cancellation,
// and where it was made if that is known.
func (n *node) describe(cancelled bool) (text string) {
	if n.fn != nil && (!cancelled || n.origin != nil) {
		text = " " + funcName(n.fn)
	}
	if n.origin != nil {
		text += " created at " + n.origin.caller()
	}
	return text
}
