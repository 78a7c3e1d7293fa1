package asynciotest

import (
	"testing"

	"github.com/go-asyncio/asyncio/internal/testkit"
)

// patience is how long goroutines and descriptors may take to go at the end of a
// test.
var patience = testkit.Patience

// LeavesNothing fails the test if at its end there are goroutines that it left
// behind, or more descriptors than now. What ends a moment later is waited for.
// Call it first, so that it looks last; and not in a test that is parallel to
// others, whose goroutines it cannot tell from the test's own. Descriptors are
// counted where the system lists them, on Windows those of sockets.
func LeavesNothing(t testing.TB) {
	t.Helper()
	testkit.LeavesNothing(t, patience)
}
