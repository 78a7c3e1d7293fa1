package listen

import "golang.org/x/sys/windows"

// ReuseAddrByDefault is off where SO_REUSEADDR lets one program take another's address
// away.
const ReuseAddrByDefault = false

// What the system says of an address that it does not have, and of one that somebody else
// has.
const (
	AddrNotAvailable = windows.WSAEADDRNOTAVAIL
	AddrInUse        = windows.WSAEADDRINUSE
)
