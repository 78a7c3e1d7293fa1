package proactors

import (
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// buffers are the memory that the kernel receives into, and the ring in which it
// finds them.
//
// There are two ways. If the kernel consumes incrementally (Linux 6.12) a buffer
// is large and takes one message after the other until it is full; else
// each message, however small, takes a buffer, of 16 KiB: smaller ones cost
// more on large messages than they save on small ones. A few buffers are in use
// at first, which stay in the processor's cache; when they run out twice as many
// are, up to all of the memory that is reserved (and not used until then). When all have
// been filled once, and no more than a quarter of them were full at any time meanwhile, those
// that are given back beyond twice as many leave the ring, and their memory goes back to the
// system: a burst's does with as many bytes received as the burst took memory, twice. (One that
// is in the ring is the kernel's: nobody can tell whether it has just been written to.)
type buffers struct {
	mem, ringMem []byte
	ring         []buf
	state        []bufState
	shift        uint // log2 of a buffer's size
	inc          bool
	total        int      // buffers in use
	out          int      // of them, full ones that are lent: not in the ring
	made         int      // buffers that have ever been in use,
	retired      []uint16 // and those of them that are not now
	first        int      // as many are always in use
	filled       int      // full ones given back since the last look,
	peak         int      // and how many were out at once
	surplus      int      // to be retired
	tail         uint16
}

type bufState struct {
	off  uint32 // where the next message goes
	refs uint32 // messages that are lent
	full bool   // the kernel is done with it
}

const (
	poolSize   = 16 << 20
	incShift   = 16
	plainShift = 14
	incFirst   = 4
	plainFirst = 16
	bufGroup   = 0
)

// openBuffers gives the ring its buffers, consumed incrementally if the kernel can and
// the caller wants.
func openBuffers(ringFD int, incremental bool) (*buffers, error) {
	b := &buffers{shift: incShift, inc: incremental}
	err := errors.ErrUnsupported
	if incremental {
		err = b.register(ringFD)
	}
	if err != nil {
		b = &buffers{shift: plainShift}
		err = b.register(ringFD)
	}
	if err != nil {
		return nil, err
	}
	const prot, flags = unix.PROT_READ | unix.PROT_WRITE, unix.MAP_PRIVATE | unix.MAP_ANONYMOUS | unix.MAP_NORESERVE
	if b.mem, err = unix.Mmap(-1, 0, poolSize, prot, flags); err != nil {
		return nil, fmt.Errorf("proactors: io_uring: %w", os.NewSyscallError("mmap", err))
	}
	b.state = make([]bufState, len(b.ring))
	b.first = plainFirst
	if b.inc {
		b.first = incFirst
	}
	b.grow(b.first)
	return b, nil
}

func (b *buffers) register(ringFD int) error {
	n := poolSize >> b.shift
	const prot, flags = unix.PROT_READ | unix.PROT_WRITE, unix.MAP_PRIVATE | unix.MAP_ANONYMOUS
	mem, err := unix.Mmap(-1, 0, n*int(unsafe.Sizeof(buf{})), prot, flags)
	if err != nil {
		return fmt.Errorf("proactors: io_uring: %w", os.NewSyscallError("mmap", err))
	}
	reg := bufReg{ringAddr: uint64(uintptr(unsafe.Pointer(&mem[0]))), ringEntries: uint32(n), bgid: bufGroup}
	if b.inc {
		reg.flags = pbufRingInc
	}
	if e := ioUringRegister(ringFD, registerPbufRing, unsafe.Pointer(&reg), 1); e != 0 {
		_ = unix.Munmap(mem)
		return refused("io_uring_register", e)
	}
	b.ringMem = mem
	b.ring = unsafe.Slice((*buf)(unsafe.Pointer(&mem[0])), n)
	return nil
}

// grow takes up to n more buffers into use and reports whether there were any.
func (b *buffers) grow(n int) bool {
	n = min(n, len(b.ring)-b.total)
	b.filled, b.peak, b.surplus = 0, 0, 0
	for range n {
		bid := b.made
		if k := len(b.retired); k > 0 {
			bid = int(b.retired[k-1])
			b.retired = b.retired[:k-1]
		} else {
			b.made++
		}
		b.put(bid)
		b.total++
	}
	if n > 0 {
		publish(b.ring, b.tail)
	}
	return n > 0
}

// put hands a buffer to the kernel, which sees it with the next publish.
func (b *buffers) put(bid int) {
	b.state[bid] = bufState{}
	e := &b.ring[int(b.tail)&(len(b.ring)-1)]
	e.addr = uint64(uintptr(unsafe.Pointer(&b.mem[bid<<b.shift])))
	e.len = 1 << b.shift
	e.bid = uint16(bid) // never e.tail: in the first entry it is the ring's
	b.tail++
}

// publish stores the tail of a ring of buffers. There are no atomic stores of 16 bits: it goes with the
// buffer's number beside it, which nobody changes meanwhile.
func publish(ring []buf, tail uint16) {
	word := (*uint32)(unsafe.Pointer(&ring[0].bid))
	atomic.StoreUint32(word, tailWord(ring[0].bid, tail))
}

// take notes that a message of n bytes lies in the buffer and returns where.
func (b *buffers) take(bid int, n int32, more bool) (pos uint32) {
	s := &b.state[bid]
	pos = uint32(bid)<<(b.shift&31) + s.off // the mask spares the compiler a test
	s.refs++
	s.off += uint32(n)
	if !more { // as always where a buffer takes one message
		s.full = true
		if b.out++; b.out > b.peak {
			b.peak = b.out
		}
	}
	return pos
}

// drop notes that a message is lent no more, and reports whether renew is to follow.
func (b *buffers) drop(pos uint32) bool {
	s := &b.state[pos>>(b.shift&31)]
	s.refs--
	return s.refs == 0 && s.full
}

// release is drop, and renew where that follows.
func (b *buffers) release(pos uint32) {
	if b.drop(pos) {
		b.renew(pos)
	}
}

// renew hands a full buffer, of which nothing is lent any more, to the kernel, unless there
// are too many.
func (b *buffers) renew(pos uint32) {
	bid := int(pos >> b.shift)
	b.out--
	if b.filled++; b.filled >= b.total {
		b.surplus = 0
		if enough := max(2*b.peak, b.first); b.peak <= b.total/4 {
			b.surplus = max(b.total-enough, 0)
		}
		b.filled, b.peak = 0, 0
	}
	if b.surplus > 0 {
		b.retire(bid)
		return
	}
	b.put(bid)
	publish(b.ring, b.tail)
}

// retire keeps a buffer from the kernel, and gives its memory back to the system.
func (b *buffers) retire(bid int) {
	b.surplus--
	b.total--
	b.retired = append(b.retired, uint16(bid))
	// The address stays reserved. An error means that the memory stays, too.
	_ = unix.Madvise(b.mem[bid<<b.shift:(bid+1)<<b.shift], unix.MADV_DONTNEED)
}

// some reports whether the kernel has a buffer, as far as can be known here.
func (b *buffers) some() bool { return b.out < b.total }

func (b *buffers) close() {
	_ = unix.Munmap(b.ringMem)
	_ = unix.Munmap(b.mem)
	b.mem, b.ringMem, b.ring = nil, nil, nil
}
