package asyncio

import (
	"runtime"
	"slices"

	"github.com/go-asyncio/asyncio/internal/goroutine"
)

// FrameCallGraphEntry is one place in a call stack: a function of the program's, and
// the line in it. (asyncio.FrameCallGraphEntry)
type FrameCallGraphEntry struct {
	Function string // with its package's path
	File     string
	Line     int
}

// FutureCallGraph is a future or task, where it is, and who waits for it.
// (asyncio.FutureCallGraph)
type FutureCallGraph struct {
	Future Awaitable
	// CallStack is where a task is, the innermost function first: where it waits, or
	// where it runs. One that has not begun is at the first line of its function; one
	// that is done, and a future that is no task, is nowhere. This module's own
	// functions are left out, but for those of packages above this one.
	CallStack []FrameCallGraphEntry
	// AwaitedBy are the tasks that wait for it, in no fixed order; in one graph the
	// same task is the same node.
	AwaitedBy []*FutureCallGraph
}

// CallGraphOption changes what a call graph shows.
type CallGraphOption func(*callGraphConfig)

type callGraphConfig struct {
	depth   int
	limit   int
	limited bool
}

// WithCallGraphDepth leaves out the n innermost functions of the current task's stack,
// so that a helper can hide itself. (depth)
func WithCallGraphDepth(n int) CallGraphOption {
	return func(c *callGraphConfig) { c.depth = n }
}

// WithCallGraphLimit shortens every stack: with n above zero to the n functions nearest
// to the task's first one, below zero to the -n innermost ones; with zero there are no
// stacks, and none are taken. (limit)
func WithCallGraphLimit(n int) CallGraphOption {
	return func(c *callGraphConfig) { c.limit, c.limited = n, true }
}

// CaptureCallGraph tells who waits for a future or task, directly or through others,
// and where each of them is. A nil one means the current task; the graph is nil in a
// plain callback, which has none.
//
// What waits by Gather, Wait, Shield, AsCompleted, WaitForOf or a future of theirs counts
// as waiting for what it gave them; the holder of a task group waits for the group's
// tasks from the moment they are made. Tasks of other loops are shown too.
//
// Any goroutine may call it; off the loop what it tells need not all have been true at
// one moment. It stops the program for a moment if the stack of another task is
// wanted, and a stack has a hundred functions at most; nothing is recorded before.
// ErrNoRunningLoop for a nil future outside a loop. (asyncio.capture_call_graph)
func CaptureCallGraph(a Awaitable, opts ...CallGraphOption) (*FutureCallGraph, error) {
	const op = "CaptureCallGraph"
	g := graphing{made: map[*futureBase]*FutureCallGraph{}}
	for _, o := range opts {
		o(&g.callGraphConfig)
	}
	s := currentStrand()
	if s != nil {
		g.current = s.task()
	}
	switch {
	case a == nil && s == nil:
		return nil, opError(op, ErrNoRunningLoop)
	case a == nil && g.current == nil:
		return nil, nil
	case a == nil:
		a = g.current.self()
	case futureOf(a) == nil:
		return nil, invalid(op, "the future is nil")
	}
	graph := g.graph(a)
	if !g.limited || g.limit != 0 {
		g.takeStacks()
	}
	return graph, nil
}

// graphing is a call graph in the making.
type graphing struct {
	callGraphConfig
	current *taskBase
	made    map[*futureBase]*FutureCallGraph
	under   []*futureBase // what the future that is looked at is awaited by, so far
}

// graph makes the graph of a future without the stacks.
func (g *graphing) graph(a Awaitable) *FutureCallGraph {
	f := futureOf(a)
	if n := g.made[f]; n != nil {
		if slices.Contains(g.under, f) {
			return &FutureCallGraph{Future: a} // tasks that wait for each other: the circle ends here
		}
		return n
	}
	n := &FutureCallGraph{Future: a}
	g.made[f] = n
	g.under = append(g.under, f)
	for _, by := range awaitersOf(f) {
		n.AwaitedBy = append(n.AwaitedBy, g.graph(by))
	}
	g.under = g.under[:len(g.under)-1]
	return n
}

// takeStacks gives the tasks of the graph their stacks.
func (g *graphing) takeStacks() {
	parked := map[int64]*FutureCallGraph{}
	for f, n := range g.made {
		t := f.task()
		if t == nil {
			continue
		}
		switch id := t.coID.Load(); {
		case t == g.current:
			stack := ownStack()
			n.CallStack = g.shorten(stack[min(max(g.depth, 0), len(stack)):])
		case id != 0:
			parked[id] = n
		case !f.Done():
			n.CallStack = g.shorten(firstLine(t.self().function()))
		}
	}
	if len(parked) == 0 {
		return
	}
	for stack := range goroutine.Stacks() {
		if id, _, ok := goroutine.Head(stack); ok && parked[id] != nil {
			parked[id].CallStack = g.shorten(parseStack(stack))
		}
	}
}

