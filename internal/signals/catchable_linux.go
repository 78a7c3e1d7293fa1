package signals

import "syscall"

// last is the highest signal there is.
const last syscall.Signal = 64

// uncatchable are the signals that cannot be caught. Those from 32 to 34 are what C
// libraries use for threads.
var uncatchable = append(kept, 32, 33, 34)
