package list_test

import (
	"testing"

	"github.com/go-asyncio/asyncio/internal/invariants/invarianttest"
	"github.com/go-asyncio/asyncio/internal/list"
)

// misplaced has its node where it may not be.
type misplaced struct {
	_     int
	place list.Node[misplaced]
}

// TestMisuse: where invariants are checked, what would harm a list ends the program.
func TestMisuse(t *testing.T) {
	t.Parallel()
	invarianttest.Broken(t, map[string]func(){
		"list_test.misplaced has its list node as its first field": func() {
			var l list.List[misplaced]
			l.PushBack(&new(misplaced).place)
		},
		"list_test.thing is in no list when it is put into one": func() {
			var one, other list.List[thing]
			x := &thing{}
			one.PushBack(&x.place)
			other.PushBack(&x.place)
		},
		"list_test.thing is in a list when it is taken out of one": func() {
			var l list.List[thing]
			x, y := &thing{}, &thing{}
			l.PushBack(&x.place)
			l.Remove(&y.place)
		},
		"list_test.thing is in the list that it is taken out of": func() {
			var one, other list.List[thing]
			x, y := &thing{}, &thing{}
			one.PushBack(&x.place)
			other.PushBack(&y.place)
			one.Remove(&y.place)
		},
	})
}
