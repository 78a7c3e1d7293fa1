//go:build linux || freebsd || dragonfly

package loopgroup

// PortIsSpread says whether this system spreads the connections of a port over all sockets
// that listen on it with SO_REUSEPORT (FreeBSD: SO_REUSEPORT_LB).
const PortIsSpread = true
