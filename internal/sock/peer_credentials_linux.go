package sock

import "golang.org/x/sys/unix"

// PeerCredentials tells who is at the other end of a connected unix socket, as it was
// when that connected or began to listen. See SO_PEERCRED in unix(7).
func PeerCredentials(fd uintptr) (Credentials, error) {
	c, err := unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	if err != nil {
		return Credentials{}, err
	}
	return Credentials{PID: int(c.Pid), UID: int(int32(c.Uid)), GID: int(int32(c.Gid))}, nil
}
