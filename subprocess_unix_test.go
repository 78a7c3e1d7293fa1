//go:build unix

package asyncio_test

import (
	"io/fs"
	"syscall"

	"github.com/go-asyncio/asyncio/internal/testkit"
)

// errTooLong is what the system says of arguments that are too long.
const errTooLong = syscall.E2BIG

// errNotExecutable is what it says of a file that is no program.
var errNotExecutable = fs.ErrPermission

// haveSessions: a child can lead a session.
const haveSessions = true

// withPipes are the loops on which a child can have pipes.
func withPipes(m testkit.Mechanism) bool { return testkit.Unpinned(m) }

// codeOfSignal is the return code of a child that a signal has ended.
func codeOfSignal(sig syscall.Signal) int { return -int(sig) }
