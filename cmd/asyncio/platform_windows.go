package main

import "errors"

// examineLimits: the system sets none but its memory.
func examineLimits() limitsReport { return limitsReport{} }

// systemSignals: Ctrl-C and Ctrl-Break reach every console program. Sending one
// would reach the programs beside this one too.
func systemSignals() error { return nil }

func systemReusePort() error {
	return errors.ErrUnsupported
}
