package selectortest

import (
	"testing"

	"github.com/go-asyncio/asyncio/selectors"
)

// TestManyFiles registers pairs of sockets, one end to read and the other to
// write, and expects one Select to report every writer and nothing else. It
// opens twice as many descriptors: call it from a test that is not parallel.
func TestManyFiles(t *testing.T, open func() (selectors.Selector, error), pairs int) {
	s := newSelector(t, open)
	want := make(map[*selectors.SelectorKey]bool, pairs)
	for range pairs {
		r, w := Pair(t)
		mustRegister(t, s, r, read, nil)
		want[mustRegister(t, s, w, write, nil)] = true
	}
	for range 2 {
		ready := mustSelect(t, s, 0)
		for _, r := range ready {
			if !want[r.Key] || r.Events != write {
				t.Errorf("descriptor %d is ready for %v", r.Key.FD, r.Events)
			}
		}
		if len(ready) != pairs {
			t.Fatalf("%d files are ready, want %d", len(ready), pairs)
		}
	}
}

// TestAllocations expects that Select allocates nothing, whether it finds
// something, polls or waits. Call it from a test that is not parallel.
func TestAllocations(t *testing.T, open func() (selectors.Selector, error)) {
	s := newSelector(t, open)
	a, b := Pair(t)
	c, _ := Pair(t)
	mustRegister(t, s, a, read, nil)
	check := func(what string, n int, f func() ([]selectors.Ready, error)) {
		if allocs := testing.AllocsPerRun(100, func() {
			if ready, err := f(); len(ready) != n || err != nil {
				t.Errorf("%s: %d are ready, %v", what, len(ready), err)
			}
		}); allocs != 0 {
			t.Errorf("Select that %s allocates %v times", what, allocs)
		}
	}
	poll := func() ([]selectors.Ready, error) { return s.Select(0) }
	check("polls and finds nothing", 0, poll)
	check("waits and finds nothing", 0, func() ([]selectors.Ready, error) { return s.Select(20_000) })
	mustRegister(t, s, c, write, nil)
	mustRegister(t, s, b, read|write, nil)
	b.Send(t, "x")
	check("polls and finds three", 3, poll)
	check("waits and finds three", 3, func() ([]selectors.Ready, error) { return s.Select(selectors.Forever) })
}