// shorten applies the limit to a stack.
func (g *graphing) shorten(stack []FrameCallGraphEntry) []FrameCallGraphEntry {
	switch {
	case !g.limited:
		return stack
	case g.limit >= 0:
		return stack[max(len(stack)-g.limit, 0):]
	}
	return stack[:min(-g.limit, len(stack))]
}

// ownStack is the stack of the caller.
func ownStack() (stack []FrameCallGraphEntry) {
	pcs := make([]uintptr, 64)
	n := runtime.Callers(1, pcs)
	for n == len(pcs) {
		pcs = make([]uintptr, 2*len(pcs))
		n = runtime.Callers(1, pcs)
	}
	for it := runtime.CallersFrames(pcs[:n]); ; {
		f, more := it.Next()
		stack = appendFrame(stack, f.Function, f.File, f.Line)
		if !more {
			return stack
		}
	}
}

// firstLine is the stack of a task that has not begun.
func firstLine(pc uintptr) []FrameCallGraphEntry {
	f := runtime.FuncForPC(pc)
	if f == nil {
		return nil
	}
	file, line := f.FileLine(pc)
	return appendFrame(nil, f.Name(), file, line)
}

// awaiters collects who waits for a future: tasks, and what was recorded by hand.
type awaiters struct {
	list []Awaitable
	seen map[*futureBase]bool
}

// relay is what waits for a future because somebody else does.
type relay interface{ awaiters(to *awaiters) }

func awaitersOf(f *futureBase) []Awaitable {
	a := awaiters{seen: map[*futureBase]bool{}}
	a.of(f)
	return a.list
}

// add notes one who waits.
func (a *awaiters) add(by Awaitable) {
	if f := futureOf(by); f != nil && !a.seen[f] {
		a.seen[f] = true
		a.list = append(a.list, by)
	}
}

// of notes who waits for f.
func (a *awaiters) of(f *futureBase) {
	var waiting []any
	s := f.state.lock()
	for n := range f.waits.All() {
		waiting = append(waiting, n.to)
	}
	f.state.unlock(s)
	for _, to := range waiting {
		switch to := to.(type) {
		case *taskBase:
			a.add(to.self())
		case relay:
			to.awaiters(a)
		}
	}
}

func (g *gathering) awaiters(to *awaiters)  { to.of(g.out) }
func (w *waiting) awaiters(to *awaiters)    { to.of(&w.over) }
func (r *release) awaiters(to *awaiters)    { to.of(&r.futureBase) }
func (c *groupChild) awaiters(to *awaiters) { to.add(c.group.parent.self()) }

func (l *namedCallback) awaiters(to *awaiters) {
	if l.to != nil {
		to.of(l.to)
	}
}

func (c *completions[T]) awaiters(to *awaiters) {
	c.mu.Lock()
	getters := slices.Clone(c.getters)
	c.mu.Unlock()
	for _, g := range getters {
		to.of(g)
	}
}

// awaitedBy stands for somebody who waits for a future in a way of his own.
type awaitedBy struct {
	node waitNode
	who  Awaitable
}

// Complete has nothing to do: who waits knows himself how to hear of it.
func (*awaitedBy) Complete(uint64) {}

// bystander implements bystander: he waits elsewhere.
func (*awaitedBy) bystander() {}

func (w *awaitedBy) awaiters(to *awaiters) { to.add(w.who) }

// FutureAddToAwaitedBy records, for call graphs, that by waits for f in a way that this
// package does not see. It is forgotten when f is done. Nothing happens if it is
// recorded already, f is done, or one of the two is nil. Any goroutine may call it.
// (asyncio.future_add_to_awaited_by)
func FutureAddToAwaitedBy(f, by Awaitable) {
	on, who := futureOf(f), futureOf(by)
	if on == nil || who == nil || on.recorded(who) != nil {
		return
	}
	w := &awaitedBy{who: by}
	w.node = waitNode{to: w, direct: true}
	on.addNode(&w.node)
}

// FutureDiscardFromAwaitedBy takes back what FutureAddToAwaitedBy recorded, if it did.
// Any goroutine may call it. (asyncio.future_discard_from_awaited_by)
func FutureDiscardFromAwaitedBy(f, by Awaitable) {
	on, who := futureOf(f), futureOf(by)
	if on == nil || who == nil {
		return
	}
	if w := on.recorded(who); w != nil {
		on.removeNode(&w.node)
	}
}

// recorded finds the record that who waits for f.
func (f *futureBase) recorded(who *futureBase) *awaitedBy {
	s := f.state.lock()
	defer f.state.unlock(s)
	for n := range f.waits.All() {
		if w, ok := n.to.(*awaitedBy); ok && w.who.awaitable() == who {
			return w
		}
	}
	return nil
}
