package sock

import "golang.org/x/sys/unix"

// reusePort is not FreeBSD's SO_REUSEPORT, which lets the last socket have everything;
// the option that spreads, as Linux's does, has another name.
const reusePort = unix.SO_REUSEPORT_LB
