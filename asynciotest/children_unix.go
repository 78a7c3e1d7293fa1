//go:build unix

package asynciotest

import "syscall"

// waitForInput is a command of the shell's that ends when its input does.
const waitForInput = "read line"

// killedCode is what a child has ended with that was killed.
const killedCode = -int(syscall.SIGKILL)
