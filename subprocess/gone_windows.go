package subprocess

import (
	"syscall"

	"golang.org/x/sys/windows"
)

// noReader is what the system says of writing where nobody reads, and what a loop says
// that has noticed it before.
var noReader = []error{syscall.EPIPE, windows.ERROR_BROKEN_PIPE, windows.ERROR_NO_DATA}
