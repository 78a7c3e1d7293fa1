package asyncio_test

import (
	"syscall"

	"golang.org/x/sys/windows"

	"github.com/go-asyncio/asyncio/internal/testkit"
)

// errTooLong is what the system says of arguments that are too long.
const errTooLong = windows.ERROR_FILENAME_EXCED_RANGE

// errNotExecutable is what it says of a file that is no program.
const errNotExecutable = windows.ERROR_BAD_EXE_FORMAT

// haveSessions: a child can lead a session.
const haveSessions = false

// withPipes are the loops on which a child can have pipes.
func withPipes(m testkit.Mechanism) bool { return testkit.Proactors(m) }

// codeOfSignal is the return code of a child that was ended: Windows has no signals.
func codeOfSignal(syscall.Signal) int { return 1 }

// withOwnPipes are the loops on which a loop of a user's can connect a child's pipes: none,
// since what an os.File has is its own completion port's.
func withOwnPipes(m testkit.Mechanism) bool { return false }
