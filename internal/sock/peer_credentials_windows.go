package sock

import (
	"unsafe"

	"golang.org/x/sys/windows"
)

// sioPeerPID is SIO_AF_UNIX_GETPEERPID of afunix.h.
const sioPeerPID = 0x58000100

// PeerCredentials tells which process is at the other end of a connected unix socket.
// Windows has no numbers for users and groups.
func PeerCredentials(fd uintptr) (Credentials, error) {
	var pid, n uint32
	err := windows.WSAIoctl(windows.Handle(fd), sioPeerPID, nil, 0, (*byte)(unsafe.Pointer(&pid)), uint32(unsafe.Sizeof(pid)), &n, nil, 0)
	if err != nil {
		return Credentials{}, err
	}
	return Credentials{PID: int(pid), UID: -1, GID: -1}, nil
}
