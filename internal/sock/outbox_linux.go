package sock

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Outbox gathers datagrams, in memory of its own, so that those of one socket are sent by
// one call of the system; see sendmmsg(2). Its zero value is ready; one goroutine uses
// it at a time.
type Outbox struct {
	mem   []byte
	used  int
	n     int // datagrams
	msgs  [OutboxMost]mmsghdr
	iov   [OutboxMost]unix.Iovec
	names [OutboxMost]RawAddr
}

// Gathers tells whether the system has a call that sends several datagrams, and an Outbox
// is of use.
const Gathers = true

// Put adds a datagram, of which it makes a copy. It reports false if there is no room.
func (b *Outbox) Put(p []byte, to *Addr) bool {
	i := b.n
	if i == OutboxMost || len(p) > outboxBytes-b.used {
		return false
	}
	if b.mem == nil {
		b.prepare()
	}
	v := &b.iov[i]
	v.Base = &b.mem[b.used]
	v.SetLen(len(p))
	b.used += copy(b.mem[b.used:], p)
	b.msgs[i].hdr.Namelen = uint32(to.Encode(&b.names[i]))
	b.n = i + 1
	return true
}

func (b *Outbox) prepare() {
	b.mem = make([]byte, outboxBytes+1) // and a place for one that is empty at the end
	for i := range b.msgs {
		h := &b.msgs[i].hdr
		h.Name, h.Iov = &b.names[i].B[0], &b.iov[i]
		h.SetIovlen(1)
	}
}

// Len is how many datagrams are there.
func (b *Outbox) Len() int { return b.n }

// At is a datagram and the system's form of where it goes.
func (b *Outbox) At(i int) (p, to []byte) {
	return unsafe.Slice(b.iov[i].Base, b.iov[i].Len), b.names[i].B[:b.msgs[i].hdr.Namelen]
}

// Send sends those from the one to before the other, until one does not go, of which it
// returns the number. The error is that of the first; of another it is not known.
func (b *Outbox) Send(fd uintptr, from, to int) (int, error) {
	for {
		r, _, e := unix.RawSyscall6(unix.SYS_SENDMMSG, fd, uintptr(unsafe.Pointer(&b.msgs[from])), uintptr(to-from),
			unix.MSG_NOSIGNAL, 0, 0)
		switch e {
		case 0:
			return from + int(r), nil
		case syscall.EINTR:
		default:
			return from, e
		}
	}
}

// Reset makes it empty.
func (b *Outbox) Reset() { b.n, b.used = 0, 0 }
