//go:build !linux && !freebsd && !dragonfly

package loopgroup

// PortIsSpread says whether this system spreads the connections of a port over all sockets
// that listen on it: where SO_REUSEPORT exists here, one of them gets all.
const PortIsSpread = false
