package loopgroup

// Spread is how a server's connections come to the loops.
type Spread int

// The ways in which a server is spread.
const (
	// Auto is ReusePort where the system spreads the connections of a port, else HandOver.
	Auto Spread = iota
	// ReusePort has each loop listen on the port; the system spreads the connections.
	ReusePort
	// HandOver accepts in one place and gives each connection to the loop that has the fewest
	// of the server's; to one after the other of those that are equal.
	HandOver
)

// String names it.
func (s Spread) String() string {
	switch s {
	case Auto:
		return "auto"
	case ReusePort:
		return "reuseport"
	case HandOver:
		return "handover"
	}
	return "unknown"
}
