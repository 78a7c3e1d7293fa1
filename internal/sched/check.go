package sched

import "github.com/go-asyncio/asyncio/internal/invariants"

// checkFree looks at a node that is free: nothing waits for its turn by it.
func (n *node) checkFree() {
	if !invariants.Enabled {
		return
	}
	invariants.Check(n.fn == nil && n.to == nil, "a node that is free has nothing to run")
	invariants.Check(!n.timed, "a node that is free is not in the timer queue")
	invariants.Check(n.state.Load()&1 == 0, "the generation of a node that is free was not cancelled")
}
