package main

import (
	"errors"
	"syscall"
)

// errAddressInUse: somebody listens there already. (WSAEADDRINUSE)
const errAddressInUse = syscall.Errno(10048)

// examineLimits: the system sets none but its memory.
func examineLimits() limitsReport { return limitsReport{} }

// systemSignals: Ctrl-C and Ctrl-Break reach every console program. Sending one
// would reach the programs beside this one too.
func systemSignals() error { return nil }

func systemReusePort() error {
	return errors.ErrUnsupported
}
