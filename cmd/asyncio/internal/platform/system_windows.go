package platform

import "errors"

// examineLimits: the system sets none but its memory.
func examineLimits() limitsReport { return limitsReport{} }

// systemSignals: Ctrl-C and Ctrl-Break reach every console program. Sending one
// would reach the programs beside this one too.
func systemSignals() error { return nil }

// systemReusePort: the system lets nobody share a port.
func systemReusePort() error { return errors.ErrUnsupported }
