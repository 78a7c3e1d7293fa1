package proactors

import (
	"errors"
	"fmt"
	"math"
	"sync/atomic"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Posts are sends that the kernel tells of only if not everything went. It tries them
// while it takes them, for they are not to wait; so those that it has taken are over
// when its call returns, and what it has to tell of them lies in the completion queue
// by then. They need no slot: the queue's entry has their place in the list.
//
// With MSG_WAITALL a send that was cut short counts as failed, which is told.

// posted is a post since the last Wait.
type posted struct {
	op   *Operation
	keep unsafe.Pointer // what the kernel reads
	to   unsafe.Pointer // SendTo: and where it goes
}

// postSlot is no slot: it says that the number beside it is a post's.
const postSlot = math.MaxUint32

// canPost: kernels before 6.1 forget, of a send that they give up after a part of it,
// that a part went. What came later tells.
func (r *ring) canPost() bool { return r.features&featRegRegRing != 0 }

// post is Submit of a post.
func (p *IOUring) post(op *Operation, r *Request) error {
	if !p.canPost {
		return fmt.Errorf("proactors: io_uring: post: %w: it needs Linux 6.3", errors.ErrUnsupported)
	}
	e := p.ring.entry()
	if e == nil {
		var err error
		if e, _, err = p.ring.makeRoom(); err != nil {
			return err
		}
	}
	b := r.Bufs[0]
	e.opcode, e.flags, e.fd = opSend, sqeCQESkipSuccess, int32(r.FD)
	e.addr, e.len = uint64(uintptr(unsafe.Pointer(unsafe.SliceData(b)))), uint32(len(b))
	if len(r.Addr) > 0 {
		e.off, e.addrLen = uint64(uintptr(unsafe.Pointer(unsafe.SliceData(r.Addr)))), uint16(len(r.Addr))
	}
	e.opFlags = unix.MSG_NOSIGNAL | unix.MSG_DONTWAIT | unix.MSG_WAITALL
	e.userData = uint64(len(p.posts))<<32 | postSlot
	p.posts = append(p.posts, posted{op, unsafe.Pointer(unsafe.SliceData(b)), unsafe.Pointer(unsafe.SliceData(r.Addr))})
	return nil
}

// unposted tells of a post that has not sent everything.
func (p *IOUring) unposted(c *cqe) {
	i := uint32(c.userData >> 32)
	if i >= uint32(len(p.posts)) {
		return
	}
	done := Completion{Op: p.posts[i].op, N: c.res}
	if e := syscall.Errno(-c.res); c.res >= 0 || e == unix.EAGAIN || e == unix.EINTR {
		done.N, done.Flags = max(c.res, 0), Short
	}
	p.done = append(p.done, done)
}

// settled forgets the posts, if the kernel has taken all of them and told of those that
// failed.
func (p *IOUring) settled() bool {
	r := p.ring
	if r.queued() > 0 || atomic.LoadUint32(r.sqFlags)&sqCQOverflow != 0 {
		return false
	}
	clear(p.posts)
	p.posts = p.posts[:0]
	return true
}
