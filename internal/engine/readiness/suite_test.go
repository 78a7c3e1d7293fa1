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

// forEach runs f as one subtest for each mechanism of this system.
func forEach(t *testing.T, f func(t *testing.T, open func() (selectors.Selector, error))) {
	for name, open := range map[string]func() (selectors.Selector, error){
		"select": func() (selectors.Selector, error) { return selectors.NewSelectSelector() },
		"poll":   func() (selectors.Selector, error) { return selectors.NewPollSelector() },
		"epoll":  func() (selectors.Selector, error) { return selectors.NewEpollSelector() },
	} {
		s, err := open()
		if errors.Is(err, errors.ErrUnsupported) {
			continue
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := s.Close(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f(t, open)
		})
	}
}
