//go:build !windows

package asyncio

import "syscall"

// errConnRefused is what the system says of an address that nobody has.
const errConnRefused = syscall.ECONNREFUSED

// What the system says of connections that end.
const (
	errConnReset   = syscall.ECONNRESET
	errConnAborted = syscall.ECONNABORTED
)
