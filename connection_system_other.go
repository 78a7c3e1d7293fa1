//go:build !windows

package asyncio

import "syscall"

// errConnRefused is what the system says of an address that nobody has.
const errConnRefused = syscall.ECONNREFUSED
