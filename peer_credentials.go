package asyncio

// PeerCredentials say who is at the other end of a unix socket, as it was when that
// connected or, of a server, began to listen: the system vouches for it. It is what
// GetExtraInfo("peercred") returns, nil where the system does not tell. A part that it
// does not tell is -1: users and groups on Windows, which has no numbers for them, and the
// process on DragonFly. (getsockopt(SO_PEERCRED))
type PeerCredentials struct {
	PID int // the process
	UID int // its effective user
	GID int // its effective group
}
