package sock

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// mmsghdr is the kernel's struct of that name.
type mmsghdr struct {
	hdr unix.Msghdr
	n   uint32
}

// inboxSystem is what recvmmsg(2) needs.
type inboxSystem struct {
	msgs  [inboxMost]mmsghdr
	iov   [inboxMost]unix.Iovec
	names [inboxMost]RawAddr
	used  int // headers that the kernel has written to
	size  int // for which all of this is made
	slots int
}

// Receive receives the datagrams that are there, as many as there is room for, each of up
// to size bytes. An error that comes after the first is left to the next call. See
// recvmmsg(2).
func (b *Inbox) Receive(fd uintptr, size int) (n int, err error) {
	s := &b.system
	if s.size != size || s.slots == 0 {
		b.prepare(size)
	}
	for i := range s.msgs[:s.used] {
		h := &s.msgs[i].hdr
		h.Namelen, h.Flags = uint32(len(s.names[i].B)), 0
	}
	s.used = 0
	for {
		r, _, e := unix.RawSyscall6(unix.SYS_RECVMMSG, fd, uintptr(unsafe.Pointer(&s.msgs[0])), uintptr(s.slots),
			unix.MSG_TRUNC, 0, 0)
		if e == syscall.EINTR {
			continue
		}
		if e != 0 {
			return 0, e
		}
		s.used = int(r)
		break
	}
	for i := range s.msgs[:s.used] {
		b.note(i, size)
	}
	return s.used, nil
}

// note reads what the kernel says of a datagram.
func (b *Inbox) note(i, size int) {
	s, a := &b.system, &b.arrived[i]
	m := &s.msgs[i]
	n := int(m.n)
	a.From = Decode(s.names[i].B[:min(int(m.hdr.Namelen), len(s.names[i].B))])
	a.Truncated, a.Size = m.hdr.Flags&unix.MSG_TRUNC != 0, 0
	if a.Truncated {
		a.Size, n = n, size
	}
	a.Data = unsafe.Slice(s.iov[i].Base, size)[:n:n]
}

// prepare makes the headers for datagrams of a size.
func (b *Inbox) prepare(size int) {
	s := &b.system
	slots, stride := b.room(size)
	s.size, s.slots, s.used = size, slots, 0
	for i := range slots {
		s.iov[i].Base = &b.mem[i*stride]
		s.iov[i].SetLen(size)
		h := &s.msgs[i].hdr
		*h = unix.Msghdr{Name: &s.names[i].B[0], Namelen: uint32(len(s.names[i].B)), Iov: &s.iov[i]}
		h.SetIovlen(1)
	}
}
