package simulated

// What is refused, for tests.
var (
	ErrRefused   error = errRefused
	ErrReset     error = errReset
	ErrPipe      error = errPipe
	ErrTimedOut  error = errTimedOut
	ErrNoHost    error = errNoHost
	ErrNoNetwork error = errNoNetwork
	ErrInUse     error = errInUse
	ErrNoAddress error = errNoAddress
	ErrNoFile    error = errNoFile
	ErrAgain     error = errAgain
	ErrInvalid   error = errInvalid
	ErrFamily    error = errFamily
)

// Connections is how many ends of connections over the network the host has that are not
// over, whether or not they have a socket still. With the network's lock held.
func (h *Host) Connections() (n int) {
	for e := h.ends.First(); e != nil; e = h.ends.Next(&e.Node) {
		n++
	}
	return n
}

// Due is how many things are to happen by themselves. With the network's lock held.
func (n *Network) Due() int { return n.agenda.queue.Len() }
