package platform

import (
	"errors"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio/selectors"
)

// brokenSelector is one whose system call fails.
type brokenSelector struct{ selectors.Selector }

var errBroken = errors.New("broken")

func (brokenSelector) Select(time.Duration) ([]selectors.Ready, error) { return nil, errBroken }

// blindSelector is one that can watch no file but the first, which is the loop's.
type blindSelector struct {
	selectors.Selector
	files int
}

func (b *blindSelector) Register(file any, events selectors.EventMask, data any) (*selectors.SelectorKey, error) {
	if b.files++; b.files > 1 {
		return nil, errBroken
	}
	return b.Selector.Register(file, events, data)
}

// TestTrialsCanFail: what does not work is not said to work.
func TestTrialsCanFail(t *testing.T) {
	t.Parallel()
	none := func() (selectors.Selector, error) { return nil, errBroken }
	broken := func() (selectors.Selector, error) {
		s, err := selectors.NewDefaultSelector()
		return brokenSelector{s}, err
	}
	blind := func() (selectors.Selector, error) {
		s, err := selectors.NewDefaultSelector()
		return &blindSelector{Selector: s}, err
	}
	for name, newSelector := range map[string]func() (selectors.Selector, error){"none": none, "broken": broken, "blind": blind} {
		if err := tryLoop(newSelector, tryEverything); !errors.Is(err, errBroken) {
			t.Errorf("%s: everything: %v", name, err)
		}
		if err := tryLoop(newSelector, tryPipe); !errors.Is(err, errBroken) {
			t.Errorf("%s: pipe: %v", name, err)
		}
	}
	for _, test := range []struct {
		reports []selectorReport
		want    verdict
	}{
		{nil, verdict{Error: "no selector works here"}},
		{[]selectorReport{{Loop: verdict{Error: "a"}}, {verdict: verdict{Works: true}, Loop: verdict{Error: "b"}}}, verdict{Error: "b"}},
		{[]selectorReport{{verdict: verdict{Works: true}, Loop: verdict{Error: "b"}}, {Loop: verdict{Works: true}}}, verdict{Works: true}},
	} {
		if got := selectorLoopVerdict(test.reports); got != test.want {
			t.Errorf("%+v: %+v", test.reports, got)
		}
	}
}
