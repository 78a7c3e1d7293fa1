//go:build !linux && !freebsd && !dragonfly

package serve

// portIsSpread: where SO_REUSEPORT exists here, one of the sockets gets all
// connections.
const portIsSpread = false
