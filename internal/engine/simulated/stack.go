package simulated

import "time"

// Stack is how a host's system does its part of the network. The zero value of a field is
// the default.
type Stack struct {
	SendBuffer     int // bytes of a connection that wait to be sent, at most; 64 KiB
	ReceiveBuffer  int // bytes of a connection that were sent and not read, at most; 64 KiB
	DatagramBuffer int // bytes of datagrams that wait to be received, at most, 512 more for each; 208 KiB
	Backlog        int // connections that wait to be accepted, at most, whatever Listen says; 4096

	// Whole has a read or a write do all that it could; else some do a part, which is drawn.
	Whole bool

	// ConnectTimeout is when a connect that nobody answers has failed; 127 s, as on Linux.
	ConnectTimeout time.Duration

	// GiveUp is when a connection has failed over which nothing that is sent arrives; 15
	// minutes, as on Linux.
	GiveUp time.Duration
}

// orDefaults has its fields be what they mean.
func (s Stack) orDefaults() Stack {
	for _, f := range [...]struct {
		at    *int
		value int
	}{{&s.SendBuffer, 64 << 10}, {&s.ReceiveBuffer, 64 << 10}, {&s.DatagramBuffer, 208 << 10}, {&s.Backlog, 4096}} {
		if *f.at <= 0 {
			*f.at = f.value
		}
	}
	if s.ConnectTimeout <= 0 {
		s.ConnectTimeout = 127 * time.Second
	}
	if s.GiveUp <= 0 {
		s.GiveUp = 15 * time.Minute
	}
	return s
}

// SetStack sets the stack of all hosts that are added from now on. With the network's lock
// held.
func (n *Network) SetStack(s Stack) { n.stack = s.orDefaults() }

// SetStack sets the host's stack, for connections that are made from now on. With the
// network's lock held.
func (h *Host) SetStack(s Stack) { h.stack = s.orDefaults() }

// piece draws how much of n bytes a call takes or brings: at least one, if there is one.
func (h *Host) piece(n int) int {
	if n <= 1 || h.stack.Whole || h.network.chance.N(Piece, 4) != 3 {
		return n
	}
	return n - int(h.network.chance.N(Piece, int64(n)))
}
