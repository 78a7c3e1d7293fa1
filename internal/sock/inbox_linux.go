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

// segmentControl is room for the control message of UDP_GRO: a header and an int.
type segmentControl struct {
	hdr  unix.Cmsghdr
	size int32
	_    int32
}

// inboxSystem is what recvmmsg(2) needs.
type inboxSystem struct {
	msgs     [inboxMost]mmsghdr
	iov      [inboxMost]unix.Iovec
	names    [inboxMost]RawAddr
	segments *[inboxMost]segmentControl // nil until something is coalesced
	used     int                        // headers that the kernel has written to

	size, slots int // for which all of this is made
	coalesced   bool
}

// Receive receives the datagrams that are there, as many as there is room for, each of up
// to size bytes. An error that comes after the first is left to the next call. coalesced
// says that SetUDPGRO is on. See recvmmsg(2).
func (b *Inbox) Receive(fd uintptr, size int, coalesced bool) (n int, err error) {
	s := &b.system
	if coalesced {
		size = max(size, udpMost) // several together are as long as that
	}
	if s.size != size || s.coalesced != coalesced || s.slots == 0 {
		b.prepare(size, coalesced)
	}
	for i := range s.msgs[:s.used] {
		h := &s.msgs[i].hdr
		h.Namelen, h.Flags = uint32(len(s.names[i].B)), 0
		if coalesced {
			h.SetControllen(int(unsafe.Sizeof(s.segments[i])))
		}
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
		b.note(i)
	}
	return s.used, nil
}

// note reads what the kernel says of a datagram.
func (b *Inbox) note(i int) {
	s, a := &b.system, &b.arrived[i]
	m := &s.msgs[i]
	n := int(m.n)
	a.From = Decode(s.names[i].B[:min(int(m.hdr.Namelen), len(s.names[i].B))])
	a.Truncated, a.Size, a.Segment = m.hdr.Flags&unix.MSG_TRUNC != 0, 0, 0
	if a.Truncated {
		a.Size, n = n, s.size
	}
	a.Data = unsafe.Slice(s.iov[i].Base, s.size)[:n:n]
	if s.coalesced && m.hdr.Controllen > 0 {
		if c := &s.segments[i]; c.hdr.Level == unix.SOL_UDP && c.hdr.Type == unix.UDP_GRO {
			a.Segment = int(c.size)
		}
	}
}

// prepare makes the headers for datagrams of a size.
func (b *Inbox) prepare(size int, coalesced bool) {
	s := &b.system
	slots, stride := b.room(size)
	s.size, s.slots, s.used, s.coalesced = size, slots, 0, coalesced
	if coalesced && s.segments == nil {
		s.segments = new([inboxMost]segmentControl)
	}
	for i := range slots {
		s.iov[i].Base = &b.mem[i*stride]
		s.iov[i].SetLen(size)
		h := &s.msgs[i].hdr
		*h = unix.Msghdr{Name: &s.names[i].B[0], Namelen: uint32(len(s.names[i].B)), Iov: &s.iov[i]}
		h.SetIovlen(1)
		if coalesced {
			h.Control = (*byte)(unsafe.Pointer(&s.segments[i]))
			h.SetControllen(int(unsafe.Sizeof(s.segments[i])))
		}
	}
}
