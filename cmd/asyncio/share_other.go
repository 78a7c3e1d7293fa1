//go:build !linux && !freebsd && !dragonfly

package main

// portIsSpread: where SO_REUSEPORT exists here, one of the sockets gets all
// connections.
const portIsSpread = false
