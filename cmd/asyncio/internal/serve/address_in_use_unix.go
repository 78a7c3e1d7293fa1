//go:build unix

package serve

import "syscall"

// errAddressInUse: somebody listens there already.
const errAddressInUse = syscall.EADDRINUSE
