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

// These are no slots: they say that the number beside is a post's, or that of one of PostAll.
const (
	postSlot  = math.MaxUint32
	batchSlot = math.MaxUint32 - 1
)

// canPost: kernels before 6.1 forget, of a send that they give up after a part of it,
// that a part went. What came later tells.
func (r *ring) canPost() bool { return r.features&featRegRegRing != 0 }

// post is Submit of a post.
func (p *IOUring) post(op *Operation, r *Request) error {
	if !p.canPost {
		return errNoPost()
	}
	e := p.ring.entry()
	if e == nil {
		var err error
		if e, _, err = p.ring.makeRoom(); err != nil {
			return err
		}
	}
	b := r.Bufs[0]
	e.post(r.FD, b, uint64(len(p.posts))<<32|postSlot)
	if len(r.Addr) > 0 {
		e.off, e.addrLen = uint64(uintptr(unsafe.Pointer(unsafe.SliceData(r.Addr)))), uint16(len(r.Addr))
	}
	p.posts = append(p.posts, posted{op, unsafe.Pointer(unsafe.SliceData(b)), unsafe.Pointer(unsafe.SliceData(r.Addr))})
	return nil
}

// postFlags: see the head of this file.
const postFlags = unix.MSG_NOSIGNAL | unix.MSG_DONTWAIT | unix.MSG_WAITALL

func errNoPost() error {
	return fmt.Errorf("proactors: io_uring: post: %w: it needs Linux 6.3", errors.ErrUnsupported)
}

// post makes the entry, which is zero, one of a post.
func (e *sqe) post(fd uintptr, b []byte, userData uint64) {
	e.opcode, e.flags, e.fd = opSend, sqeCQESkipSuccess, int32(fd)
	e.addr, e.len = uint64(uintptr(unsafe.Pointer(unsafe.SliceData(b)))), uint32(len(b))
	e.opFlags = postFlags
	e.userData = userData
}

// PostAll implements Poster.
func (p *IOUring) PostAll(mem []byte, posts []Post, from int) (int, error) {
	switch {
	case p.closed:
		return 0, ErrClosed
	case !p.canPost:
		return 0, errNoPost()
	}
	p.batch, p.batchMem = posts, mem
	r, base := p.ring, uint64(uintptr(unsafe.Pointer(unsafe.SliceData(mem))))
	for i := r.post(base, posts, from); i < len(posts); i = r.post(base, posts, i+1) {
		e, _, err := r.makeRoom()
		if err != nil {
			return i - from, err
		}
		w := &posts[i]
		e.post(uintptr(w.FD), mem[w.Begin:w.End], uint64(i)<<32|batchSlot)
	}
	return len(posts) - from, nil
}

// post fills entries with posts from one on, as long as there are some of both, and returns
// which is the next. It is a function of its own, so that the loop has the registers.
//
//go:noinline
func (r *ring) post(base uint64, posts []Post, from int) int {
	room, tail, sqes := r.sqSize-r.queued(), r.tail, r.sqes
	for i := from; i < len(posts); i++ {
		w := &posts[i]
		n := w.End - w.Begin
		if n == 0 {
			continue
		}
		if room == 0 {
			r.tail = tail
			return i
		}
		room--
		e := &sqes[tail&r.sqMask]
		tail++
		*e = sqe{}
		e.opcode, e.flags, e.fd = opSend, sqeCQESkipSuccess, w.FD
		e.addr, e.len, e.opFlags = base+uint64(w.Begin), uint32(n), postFlags
		e.userData = uint64(i)<<32 | batchSlot
	}
	r.tail = tail
	return len(posts)
}

// unposted tells of a post that has not sent everything.
func (p *IOUring) unposted(c *cqe) {
	i, op := uint32(c.userData>>32), (*Operation)(nil)
	switch {
	case uint32(c.userData) == batchSlot && i < uint32(len(p.batch)):
		op = p.batch[i].Op
	case uint32(c.userData) == postSlot && i < uint32(len(p.posts)):
		op = p.posts[i].op
	default:
		return
	}
	done := Completion{Op: op, N: c.res}
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
	p.batch, p.batchMem = nil, nil
	return true
}
