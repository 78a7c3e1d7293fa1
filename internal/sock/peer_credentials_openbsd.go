package sock

import "golang.org/x/sys/unix"

// Of getsockopt(2).
const (
	peerLevel  = unix.SOL_SOCKET
	peerOption = unix.SO_PEERCRED
)

// peerOf reads a struct sockpeercred.
func peerOf(word func(i int) int) Credentials {
	return Credentials{UID: word(0), GID: word(1), PID: word(2)}
}
