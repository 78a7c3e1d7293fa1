package sock

import (
	"encoding/binary"

	"golang.org/x/sys/unix"
)

const (
	sunPathLen    = 108
	sizeofInet4   = unix.SizeofSockaddrInet4
	sizeofInet6   = unix.SizeofSockaddrInet6
	abstractNames = false

	// HasReusePort tells whether the system has SO_REUSEPORT at all.
	HasReusePort = false
	reusePort    = 0
)

func putFamily(b []byte, family, _ int) { binary.NativeEndian.PutUint16(b, uint16(family)) }

func getFamily(b []byte) int { return int(binary.NativeEndian.Uint16(b)) }
