package sock

// Credentials say who is at the other end of a unix socket: who connected it, or who had
// it listen. What the system does not tell is -1.
type Credentials struct {
	PID int // the process
	UID int // its effective user
	GID int // its effective group
}
