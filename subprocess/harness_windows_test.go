package subprocess_test

import (
	"syscall"

	"golang.org/x/sys/windows"

	"github.com/go-asyncio/asyncio/internal/testkit"
)

// withPipes are the loops on which a child can have pipes.
func withPipes(m testkit.Mechanism) bool { return testkit.Proactors(m) }

// codeOfSignal is the return code of a child that was ended: Windows has no signals.
func codeOfSignal(syscall.Signal) int { return 1 }

// printVariable is a command of the shell's that prints a variable.
const printVariable = `echo %FOO%`

// aSignal ends a child, harmless does nothing to one that runs.
const (
	aSignal  = syscall.SIGTERM
	harmless = syscall.SIGHUP
)

// brokenPipe is what a write ends with when its reader has gone.
const brokenPipe = windows.ERROR_BROKEN_PIPE
