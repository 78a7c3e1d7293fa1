// Package selectortest is the behaviour suite of selectors: any
// implementation of selectors.Selector, this module's or one's own, can be
// run through it.
//
//	func TestMySelector(t *testing.T) {
//		t.Parallel()
//		selectortest.TestSelector(t, func() (selectors.Selector, error) { return mypackage.New() })
//	}
//
// Each case is a subtest, named for the row of the conformance catalogue that
// it proves or, where there is none, for what it is about. [TestManyFiles] and
// [TestAllocations] are apart, since they need the process to themselves:
// call them from tests that are not parallel.
package selectortest

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio/selectors"
)

// testCase is one subtest: it gets a selector of its own, which is closed
// when the test ends.
type testCase struct {
	name string
	run  func(t *testing.T, s selectors.Selector)
}

// TestSelector runs a selector through the suite. open makes a new selector
// each time. All subtests are parallel; none needs more than a hundred
// descriptors or takes much longer than a second.
func TestSelector(t *testing.T, open func() (selectors.Selector, error)) {
	for _, c := range slices.Concat(registrationCases, mapCases, selectCases, waitCases) {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.run(t, newSelector(t, open))
		})
	}
	t.Run("history", func(t *testing.T) {
		t.Parallel()
		for seed := range uint64(8) {
			History(t, open, seed, 400)
		}
	})
	t.Run("selectors.012.fileno", func(t *testing.T) {
		t.Parallel()
		testFileno(t, newSelector(t, open))
	})
}

// newSelector makes a selector that is closed when the test ends.
func newSelector(t testing.TB, open func() (selectors.Selector, error)) selectors.Selector {
	t.Helper()
	s, err := open()
	if err != nil {
		t.Fatalf("cannot make the selector: %v", err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return s
}

func testFileno(t *testing.T, s selectors.Selector) {
	o, ok := s.(interface{ FD() uintptr })
	if !ok {
		t.Skipf("%T owns no descriptor", s)
	}
	if fd := o.FD(); fd == selectors.NoFD || int(fd) < 0 {
		t.Errorf("FD() = %d", int(fd))
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if fd := o.FD(); fd != selectors.NoFD {
		t.Errorf("FD() after Close = %d, want NoFD", fd)
	}
}

// mustRegister registers and fails the test if it cannot.
func mustRegister(t testing.TB, s selectors.Selector, fileobj any, events selectors.EventMask, data any) *selectors.SelectorKey {
	t.Helper()
	key, err := s.Register(fileobj, events, data)
	if err != nil {
		t.Fatalf("Register(%v, %v): %v", fileobj, events, err)
	}
	return key
}

// mustSelect selects and fails the test if it cannot. The result is a copy.
func mustSelect(t testing.TB, s selectors.Selector, timeout time.Duration) []selectors.Ready {
	t.Helper()
	ready, err := s.Select(timeout)
	if err != nil {
		t.Fatalf("Select(%v): %v", timeout, err)
	}
	return slices.Clone(ready)
}

// wantError checks that an error is of a kind and carries the call and,
// unless it is NoFD, the descriptor.
func wantError(t testing.TB, err, kind error, op string, fd uintptr) {
	t.Helper()
	if !errors.Is(err, kind) {
		t.Errorf("%s: error %v, want one that is %q", op, err, kind)
		return
	}
	var e *selectors.OpError
	if !errors.As(err, &e) {
		t.Errorf("%s: error %T, want an *OpError", op, err)
		return
	}
	if e.Op != op || fd != selectors.NoFD && e.FD != fd {
		t.Errorf("error %q: Op %q, FD %d, want %q, %d", err, e.Op, int(e.FD), op, int(fd))
	}
}

// wantReady checks that exactly the given entries are ready, in any order.
func wantReady(t testing.TB, got []selectors.Ready, want ...selectors.Ready) {
	t.Helper()
	ok := len(got) == len(want)
	for _, w := range want {
		ok = ok && slices.Contains(got, w)
	}
	if !ok {
		t.Errorf("ready:\n got %v\nwant %v", describe(got), describe(want))
	}
}

type described struct {
	fd     uintptr
	events string
}

func describe(ready []selectors.Ready) (list []described) {
	for _, r := range ready {
		list = append(list, described{r.Key.FD, r.Events.String()})
	}
	return list
}
