//go:build !unix && !windows

package serve

import "os"

// stopSignals end the server in good order: Ctrl-C.
var stopSignals = []os.Signal{os.Interrupt}
