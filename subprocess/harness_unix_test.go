//go:build unix

package subprocess_test

import (
	"syscall"

	"github.com/go-asyncio/asyncio/internal/testkit"
)

// withPipes are the loops on which a child can have pipes.
func withPipes(m testkit.Mechanism) bool { return testkit.Unpinned(m) }

// codeOfSignal is the return code of a child that a signal has ended.
func codeOfSignal(sig syscall.Signal) int { return -int(sig) }

// printVariable is a command of the shell's that prints a variable.
const printVariable = `printf %s "$FOO"`

// aSignal ends a child, harmless does nothing to one that runs.
const (
	aSignal  = syscall.SIGTERM // which no parent has had ignored, as nohup has SIGHUP
	harmless = syscall.Signal(0)
)

// brokenPipe is what a write ends with when its reader has gone.
const brokenPipe = syscall.EPIPE
