//go:build !unix

package main

import "os"

// stopSignals end the server in good order: Ctrl-C and Ctrl-Break.
var stopSignals = []os.Signal{os.Interrupt}
