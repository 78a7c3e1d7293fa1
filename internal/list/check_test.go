package list_test

import (
	"testing"

	"github.com/go-asyncio/asyncio/internal/invariants"
	"github.com/go-asyncio/asyncio/internal/invariants/invarianttest"
	"github.com/go-asyncio/asyncio/internal/list"
)

const checked = invariants.Enabled

// misplaced has its node where it may not be.
type misplaced struct {
	name  int
	place list.Node[misplaced]
}

// TestMisuse: where invariants are checked, what would harm a list ends the program.
func TestMisuse(t *testing.T) {
	t.Parallel()
	invarianttest.Broken(t, map[string]func(){
		"the first field of list_test.misplaced is its list node": func() {
			var l list.List[misplaced]
			l.PushBack(&new(misplaced).place)
		},
		"what is put into a list of list_test.thing is in none": func() {
			var one, other list.List[thing]
			x := &thing{}
			one.PushBack(&x.place)
			other.PushBack(&x.place)
		},
		"what is taken out of a list of list_test.thing is in it": func() {
			var l list.List[thing]
			x, y := &thing{}, &thing{}
			l.PushBack(&x.place)
			l.Remove(&y.place)
		},
		"what is taken out of a list of list_test.thing is in this one": func() {
			var one, other list.List[thing]
			x, y := &thing{}, &thing{}
			one.PushBack(&x.place)
			other.PushBack(&y.place)
			one.Remove(&y.place)
		},
	})
}
