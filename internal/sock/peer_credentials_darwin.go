package sock

import "golang.org/x/sys/unix"

// PeerCredentials tells who is at the other end of a connected unix socket, as it was
// when that connected or began to listen. See LOCAL_PEERCRED in unix(4).
func PeerCredentials(fd uintptr) (Credentials, error) {
	c, err := unix.GetsockoptXucred(int(fd), unix.SOL_LOCAL, unix.LOCAL_PEERCRED)
	if err != nil {
		return Credentials{}, err
	}
	pid, err := unix.GetsockoptInt(int(fd), unix.SOL_LOCAL, unix.LOCAL_PEERPID)
	if err != nil {
		pid = -1
	}
	return Credentials{PID: pid, UID: int(c.Uid), GID: int(c.Groups[0])}, nil
}
