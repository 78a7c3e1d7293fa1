package testkit

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-asyncio/asyncio/proactors"
	"github.com/go-asyncio/asyncio/selectors"
)

// TestAvailable: what is there is what can be opened, and one selector is the default.
func TestAvailable(t *testing.T) {
	t.Parallel()
	all := Available(t, func(m Mechanism) bool { return !m.Simulated })
	for _, m := range all {
		name, err := On(m,
			func(s selectors.Selector) (string, error) { return "selector", s.Close() },
			func(p proactors.Proactor) (string, error) { return "proactor", p.Close() })
		if same, err := Named(m.Name); err != nil || same.Name != m.Name {
			t.Errorf("%s: %v", m.Name, err)
		}
		if err != nil || (name == "selector") != (m.Selector != nil) || (name == "proactor") != (m.Proactor != nil) {
			t.Errorf("%s is a %s: %v", m.Name, name, err)
		}
	}
	if m := Available(t, OrSimulated(Kinds)); len(m) != len(Available(t, Kinds))+1 || !Simulated(m[len(m)-1]) {
		t.Errorf("with the simulated one: %v", m)
	}
	if m, err := Named("abacus"); err == nil {
		t.Errorf("there is %v", m)
	}
	kinds := Available(t, Kinds)
	if k := len(kinds); k != 1 && k != 2 || kinds[0].Selector == nil || k == 2 && kinds[1].Proactor == nil {
		t.Errorf("kinds: %v", kinds)
	}
	if p := Available(t, Proactors); slices.ContainsFunc(p, func(m Mechanism) bool { return m.Pinned || m.Selector != nil }) {
		t.Errorf("proactors: %v", p)
	}
}

// TestBrokenMechanism: one that is there and does not work is no reason to leave a test out.
func TestBrokenMechanism(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	for _, c := range []struct {
		trial error
		ok    bool
		err   error
	}{{nil, true, nil}, {errors.ErrUnsupported, false, nil}, {broken, false, broken}} {
		if ok, err := there("it", c.trial); ok != c.ok || !errors.Is(err, c.err) {
			t.Errorf("%v: %v, %v", c.trial, ok, err)
		}
	}
}

// TestHooked: a hook sees each wait, and what it says is what the caller hears.
func TestHooked(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	Over(t, Unpinned, func(t *testing.T, m Mechanism) {
		var asked []time.Duration
		m = m.Hooked(func(wait func(time.Duration) (bool, error), timeout time.Duration) error {
			asked = append(asked, timeout)
			if found, err := wait(0); found || err != nil {
				t.Errorf("found %v, %v", found, err)
			}
			return broken
		})
		_, err := On(m,
			func(s selectors.Selector) (int, error) {
				defer s.Close()
				ready, err := s.Select(time.Hour)
				return len(ready), err
			},
			func(p proactors.Proactor) (int, error) {
				defer p.Close()
				done, err := p.Wait(time.Hour)
				return len(done), err
			})
		if err != broken || !slices.Equal(asked, []time.Duration{time.Hour}) {
			t.Errorf("%v, asked for %v", err, asked)
		}
	})
}

// TestInBubble: a long wait is few polls, and ends when it should.
func TestInBubble(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		polls, began := 0, time.Now()
		err := InBubble(func(timeout time.Duration) (bool, error) {
			polls++
			return timeout != 0, nil
		}, time.Hour)
		if waited := time.Since(began); err != nil || waited != time.Hour || polls > 5000 {
			t.Errorf("%v after %v and %d polls", err, waited, polls)
		}
		if err := InBubble(func(time.Duration) (bool, error) { return false, nil }, selectors.Forever); err == nil {
			t.Error("a wait for nothing goes on for ever")
		}
	})
}
