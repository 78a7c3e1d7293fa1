package child_test

import "syscall"

// killedCode is what a child has ended with that was ended from here.
const killedCode = 1

// harmless is a signal that Windows has not.
const harmless = syscall.Signal(0)
