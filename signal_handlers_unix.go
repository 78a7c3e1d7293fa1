//go:build unix

package asyncio

import "os"

// uncatchable is the error for a signal that no handler ever gets.
func uncatchable(op string, sig os.Signal, err error) error {
	return invalid(op, "%v: %v; for an orderly end use os.Interrupt or syscall.SIGTERM", sig, err)
}
