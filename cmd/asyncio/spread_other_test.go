//go:build !linux

package main

import "runtime"

// datagramsAreSpread: the system spreads the datagrams that come to a port over all sockets
// that share it.
var datagramsAreSpread = map[string]bool{"freebsd": true, "dragonfly": true}[runtime.GOOS]
