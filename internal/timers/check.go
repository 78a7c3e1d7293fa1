package timers

import "github.com/go-asyncio/asyncio/internal/invariants"

// check looks at the slot at i and at those above and below it: they are in order, and
// their IDs know where they are.
func (q *Queue[T]) check(i int) {
	if !invariants.Enabled || i >= len(q.heap) {
		return
	}
	s := &q.heap[i]
	invariants.Check(int(s.id) < len(q.items) && q.items[s.id].at == uint32(i), "a timer knows its place in the heap")
	invariants.Check(i == 0 || !s.before(&q.heap[(i-1)/arity]), "no timer is before the one above it in the heap")
	for c := i*arity + 1; c < min(i*arity+1+arity, len(q.heap)); c++ {
		invariants.Check(!q.heap[c].before(s), "no timer is after those below it in the heap")
	}
}
