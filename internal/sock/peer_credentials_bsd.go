//go:build dragonfly || netbsd || openbsd

package sock

import (
	"encoding/binary"

	"golang.org/x/sys/unix"
)

// PeerCredentials tells who is at the other end of a connected unix socket, as it was
// when that connected or began to listen.
func PeerCredentials(fd uintptr) (Credentials, error) {
	// Package unix has no call for this option, but one for another structure of at
	// least its length.
	raw, err := unix.GetsockoptIPv6Mreq(int(fd), peerLevel, peerOption)
	if err != nil {
		return Credentials{}, err
	}
	return peerOf(func(i int) int { return int(int32(binary.NativeEndian.Uint32(raw.Multiaddr[4*i:]))) }), nil
}
