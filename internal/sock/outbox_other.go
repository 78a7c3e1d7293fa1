//go:build !linux

package sock

// Outbox is for systems that have a call that sends several datagrams: this one has none.
type Outbox struct{}

// Gathers tells whether the system has a call that sends several datagrams, and an Outbox
// is of use.
const Gathers = false

// Put has no room.
func (b *Outbox) Put([]byte, *Addr) bool { return false }

// Len is how many datagrams are there: none.
func (b *Outbox) Len() int { return 0 }

// At is never called.
func (b *Outbox) At(int) (p, to []byte) { return nil, nil }

// Send is never called.
func (b *Outbox) Send(_ uintptr, _, to int) (int, error) { return to, nil }

// Reset has nothing to do.
func (b *Outbox) Reset() {}
