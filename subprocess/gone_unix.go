//go:build unix

package subprocess

import "syscall"

// noReader is what the system says of writing where nobody reads.
var noReader = []error{syscall.EPIPE}
