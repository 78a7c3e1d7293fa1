package completion

import (
	"errors"
	"fmt"

	"github.com/go-asyncio/asyncio/internal/engine"
)

// pipeRoom is what the pipes of an engine share: there are none.
type pipeRoom = struct{}

// Pipe implements engine.Engine.
func (e *Engine) Pipe(uintptr, engine.Mask, engine.StreamHandler) (engine.Stream, error) {
	return nil, fmt.Errorf("engine: pipes over %s: %w", e.Name(), errors.ErrUnsupported)
}
