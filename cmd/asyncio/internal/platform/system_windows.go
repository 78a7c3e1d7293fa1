package platform

import (
	"context"
	"errors"
	"os"

	"github.com/go-asyncio/asyncio"
)

// examineLimits: the system sets none but its memory.
func examineLimits() limitsReport { return limitsReport{} }

// systemSignals: Ctrl-C and Ctrl-Break reach every console program. Sending one
// would reach the programs beside this one too.
func systemSignals() error { return nil }

// trySignal has a loop take Ctrl-C over and give it back.
func trySignal(_ context.Context, loop asyncio.EventLoop) error {
	if err := loop.AddSignalHandler(os.Interrupt, func() {}); err != nil {
		return err
	}
	_, err := loop.RemoveSignalHandler(os.Interrupt)
	return err
}

// systemReusePort: the system lets nobody share a port.
func systemReusePort() error { return errors.ErrUnsupported }
