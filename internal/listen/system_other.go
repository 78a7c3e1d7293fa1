//go:build !windows

package listen

import "syscall"

// ReuseAddrByDefault says that a server may take the address of one that has just
// ended.
const ReuseAddrByDefault = true

// What the system says of an address that it does not have, and of one that somebody else
// has.
const (
	AddrNotAvailable = syscall.EADDRNOTAVAIL
	AddrInUse        = syscall.EADDRINUSE
)
