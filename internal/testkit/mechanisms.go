package testkit

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/go-asyncio/asyncio/proactors"
	"github.com/go-asyncio/asyncio/selectors"
)

// Mechanism is what a loop or an engine can have underneath: a selector, a proactor, or a
// simulated network.
type Mechanism struct {
	Name      string                             // as the scorer of the catalogue knows it
	Selector  func() (selectors.Selector, error) // nil for all but a selector
	Proactor  func() (proactors.Proactor, error) // nil for all but a proactor
	Default   bool                               // a loop of its kind has it if nobody says what
	Pinned    bool                               // what stands on it stays on one thread
	Simulated bool                               // it is a network in memory, which every machine has
}

// found are the mechanisms of this machine, by trial.
var found = sync.OnceValues(func() (all []Mechanism, err error) {
	for _, s := range selectors.Available() {
		m := Mechanism{Name: s.Name, Selector: s.New, Default: s.Default}
		if ok, err := there(m.Name, s.Err); err != nil {
			return nil, err
		} else if ok {
			all = append(all, m)
		}
	}
	for _, p := range proactors.Available() {
		m := Mechanism{Name: strings.TrimPrefix(p.Name, "io_"), Proactor: p.New, Default: p.Default, Pinned: p.Pinned}
		if ok, err := there(m.Name, p.Err); err != nil {
			return nil, err
		} else if ok {
			all = append(all, m)
		}
	}
	return append(all, Mechanism{Name: "simulated", Simulated: true}), nil
})

// there tells whether the trial of a mechanism says that it is there. A mechanism that is
// there and does not work is an error.
func there(name string, trial error) (bool, error) {
	if trial != nil && !errors.Is(trial, errors.ErrUnsupported) {
		return false, fmt.Errorf("testkit: %s: %w", name, trial)
	}
	return trial == nil, nil
}

// Unpinned is a filter for [Available]: what stands on the mechanism may change its
// thread, as it does if nobody says otherwise. The simulated network is none of them: a test
// asks for it, by [OrSimulated].
func Unpinned(m Mechanism) bool { return !m.Pinned && !m.Simulated }

// Simulated is a filter for [Available]: the network in memory.
func Simulated(m Mechanism) bool { return m.Simulated }

// OrSimulated adds the network in memory to what a filter takes: for tests that reach for
// nothing of the system's beside their loop.
func OrSimulated(which func(Mechanism) bool) func(Mechanism) bool {
	return func(m Mechanism) bool { return m.Simulated || which(m) }
}

// Selectors is a filter for [Available].
func Selectors(m Mechanism) bool { return m.Selector != nil }

// Proactors is a filter for [Available], without those that are pinned to a thread.
func Proactors(m Mechanism) bool { return m.Proactor != nil && !m.Pinned }

// Kinds is a filter for [Available]: one mechanism for each kind of loop, what it takes
// if nobody says what.
func Kinds(m Mechanism) bool { return m.Default }

// Available returns the mechanisms of this machine that a filter takes. One that is there
// and does not work stops the test.
func Available(t testing.TB, which func(Mechanism) bool) (some []Mechanism) {
	t.Helper()
	all, err := found()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range all {
		if which(m) {
			some = append(some, m)
		}
	}
	return some
}

// Named returns the mechanism of this machine that has the name.
func Named(name string) (Mechanism, error) {
	all, err := found()
	for _, m := range all {
		if m.Name == name {
			return m, nil
		}
	}
	return Mechanism{}, errors.Join(err, fmt.Errorf("testkit: %q is not here", name))
}

// Over runs f in a subtest, parallel to others and named for the mechanism, for each
// mechanism of this machine that the filter takes.
func Over(t *testing.T, which func(Mechanism) bool, f func(t *testing.T, m Mechanism)) {
	t.Helper()
	for _, m := range Available(t, which) {
		t.Run(m.Name, func(t *testing.T) {
			t.Parallel()
			f(t, m)
		})
	}
}

// On makes what stands on a mechanism of the system's, a loop or an engine, by one of two
// constructors.
func On[T any](m Mechanism, onSelector func(selectors.Selector) (T, error), onProactor func(proactors.Proactor) (T, error)) (made T, err error) {
	if m.Proactor != nil {
		p, err := m.Proactor()
		if err != nil {
			return made, err
		}
		return onProactor(p)
	}
	s, err := m.Selector()
	if err != nil {
		return made, err
	}
	return onSelector(s)
}
