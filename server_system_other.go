//go:build !windows

package asyncio

import "syscall"

// reuseAddressByDefault: a server may take the address of one that has just
// ended.
const reuseAddressByDefault = true

// What the system says of an address that it does not have, of one that somebody else
// has, and of one that nobody has.
const (
	errAddrNotAvailable = syscall.EADDRNOTAVAIL
	errAddrInUse        = syscall.EADDRINUSE
	errConnRefused      = syscall.ECONNREFUSED
)
