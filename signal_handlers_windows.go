package asyncio

import (
	"errors"
	"fmt"
	"os"
)

// uncatchable is the error for a signal that no handler ever gets.
func uncatchable(op string, sig os.Signal, err error) error {
	if sig == os.Kill {
		return invalid(op, "%v: %v; for an orderly end use os.Interrupt or syscall.SIGTERM", sig, err)
	}
	return opError(op, fmt.Errorf("%w on Windows: nothing there comes as %v; use os.Interrupt, for Ctrl-C and Ctrl-Break, or syscall.SIGTERM", errors.ErrUnsupported, sig))
}
