package proactors

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/go-asyncio/asyncio/internal/wake"
)

// known are the proactors that are not closed. The kernel writes to their memory, and to what
// their operations have of their users', also if nobody here refers to them any more.
var known sync.Map

// forever is selectors.Forever.
const forever time.Duration = math.MaxInt64

// IOUring is the proactor over io_uring(7). Make one with NewIOUringProactor.
//
// # What the kernel holds
//
// The kernel knows an operation by its slot, of which user data has the number and a
// generation, so that what comes late for an operation can hit no other. The slot
// keeps reachable what the kernel may touch.
//
// # Submission
//
// Submit fills an entry of the submission queue; Wait makes one system call that
// hands over all of them and waits. Cancel of an operation whose entry the kernel
// has not taken yet turns the entry into nothing, for its descriptor may be
// closed, and the number be another's, when the kernel looks at it.
type IOUring struct {
	ring     *ring
	bufs     *receiveRing
	letters  *letters // nil until datagrams are received
	slots    []slot
	free     []uint32
	done     []Completion
	dry      []uint32 // slots of receives that wait for buffers
	posts    []posted
	batch    []Post // of PostAll, and
	batchMem []byte // what is sent of them
	live     int    // operations in flight, but for the one for wake-ups
	lent     int    // completions that lend memory
	dried    uint64 // how often a receive found no buffer
	spare    []*gather

	waker    *wake.Waker
	wake     func() error // of the waker, once and not with every Wake
	insister wake.Insister
	wakeOp   Operation
	wakeReq  Request
	pinned   bool
	canPost  bool
	expect   int // completions for which a brief Wait waits
	thread   waitingThread

	closing bool
	closed  bool
}

// NewIOUringProactor makes a proactor over Linux's io_uring. Where there is none,
// or a kernel before 6.0, or something forbids it, that is errors.ErrUnsupported
// with the reason. Any thread may use it.
func NewIOUringProactor() (Proactor, error) { return newIOUring(false, true) }

// NewPinnedIOUringProactor makes a proactor over Linux's io_uring for a goroutine
// that is locked to its thread: the kernel does more of its work when it is asked
// for the results (single issuer, deferred task work). See NewIOUringProactor.
func NewPinnedIOUringProactor() (Proactor, error) { return newIOUring(true, true) }

func newIOUring(pinned, incremental bool) (Proactor, error) {
	r, err := openRing(pinned)
	if err != nil {
		return nil, err
	}
	b, err := openBuffers(r.fd, incremental)
	if err != nil {
		return nil, errors.Join(err, r.close())
	}
	w, err := wake.New()
	if err != nil {
		b.close()
		return nil, errors.Join(fmt.Errorf("proactors: io_uring: %w", err), r.close())
	}
	wakeReq := Request{Kind: Poll, Mask: Readable, FD: w.FD()}
	p := &IOUring{wakeReq: wakeReq, ring: r, bufs: b, waker: w, wake: w.Wake, pinned: pinned, canPost: r.canPost(), slots: []slot{{gen: 1}}}
	known.Store(p, nil)
	return p, nil
}

// Attach implements Proactor: every descriptor is fit.
func (p *IOUring) Attach(uintptr) error {
	if p.closed {
		return ErrClosed
	}
	return nil
}

// Submit implements Proactor.
func (p *IOUring) Submit(op *Operation, r *Request) error {
	if p.closed {
		return ErrClosed
	}
	if op.Tag != 0 {
		return fmt.Errorf("proactors: submit: %w: the operation is in flight", syscall.EALREADY)
	}
	if r.Post && (r.Kind == Send || r.Kind == SendTo) {
		return p.post(op, r)
	}
	if err := p.begin(op, r); err != nil {
		return err
	}
	p.live++
	return nil
}

