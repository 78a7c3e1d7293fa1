package sock

import "golang.org/x/sys/unix"

// FreeBSD's SO_REUSEPORT lets the last socket have everything; the one that
// spreads, as Linux's does, has another name.
const reusePort = unix.SO_REUSEPORT_LB
