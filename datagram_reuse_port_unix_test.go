//go:build unix && !solaris

package asyncio_test

import "golang.org/x/sys/unix"

// hasReusePort says whether the system lets several sockets have one port, by optReusePort.
const (
	hasReusePort = true
	optReusePort = unix.SO_REUSEPORT
)