func (p *IOUring) begin(op *Operation, r *Request) error {
	if r.Kind == ReceiveFrom && p.letters == nil {
		if err := p.openLetters(); err != nil {
			return err
		}
	}
	i, err := p.slot(r.Kind)
	if err != nil {
		return err
	}
	if p.queues(r) {
		s := &p.slots[i]
		s.op, s.kind, s.fd, s.flag = op, r.Kind, r.FD, slotDry
		op.Tag = uint64(s.gen)<<32 | uint64(i)
		p.dry = append(p.dry, i)
		return nil
	}
	e, pos, err := p.ring.next()
	if err != nil {
		p.free = append(p.free, i)
		return err
	}
	p.thread.unseen = lookEvery
	s := &p.slots[i]
	s.op, s.kind, s.fd, s.mask, s.pos, s.flag = op, r.Kind, r.FD, r.Mask, pos, 0
	if r.Repeat {
		s.flag = slotRepeat
	}
	switch r.Kind {
	case Send:
		p.gather(s, r.Bufs)
	case Receive:
		if len(r.Bufs) > 0 {
			s.flag = slotOwn
			s.point(r.Bufs[0])
		}
	case SendTo:
		p.gatherTo(s, r)
	case ReceiveFrom:
		s.keep = unsafe.Pointer(p.letters.hdr)
	case Connect:
		s.point(r.Addr)
	case Accept:
		if len(r.Addr) > 0 {
			s.flag = slotOwn
			s.point(r.Addr)
			s.vec = p.pieces()
		}
	}
	op.Tag = uint64(s.gen)<<32 | uint64(i)
	s.fill(e)
	return nil
}

// slot finds one for a new operation. Its generation is never 0, so that no tag is.
func (p *IOUring) slot(k Kind) (uint32, error) {
	if k < Accept || k > SendTo {
		return 0, fmt.Errorf("proactors: io_uring: %w: kind %d of operation", errors.ErrUnsupported, k)
	}
	if n := len(p.free); n > 0 {
		i := p.free[n-1]
		p.free = p.free[:n-1]
		return i, nil
	}
	p.slots = append(p.slots, slot{gen: 1})
	return uint32(len(p.slots) - 1), nil
}

// end frees the slot of an operation that is over.
func (p *IOUring) end(i uint32, s *slot) {
	s.op.Tag = 0
	s.op, s.keep = nil, nil
	if g := s.vec; g != nil {
		clear(g.iov[:])
		g.msg.Name, g.msg.Namelen = nil, 0
		s.vec = nil
		if len(p.spare) < 16 {
			p.spare = append(p.spare, g)
		}
	}
	if s.gen++; s.gen == 0 {
		s.gen = 1
	}
	p.free = append(p.free, i)
}

// Cancel implements Proactor.
func (p *IOUring) Cancel(op *Operation) {
	if p.closed || op.Tag == 0 {
		return
	}
	i := uint32(op.Tag)
	s := &p.slots[i]
	if s.flag&slotGone != 0 {
		return
	}
	s.flag |= slotGone
	if s.flag&slotDry != 0 {
		return // restart finds it
	}
	if e := p.ring.unseen(s.pos); e != nil {
		tag := e.userData
		*e = sqe{opcode: opNop, fd: -1, userData: tag}
		s.flag |= slotVoid
		return
	}
	e, _, err := p.ring.next()
	if err != nil {
		return // the next Wait fails likewise, and tells
	}
	e.opcode, e.flags, e.fd, e.addr = opAsyncCancel, sqeCQESkipSuccess, -1, op.Tag
}

// Wait implements Proactor.
func (p *IOUring) Wait(timeout time.Duration) ([]Completion, error) {
	if p.closed {
		return nil, ErrClosed
	}
	p.done = p.done[:0]
	brief := timeout == BriefWait
	if brief {
		timeout = 0
	}
	if err := p.prepare(); err != nil {
		return nil, err
	}
	var end time.Time
	if timeout > 0 && timeout != forever && p.ring.empty() {
		end = time.Now().Add(timeout)
	}
	for {
		waited, err := false, error(nil)
		if brief {
			waited, err = p.enterBriefly()
			brief = false
		} else {
			err = p.ring.enter(timeout)
		}
		if err != nil {
			return nil, err
		}
		woken, err := p.reap()
		p.expectAfter(len(p.done), waited)
		if (len(p.posts) > 0 || p.batch != nil) && err == nil && !p.settled() {
			timeout = 0
			continue
		}
		if err != nil || woken || len(p.done) > 0 || timeout <= 0 {
			return p.done, err
		}
		// What came was of no interest, or a signal, or it is time.
		if timeout != forever {
			if end.IsZero() { // it was there already: no time has passed
				end = time.Now().Add(timeout)
			}
			if timeout = time.Until(end); timeout <= 0 {
				return p.done, nil
			}
		}
		if err := p.prepare(); err != nil {
			return nil, err
		}
	}
}

