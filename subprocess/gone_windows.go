package subprocess

import "golang.org/x/sys/windows"

// noReader is what the system says of writing where nobody reads.
var noReader = []error{windows.ERROR_BROKEN_PIPE, windows.ERROR_NO_DATA}
