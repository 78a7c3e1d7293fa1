package readiness_test

import (
	"testing"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/engine/enginetest"
	"github.com/go-asyncio/asyncio/internal/engine/readiness"
	"github.com/go-asyncio/asyncio/internal/testkit"
)

// TestDatagramAllocations is not parallel: it counts the whole process.
func TestDatagramAllocations(t *testing.T) {
	for _, m := range testkit.Available(t, testkit.Selectors) {
		t.Run(m.Name, func(t *testing.T) {
			enginetest.TestDatagramAllocations(t, func() (engine.Engine, error) {
				s, err := m.Selector()
				if err != nil {
					return nil, err
				}
				return readiness.New(s)
			})
		})
	}
}
