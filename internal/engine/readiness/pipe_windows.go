package readiness

import (
	"errors"
	"fmt"

	"github.com/go-asyncio/asyncio/internal/engine"
)

// pipeRoom is what the pipes of an engine share: there are none.
type pipeRoom = struct{}

// Pipe implements engine.Engine: select waits for sockets alone on Windows.
func (e *Engine) Pipe(uintptr, engine.Mask, engine.StreamHandler) (engine.Stream, error) {
	return nil, fmt.Errorf("engine: %s waits for sockets only on Windows; use a proactor event loop instead: %w",
		e.Name(), errors.ErrUnsupported)
}
