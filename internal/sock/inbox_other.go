//go:build !linux

package sock

// inboxSystem is nothing: datagrams are received one by one.
type inboxSystem struct{}

// Receive receives the datagrams that are there, as many as there is room for, each of up
// to size bytes. An error that comes after the first is left to the next call.
func (b *Inbox) Receive(fd uintptr, size int) (n int, err error) {
	slots, stride := b.room(size)
	for n < slots {
		a := &b.arrived[n]
		room := b.mem[n*stride:][:size:size]
		if err = recvDatagram(fd, room, a); err != nil {
			break
		}
		n++
	}
	if n > 0 {
		err = nil
	}
	return n, err
}
