package serve

import (
	"os"
	"syscall"
)

// stopSignals end the server in good order: Ctrl-C and Ctrl-Break, and the end of the
// console or of the user's session, for which the system waits a few seconds.
var stopSignals = []os.Signal{os.Interrupt, syscall.SIGTERM}
