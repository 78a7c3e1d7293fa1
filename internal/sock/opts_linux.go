package sock

import (
	"encoding/binary"

	"golang.org/x/sys/unix"
)

// HasReusePort tells whether the system has SO_REUSEPORT at all.
const HasReusePort = true

// SetReusePort sets SO_REUSEPORT: several sockets may be bound to one address,
// and the system spreads what arrives among them.
func SetReusePort(fd uintptr, on bool) error {
	return setInt(fd, unix.SOL_SOCKET, unix.SO_REUSEPORT, btoi(on))
}

// IsListening reports whether a socket takes connections.
func IsListening(fd uintptr) (bool, error) {
	v, err := unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_ACCEPTCONN)
	return v != 0, err
}

func putFamily(b []byte, family, _ int) { binary.NativeEndian.PutUint16(b, uint16(family)) }

func getFamily(b []byte) int { return int(binary.NativeEndian.Uint16(b)) }
