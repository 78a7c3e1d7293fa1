//go:build unix && !linux

package signals

import "syscall"

// last is the highest signal that every other Unix has.
const last syscall.Signal = 31

// uncatchable are the signals that cannot be caught. SIGSYS on FreeBSD could; it stands
// for a mistake there, too.
var uncatchable = append(kept, syscall.SIGEMT)
