//go:build unix

package readiness_test

import (
	"testing"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/engine/enginetest"
	"github.com/go-asyncio/asyncio/internal/engine/readiness"
	"github.com/go-asyncio/asyncio/internal/testkit"
)

func TestPipes(t *testing.T) {
	t.Parallel()
	testkit.Over(t, testkit.Selectors, func(t *testing.T, m testkit.Mechanism) {
		enginetest.TestPipes(t, func() (engine.Engine, error) {
			s, err := m.Selector()
			if err != nil {
				return nil, err
			}
			return readiness.New(s)
		}, testkit.Pipe)
	})
}
