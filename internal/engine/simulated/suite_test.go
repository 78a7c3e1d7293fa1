package simulated_test

import (
	"net/netip"
	"testing"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/engine/enginetest"
	"github.com/go-asyncio/asyncio/internal/engine/simulated"
)

// TestEngine: the suite of every engine, in real time.
func TestEngine(t *testing.T) {
	t.Parallel()
	enginetest.Test(t, func() (engine.Engine, error) {
		h, err := simulated.New(simulated.Config{}).AddHost("one", netip.MustParseAddr("10.0.0.1"))
		if err != nil {
			return nil, err
		}
		return h.NewEngine()
	})
}
