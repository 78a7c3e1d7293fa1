package sock

// Of unix(4): LOCAL_PEEREID.
const (
	peerLevel  = 0
	peerOption = 3
)

// peerOf reads a struct unpcbid.
func peerOf(word func(i int) int) Credentials {
	return Credentials{PID: word(0), UID: word(1), GID: word(2)}
}