// prepare queues what the proactor has to do for itself.
func (p *IOUring) prepare() error {
	if p.wakeOp.Tag == 0 {
		if err := p.begin(&p.wakeOp, &p.wakeReq); err != nil {
			return err
		}
	}
	if !p.pinned {
		if err := p.followThread(); err != nil {
			return err
		}
	}
	if len(p.dry) > 0 {
		return p.restart()
	}
	return nil
}

// reap takes what the kernel has to tell.
func (p *IOUring) reap() (woken bool, err error) {
	r := p.ring
	head, tail := *r.cqHead, atomic.LoadUint32(r.cqTail)
	p.done = slices.Grow(p.done, int(tail-head))
	for {
		if head = p.received(head, tail); head == tail {
			break
		}
		if head = p.receivedLetters(head, tail); head == tail {
			break
		}
		woken = p.rare(&r.cqes[head&r.cqMask]) || woken
		head++
	}
	atomic.StoreUint32(r.cqHead, head)
	if woken {
		err = p.waker.Drain()
	}
	return woken, err
}

// received takes entries that are simply something received on a stream, as nearly all
// are, up to the first that is not. There is room for their completions.
func (p *IOUring) received(head, tail uint32) uint32 {
	n := len(p.done)
	k := p.streamPieces(p.done[n:cap(p.done)], head, tail)
	p.lent += k
	p.done = p.done[:n+k]
	return head + uint32(k)
}

// streamPieces makes completions of such entries, and returns of how many.
//
//go:noinline
func (p *IOUring) streamPieces(done []Completion, head, tail uint32) int {
	if n := tail - head; uint32(len(done)) > n {
		done = done[:n]
	}
	r, bufs := p.ring, p.bufs
	for k := range done {
		c := &r.cqes[head&r.cqMask]
		head++
		flags, res := c.flags, c.res
		if flags&going != going || res <= 0 {
			return k
		}
		i := uint(uint32(c.userData))
		if i >= uint(len(p.slots)) {
			return k
		}
		s := &p.slots[i]
		if s.gen != uint32(c.userData>>32) || s.kind == ReceiveFrom {
			return k
		}
		d := &done[k]
		d.Op, d.N = s.op, res
		d.Flags = More | Lent | Flags(bufs.take(int(flags>>cqeBufferShift), res, flags&cqeBufMore != 0))*OwnFlags
	}
	return len(done)
}

// going are the flags of an entry that has brought something and is not the last.
const going = cqeBuffer | cqeMore

// rare takes an entry that is something else, and reports whether it is of a Wake.
func (p *IOUring) rare(c *cqe) (woken bool) {
	i := uint32(c.userData)
	if i >= uint32(len(p.slots)) {
		p.unposted(c)
		return false
	}
	s := &p.slots[i]
	switch {
	case s.gen != uint32(c.userData>>32): // of a Cancel that came too late
	case s.op == &p.wakeOp:
		woken = c.res != -int32(unix.ECANCELED) // it was moved, or its thread has ended
		p.end(i, s)
	default:
		p.complete(i, s, c)
	}
	return woken
}

