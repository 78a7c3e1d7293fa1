//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package sock

import "golang.org/x/sys/unix"

const (
	sunPathLen    = 104
	sizeofInet4   = unix.SizeofSockaddrInet4
	sizeofInet6   = unix.SizeofSockaddrInet6
	abstractNames = false

	// HasReusePort tells whether the system has SO_REUSEPORT at all.
	HasReusePort = true
)

// The BSDs keep a structure's length in its first byte, the family in the second.

func putFamily(b []byte, family, size int) { b[0], b[1] = byte(size), byte(family) }

func getFamily(b []byte) int { return int(b[1]) }
