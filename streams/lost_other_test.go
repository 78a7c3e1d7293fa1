//go:build !windows

package streams

import "syscall"

// lost is what the system says of a connection that the peer has given up.
var lost = []error{syscall.ECONNRESET, syscall.ECONNABORTED, syscall.EPIPE}
