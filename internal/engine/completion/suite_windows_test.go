package completion_test

import (
	"testing"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/engine/completion"
	"github.com/go-asyncio/asyncio/internal/engine/enginetest"
	"github.com/go-asyncio/asyncio/proactors"
)

func TestEngine(t *testing.T) {
	t.Parallel()
	t.Run("iocp", func(t *testing.T) {
		t.Parallel()
		enginetest.Test(t, func() (engine.Engine, error) {
			p, err := proactors.NewIOCPProactor()
			if err != nil {
				return nil, err
			}
			return completion.New(p), nil
		})
	})
}
