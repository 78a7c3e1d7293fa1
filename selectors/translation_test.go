//go:build unix && !aix

package selectors_test

import (
	"testing"

	"github.com/go-asyncio/asyncio/selectors"
	"github.com/go-asyncio/asyncio/selectors/selectortest"
)

// TestTranslation runs the selectors of systems that are not at hand through
// the suite, over stand-ins for their kernels.
func TestTranslation(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]opener{
		"kqueue":  selectors.NewFakeKqueueSelector,
		"devpoll": selectors.NewFakeDevpollSelector,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			selectortest.TestSelector(t, open)
		})
	}
}
