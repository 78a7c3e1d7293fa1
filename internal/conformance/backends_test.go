package conformance

import (
	"slices"
	"strings"
	"testing"

	"github.com/go-asyncio/asyncio/proactors"
	"github.com/go-asyncio/asyncio/selectors"
)

// TestBackends: the scorer looks for every mechanism that there is on any system, and for
// no other.
func TestBackends(t *testing.T) {
	t.Parallel()
	var want, got []string
	for _, info := range selectors.Available() {
		want = append(want, info.Name)
	}
	for _, info := range proactors.Available() {
		if !info.Pinned { // which is another form of the same
			want = append(want, strings.TrimPrefix(info.Name, "io_"))
		}
	}
	for _, b := range Backends {
		got = append(got, b.Element)
		if b.Name != b.Element && b.Name != string(b.Run)+"-"+b.Element {
			t.Errorf("%+v is called like another", b)
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if got = slices.Compact(got); !slices.Equal(got, want) {
		t.Errorf("the scorer looks for %q, and there are %q", got, want)
	}
}
