package asyncio

import "golang.org/x/sys/windows"

// reuseAddressByDefault is off where SO_REUSEADDR lets one program take
// another's address away.
const reuseAddressByDefault = false

// What the system says of an address that it does not have, of one that somebody else
// has, and of one that nobody has.
const (
	errAddrNotAvailable = windows.WSAEADDRNOTAVAIL
	errAddrInUse        = windows.WSAEADDRINUSE
	errConnRefused      = windows.WSAECONNREFUSED
)
