//go:build !linux

package sock

// inboxSystem is nothing: datagrams are received one by one.
type inboxSystem struct{}

// Receive receives the datagrams that are there, as many as there is room for, each of up
// to size bytes. An error that comes after the first is left to the next call. coalesced
// says that SetUDPGRO is on.
func (b *Inbox) Receive(fd uintptr, size int, coalesced bool) (n int, err error) {
	slots, stride := b.room(size)
	for n < slots {
		if err = Receive(fd, b.mem[n*stride:][:size:size], &b.arrived[n]); err != nil {
			break
		}
		n++
	}
	if n > 0 {
		err = nil
	}
	return n, err
}
