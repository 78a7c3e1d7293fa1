package sock

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// PeerCredentials tells who is at the other end of a connected unix socket, as it was
// when that connected or began to listen. See LOCAL_PEERCRED in unix(4).
func PeerCredentials(fd uintptr) (Credentials, error) {
	c, err := unix.GetsockoptXucred(int(fd), unix.SOL_LOCAL, unix.LOCAL_PEERCRED)
	if err != nil {
		return Credentials{}, err
	}
	// The process is where a pointer that nobody used once was, the structure's last
	// field, since FreeBSD 13; before that it is 0 there.
	last := unsafe.Add(unsafe.Pointer(c), unsafe.Sizeof(*c)-unsafe.Sizeof(uintptr(0)))
	pid := int(*(*int32)(last))
	if pid == 0 {
		pid = -1
	}
	return Credentials{PID: pid, UID: int(c.Uid), GID: int(c.Groups[0])}, nil
}
