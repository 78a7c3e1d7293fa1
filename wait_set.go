package asyncio

import (
	"time"
)

// waitSet is several futures that are waited for as one.
type waitSet struct {
	loop  *baseLoop     // theirs; nil if there is none, or if all failed for want of one
	fs    []*futureBase // each once, in the order given
	argAt []int         // where each argument stands in fs
	nodes []waitNode    // one for each of fs
}

// newWaitSet looks at the arguments of a call that waits for several futures.
func newWaitSet[A Awaitable](op string, aws []A) (*waitSet, error) {
	g := &waitSet{argAt: make([]int, len(aws))}
	seen := make(map[*futureBase]int, len(aws))
	for i, a := range aws {
		f := futureOf(a)
		if f == nil {
			return nil, invalid(op, "awaitable %d is nil", i)
		}
		if f.loop == nil && !f.Done() {
			return nil, invalid(op, "awaitable %d is a zero value, not made by this package", i)
		}
		switch {
		case f.loop == nil || g.loop == f.loop:
		case g.loop == nil:
			g.loop = f.loop
		default:
			return nil, wrongLoop(op)
		}
		place, again := seen[f]
		if !again {
			place = len(g.fs)
			seen[f] = place
			g.fs = append(g.fs, f)
		}
		g.argAt[i] = place
	}
	g.nodes = make([]waitNode, len(g.fs))
	return g, nil
}

// unregister takes back the registrations that are left.
func (g *waitSet) unregister() {
	for i, f := range g.fs {
		f.removeNode(&g.nodes[i])
	}
}

// notify registers n for when the future is done. If it is so already, n is told
// as it would have been: by the loop, or at once if it is direct.
func (f *futureBase) notify(l *baseLoop, n *waitNode) {
	switch {
	case f.addNode(n):
	case n.direct:
		n.to.Complete(n.ev)
	case l.onLoop() && !l.IsClosed():
		l.schedule(n.to, n.ev)
	default:
		l.post(n.to, n.ev) // a closed loop runs nothing more
	}
}

// untilEnd counts d down from now, by the clock that after goes by. The loop may be nil.
func (l *baseLoop) untilEnd(d time.Duration) (left func() time.Duration) {
	if l != nil && l.onLoop() {
		ends := l.core.Later(d)
		return func() time.Duration { return ends - l.core.Now() }
	}
	ends := time.Now().Add(d)
	return func() time.Duration { return time.Until(ends) }
}

// after calls f when d has passed: on the loop's clock if the caller is on the
// loop, else in real time, on a goroutine of its own.
func (l *baseLoop) after(d time.Duration, f func()) (cancel func()) {
	if l.onLoop() {
		timer := l.scheduleAt(l.core.Later(d), callback(f), 0)
		return func() { timer.Cancel() }
	}
	timer := time.AfterFunc(d, f)
	return func() { timer.Stop() }
}
