package platform

import (
	"errors"
	"os"
)

// examineLimits: the system sets none but its memory.
func examineLimits() limitsReport { return limitsReport{} }

// systemSignals: Ctrl-C and Ctrl-Break reach every console program. Sending one
// would reach the programs beside this one too.
func systemSignals() error { return nil }

// harmlessSignal would be Ctrl-C's.
var harmlessSignal = os.Interrupt

// sendHarmlessSignal sends none, for the reason that systemSignals has.
func sendHarmlessSignal() error { return errors.ErrUnsupported }

// systemReusePort: the system lets nobody share a port.
func systemReusePort() error { return errors.ErrUnsupported }
