package asyncio

import "golang.org/x/sys/windows"

// errConnRefused is what the system says of an address that nobody has.
const errConnRefused = windows.WSAECONNREFUSED

// What the system says of connections that end.
const (
	errConnReset   = windows.WSAECONNRESET
	errConnAborted = windows.WSAECONNABORTED
)
