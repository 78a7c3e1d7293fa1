package selectors_test

import (
	"runtime"
	"testing"

	"github.com/go-asyncio/asyncio/selectors"
	"github.com/go-asyncio/asyncio/selectors/selectortest"
)

type opener = func() (selectors.Selector, error)

// kinds is every selector that works on this machine, found by trying, so
// the tests below are the same everywhere.
func kinds(t testing.TB) map[string]opener {
	found := map[string]opener{}
	for _, info := range selectors.Available() {
		if info.Works {
			found[info.Name] = info.New
		}
	}
	if runtime.GOOS == "linux" && (found["select"] == nil || found["poll"] == nil || found["epoll"] == nil) {
		t.Fatalf("of select, poll and epoll only %v work", found)
	}
	return found
}

func TestSelectors(t *testing.T) {
	t.Parallel()
	for name, open := range kinds(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			selectortest.TestSelector(t, open)
		})
	}
}

// TestHistories: one random history gives one result, whatever the mechanism.
func TestHistories(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		var first []string
		var firstName string
		for name, open := range kinds(t) {
			transcript := selectortest.History(t, open, 1000+seed, 300)
			if first == nil {
				first, firstName = transcript, name
				continue
			}
			for i := range first {
				if first[i] != transcript[i] {
					t.Fatalf("seed %d:\n%s: %s\n%s: %s", 1000+seed, firstName, first[i], name, transcript[i])
				}
			}
		}
	}
}

func TestSelectAllocatesNothing(t *testing.T) {
	for name, open := range kinds(t) {
		t.Run(name, func(t *testing.T) { selectortest.TestAllocations(t, open) })
	}
}
