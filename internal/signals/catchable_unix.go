//go:build unix

package signals

import (
	"slices"
	"syscall"
)

// catchable reports whether a handler for the signal would ever run. What stands for a
// mistake in the program itself, Go's runtime turns into a panic or ends the program with,
// and SIGPROF is its profiler's; see package os/signal.
func catchable(sig syscall.Signal) bool { return !slices.Contains(uncatchable, sig) }

// kept are the signals that no Unix, or Go on none, passes on.
var kept = []syscall.Signal{
	syscall.SIGKILL, syscall.SIGSTOP,
	syscall.SIGILL, syscall.SIGTRAP, syscall.SIGBUS, syscall.SIGFPE, syscall.SIGSEGV, syscall.SIGSYS, syscall.SIGPROF,
}
