package timers

import (
	"testing"

	"github.com/go-asyncio/asyncio/internal/invariants/invarianttest"
)

// TestInvariants: where invariants are checked, a broken one ends the program.
func TestInvariants(t *testing.T) {
	t.Parallel()
	invarianttest.Broken(t, map[string]func(){
		"a timer knows its place in the heap": func() {
			var q Queue[int]
			first := q.Add(1, 1)
			q.Add(2, 2)
			q.items[first].at = 1
			q.check(0)
		},
		"no timer is before the one above it in the heap": func() {
			var q Queue[int]
			q.Add(1, 1)
			q.Add(2, 2)
			q.heap[1].when = 0
			q.check(1)
		},
		"no timer is after those below it in the heap": func() {
			var q Queue[int]
			q.Add(1, 1)
			q.Add(2, 2)
			q.heap[0].when = 3
			q.Add(4, 4)
			q.check(0)
		},
	})
}
