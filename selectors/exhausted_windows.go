package selectors

import "golang.org/x/sys/windows"

// exhaustion are the errors that say that the process or the system has no socket or
// memory left.
var exhaustion = []error{windows.WSAEMFILE, windows.WSAENOBUFS, windows.ERROR_NOT_ENOUGH_MEMORY}
