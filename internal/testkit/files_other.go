//go:build !unix && !windows

package testkit

// OpenFiles counts nothing: the system does not list a process's descriptors.
func OpenFiles() int { return -1 }

// SocketsOnly tells whether OpenFiles counts nothing but sockets.
const SocketsOnly = false