// complete turns an entry of the completion queue into a completion.
func (p *IOUring) complete(i uint32, s *slot, c *cqe) {
	done := Completion{Op: s.op, N: c.res}
	if p.closing && s.kind == Accept && c.res >= 0 && s.flag&slotVoid == 0 {
		_ = unix.Close(int(c.res))
	}
	if c.flags&cqeBuffer != 0 && s.kind == ReceiveFrom {
		if bid := int(c.flags >> cqeBufferShift); c.res > 0 {
			done = p.letters.take(s.op, bid, c.res)
			p.lent++
		} else {
			p.letters.giveBack(bid)
		}
	} else if c.flags&cqeBuffer != 0 {
		pos := p.bufs.take(int(c.flags>>cqeBufferShift), max(c.res, 0), c.flags&cqeBufMore != 0)
		if c.res > 0 {
			done.Flags = Lent | Flags(pos)*OwnFlags
			p.lent++
		} else {
			p.bufs.release(pos)
		}
	}
	if c.flags&cqeMore != 0 {
		done.Flags |= More
		p.done = append(p.done, done)
		return
	}
	switch {
	case s.flag&slotVoid != 0:
		done.N = -int32(unix.ECANCELED)
	case c.res == -int32(unix.ENOBUFS) && s.kind == ReceiveFrom:
		p.dryUp(i, s)
		return
	case c.res == -int32(unix.ENOBUFS) && s.kind == Receive && s.flag&slotOwn == 0:
		p.dryUp(i, s)
		if !p.bufs.some() || len(p.dry) == 1 {
			p.bufs.grow(p.bufs.total)
		}
		return
	case undone(c.res) && (s.kind != Connect || c.res != -int32(unix.EAGAIN)): // there a unix listener has no room
		if s.flag&slotGone == 0 {
			s.flag |= slotDry
			p.dry = append(p.dry, i)
			return
		}
		done.N = -int32(unix.ECANCELED)
	case s.kind == Poll && c.res > 0:
		done.N = int32(ready(uint32(c.res)) & s.mask)
	case s.kind == Accept && s.flag&slotOwn != 0:
		s.clearBeyondAddr()
	}
	p.end(i, s)
	p.live--
	p.done = append(p.done, done)
}

// undone reports whether the system has done nothing, and for no reason of the
// operation's own: a signal came, or the thread that submitted it has ended, which
// cancels (exit(2) of a thread of Go's: a goroutine ended that was locked to it).
func undone(res int32) bool {
	e := syscall.Errno(-res)
	return res < 0 && (e == unix.EINTR || e == unix.EAGAIN || e == unix.ECANCELED)
}

// Flush implements Proactor.
func (p *IOUring) Flush() error {
	if p.closed {
		return ErrClosed
	}
	if p.ring.queued() == 0 && atomic.LoadUint32(p.ring.sqFlags)&sqTaskrun == 0 {
		return nil
	}
	return p.ring.submit()
}

// Wake implements Proactor.
func (p *IOUring) Wake() {
	p.insister.Insist(p.wake)
}

// Accepted implements Proactor.
func (p *IOUring) Accepted(c Completion) uintptr { return uintptr(c.N) }

// Usage implements Meter.
func (p *IOUring) Usage() Usage {
	if p.closed {
		return Usage{}
	}
	return Usage{InFlight: p.live, Lent: p.lent, Starved: p.dried}
}

// Pinned implements Proactor.
func (p *IOUring) Pinned() bool { return p.pinned }

// Descriptors implements Proactor: those of the ring and of the waker.
func (p *IOUring) Descriptors() []uintptr {
	if p.closed {
		return nil
	}
	return append(p.waker.Descriptors(), uintptr(p.ring.fd))
}

// Name implements Proactor.
func (p *IOUring) Name() string { return "io_uring" }

// String names what of io_uring is in use.
func (p *IOUring) String() string {
	use := []string{"multishot receive"}
	if p.bufs.inc {
		use = append(use, "buffers consumed incrementally")
	} else {
		use = append(use, "provided buffers")
	}
	if p.pinned {
		use = append(use, "single issuer with deferred task work")
	} else {
		use = append(use, "cooperative task work")
	}
	return "io_uring: " + strings.Join(use, ", ")
}

// Close implements Proactor.
func (p *IOUring) Close() error {
	if p.closed {
		return nil
	}
	p.closing = true
	err := p.drain()
	p.closed = true
	known.Delete(p)
	err = errors.Join(err, p.ring.close(), p.waker.Close())
	p.bufs.close()
	if p.letters != nil {
		p.letters.close()
	}
	p.slots, p.done, p.dry, p.spare, p.free, p.posts = nil, nil, nil, nil, nil, nil
	p.batch, p.batchMem = nil, nil
	return err
}

// drain cancels what is in flight and waits for the end of it: until then the
// kernel may touch its memory.
func (p *IOUring) drain() error {
	for i := range p.slots {
		if s := &p.slots[i]; s.op != nil {
			p.Cancel(s.op)
		}
	}
	for p.live > 0 || p.wakeOp.Tag != 0 {
		p.done = p.done[:0]
		if err := p.restart(); err != nil {
			return err
		}
		if err := p.ring.enter(time.Second); err != nil {
			return err
		}
		if _, err := p.reap(); err != nil {
			return err
		}
	}
	return nil
}
