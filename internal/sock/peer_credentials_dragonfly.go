package sock

// Of unix(4): LOCAL_PEERCRED.
const (
	peerLevel  = 0
	peerOption = 1
)

// peerOf reads the beginning of a struct xucred: a version, the user, how many groups,
// and the first of them.
func peerOf(word func(i int) int) Credentials {
	return Credentials{PID: -1, UID: word(1), GID: word(3)}
}
