package asyncio

import "golang.org/x/sys/windows"

// errConnRefused is what the system says of an address that nobody has.
const errConnRefused = windows.WSAECONNREFUSED
