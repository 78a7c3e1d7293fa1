package asyncio

import (
	"errors"
	"fmt"

	"github.com/go-asyncio/asyncio/proactors"
)

// ProactorEventLoop is the event loop over a proactor: it waits until operations
// are done. (asyncio.ProactorEventLoop)
//
// This version cannot make one.
type ProactorEventLoop struct {
	baseLoop
}

// NewProactorEventLoop makes a loop over p, or over the system's proactor if p is
// nil. In this version that fails everywhere with errors.ErrUnsupported, and p
// stays the caller's. Any goroutine may call it.
func NewProactorEventLoop(p proactors.Proactor, _ ...LoopOption) (*ProactorEventLoop, error) {
	const op = "new proactor event loop"
	if p == nil {
		if _, err := proactors.NewDefaultProactor(); err != nil {
			return nil, opError(op, err)
		}
	}
	return nil, opError(op, fmt.Errorf("%w: this version has no proactor loop; use NewSelectorEventLoop", errors.ErrUnsupported))
}
