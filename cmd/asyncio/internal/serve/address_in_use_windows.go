package serve

import "syscall"

// errAddressInUse: somebody listens there already. (WSAEADDRINUSE)
const errAddressInUse = syscall.Errno(10048)
