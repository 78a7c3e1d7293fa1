package sock

// Arrived is a datagram as Inbox.Receive has found it.
type Arrived struct {
	Data      []byte // in the Inbox's memory, until the next Receive
	From      Addr   // who sent it, the zero Addr if that has no address
	Truncated bool   // it was longer than the room for it: Data is its beginning
	Size      int    // how long it was, if it was truncated and the system tells, else 0
}

// inboxBytes is how much memory an Inbox has: enough for several of the longest datagrams
// of UDP, of which each touches no more than it needs.
const inboxBytes = 1 << 20

// inboxMost is how many datagrams one Receive brings at most.
const inboxMost = 32

// Inbox is memory for the datagrams that one Receive brings, of any socket. Its zero
// value is ready; one goroutine uses it at a time.
type Inbox struct {
	mem     []byte
	arrived [inboxMost]Arrived
	system  inboxSystem
}

// At is one of the datagrams that Receive has brought. It is good until the next
// Receive.
func (b *Inbox) At(i int) *Arrived { return &b.arrived[i] }

// Free lets go of the memory.
func (b *Inbox) Free() { *b = Inbox{} }

// room is how many datagrams of a size there is room for, and how far apart they lie.
func (b *Inbox) room(size int) (slots, stride int) {
	stride = max(size, 1)
	if need := max(inboxBytes, stride); len(b.mem) < need {
		b.mem = make([]byte, need)
	}
	return min(len(b.mem)/stride, inboxMost), stride
}
