package sock

import "golang.org/x/sys/unix"

// PeerCredentials tells who is at the other end of a connected unix socket, as it was
// when that connected or began to listen. See getpeerucred(3C).
func PeerCredentials(fd uintptr) (Credentials, error) {
	c, err := unix.GetPeerUcred(fd)
	if err != nil {
		return Credentials{}, err
	}
	return Credentials{PID: c.Getpid(), UID: c.Geteuid(), GID: c.Getegid()}, nil
}
