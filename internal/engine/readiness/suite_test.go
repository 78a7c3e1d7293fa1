package readiness_test

import (
	"errors"
	"testing"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/engine/enginetest"
	"github.com/go-asyncio/asyncio/internal/engine/readiness"
	"github.com/go-asyncio/asyncio/selectors"
)

func TestEngine(t *testing.T) {
	t.Parallel()
	forEach(t, func(t *testing.T, open func() (selectors.Selector, error)) {
		enginetest.Test(t, func() (engine.Engine, error) {
			s, err := open()
			if err != nil {
				return nil, err
			}
			return readiness.New(s)
		})
	})
}

// forEach runs f as one subtest for each mechanism that there is here.
func forEach(t *testing.T, f func(t *testing.T, open func() (selectors.Selector, error))) {
	for _, info := range selectors.Available() {
		if errors.Is(info.Err, errors.ErrUnsupported) {
			continue
		}
		t.Run(info.Name, func(t *testing.T) {
			t.Parallel()
			if info.Err != nil {
				t.Fatal(info.Err)
			}
			f(t, info.New)
		})
	}
}
