//go:build unix

package serve

import (
	"os"
	"syscall"
)

// stopSignals end the server in good order: Ctrl-C, and what service managers send.
var stopSignals = []os.Signal{os.Interrupt, syscall.SIGTERM}
