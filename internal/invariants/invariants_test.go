package invariants_test

import (
	"testing"

	"github.com/go-asyncio/asyncio/internal/invariants"
	"github.com/go-asyncio/asyncio/internal/invariants/invarianttest"
)

// TestBroken: a broken invariant ends the program, whoever would recover a panic.
func TestBroken(t *testing.T) {
	t.Parallel()
	invarianttest.Broken(t, map[string]func(){
		"one is two": func() {
			defer func() { _ = recover() }()
			invariants.Check(1 == 2, "one is two")
		},
	})
}

// TestHolds: what holds is not remarked on, and where nothing is checked neither is
// what does not.
func TestHolds(t *testing.T) {
	t.Parallel()
	invariants.Check(true, "true is true")
	if !invariants.Enabled {
		invariants.Check(false, "nothing is checked")
	}
}
