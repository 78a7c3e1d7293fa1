package asyncio_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
	"github.com/go-asyncio/asyncio/internal/testkit/loops"
)

// overLoops runs f in a subtest, parallel to others and named for the mechanism, for each
// mechanism of this machine that the filter takes. The loops that f makes with newLoop
// stand on it, and there must be one.
func overLoops(t *testing.T, which func(testkit.Mechanism) bool, f func(t *testing.T)) {
	t.Helper()
	testkit.Over(t, which, func(t *testing.T, m testkit.Mechanism) {
		t.Cleanup(func() {
			if _, ok := loopsMade.LoadAndDelete(t.Name()); !ok && !t.Failed() && !t.Skipped() {
				t.Errorf("it is to show something of %s and makes no such loop", m.Name)
			}
		})
		f(t)
	})
}

// loopsMade are the subtests of overLoops that have made a loop of their kind.
var loopsMade sync.Map

// mechanismOf is the one that the test is for, by its name; without one, and then ok is
// false, the one that a selector loop takes by itself.
func mechanismOf(t testing.TB) (m testkit.Mechanism, ok bool) {
	t.Helper()
	all := testkit.Available(t, testkit.OrSimulated(testkit.Unpinned))
	elements := strings.Split(t.Name(), "/")
	for i, name := range elements {
		for _, m := range all {
			if m.Name == name {
				loopsMade.Store(strings.Join(elements[:i+1], "/"), true)
				return m, true
			}
		}
	}
	for _, m := range all {
		if m.Selector != nil && m.Default {
			return m, false
		}
	}
	t.Fatal("no selector works here")
	return m, false
}

// mustLoop makes a loop over what the test is for.
func mustLoop(t testing.TB, opts ...asyncio.LoopOption) asyncio.EventLoop {
	t.Helper()
	return openHooked(t, nil, opts...)
}

// openHooked is mustLoop with a hook, if it is not nil.
func openHooked(t testing.TB, hook testkit.WaitHook, opts ...asyncio.LoopOption) asyncio.EventLoop {
	t.Helper()
	m, _ := mechanismOf(t)
	loop, err := loops.New(m.Hooked(hook), opts...)
	must(t, err)
	return loop
}
