package proactors

import (
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/go-asyncio/asyncio/internal/buffers"
)

// receiveRing is the memory that the kernel receives into, and the ring in which it
// finds it.
//
// There are two ways. If the kernel consumes incrementally (Linux 6.12) a buffer
// is large and takes one message after the other until it is full; else
// each message, however small, takes a buffer, of 16 KiB: smaller ones cost
// more on large messages than they save on small ones. A few buffers are in use
// at first, which stay in the processor's cache; when they run out twice as many
// are, up to as many as the ring has room for. When all have
// been filled once, and no more than a quarter of them were full at any time meanwhile, those
// that are given back beyond twice as many leave the ring, and their memory goes to the
// collector: a burst's does with as many bytes received as the burst took memory, twice. (One that
// is in the ring is the kernel's: nobody can tell whether it has just been written to.)
//
// A buffer's memory is a block, in which parts can be kept. If there is one when the buffer is
// full and lent no more, the buffer gets another block.
type receiveRing struct {
	ringMem []byte
	blocks  *buffers.Blocks
	ring    []buf
	state   []bufState
	shift   uint   // log2 of a buffer's size
	within  uint32 // which bits of a position say where in its buffer it is
	inc     bool
	total   int      // buffers in use
	out     int      // of them, full ones that are lent: not in the ring
	made    int      // buffers that have ever been in use,
	retired []uint16 // and those of them that are not now
	first   int      // as many are always in use
	filled  int      // full ones given back since the last look,
	peak    int      // and how many were out at once
	surplus int      // to be retired
	tail    uint16
}

type bufState struct {
	block *buffers.Block
	off   uint32 // where the next message goes
	refs  uint32 // messages that are lent
	full  bool   // the kernel is done with it
}

const (
	poolSize   = 16 << 20 // at most
	incShift   = 16
	plainShift = 14
	incFirst   = 4
	plainFirst = 16
	bufGroup   = 0
)

// openBuffers gives the ring its buffers, consumed incrementally if the kernel can and
// the caller wants.
func openBuffers(ringFD int, incremental bool) (*receiveRing, error) {
	b := &receiveRing{shift: incShift, inc: incremental}
	err := errors.ErrUnsupported
	if incremental {
		err = b.register(ringFD)
	}
	if err != nil {
		b = &receiveRing{shift: plainShift}
		err = b.register(ringFD)
	}
	if err != nil {
		return nil, err
	}
	b.within = 1<<b.shift - 1
	b.blocks = buffers.NewBlocks(1 << b.shift)
	b.state = make([]bufState, len(b.ring))
	b.first = plainFirst
	if b.inc {
		b.first = incFirst
	}
	b.grow(b.first)
	return b, nil
}

func (b *receiveRing) register(ringFD int) error {
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
func (b *receiveRing) grow(n int) bool {
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
		b.state[bid].block = b.blocks.Take()
		b.put(bid)
		b.total++
	}
	if n > 0 {
		publish(b.ring, b.tail)
		b.blocks.Limit(b.total)
	}
	return n > 0
}

// put hands a buffer to the kernel, which sees it with the next publish.
func (b *receiveRing) put(bid int) {
	s := &b.state[bid]
	*s = bufState{block: s.block}
	e := &b.ring[int(b.tail)&(len(b.ring)-1)]
	e.addr = uint64(uintptr(unsafe.Pointer(&s.block.Room[0])))
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
func (b *receiveRing) take(bid int, n int32, more bool) (pos uint32) {
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
func (b *receiveRing) drop(pos uint32) bool {
	s := &b.state[pos>>(b.shift&31)]
	s.refs--
	return s.refs == 0 && s.full
}

// release is drop, and renew where that follows.
func (b *receiveRing) release(pos uint32) {
	if b.drop(pos) {
		b.renew(pos)
	}
}

// renew hands a full buffer, of which nothing is lent any more, to the kernel, unless there
// are too many.
func (b *receiveRing) renew(pos uint32) {
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
	if s := &b.state[bid]; !s.block.Leave() {
		s.block = b.blocks.Take()
	}
	b.put(bid)
	publish(b.ring, b.tail)
}

// retire keeps a buffer from the kernel, and leaves its memory to the collector.
func (b *receiveRing) retire(bid int) {
	b.surplus--
	b.total--
	b.blocks.Limit(b.total)
	b.retired = append(b.retired, uint16(bid))
	s := &b.state[bid]
	s.block.Leave()
	s.block = nil
}

// memory is where a message of n bytes lies.
func (b *receiveRing) memory(pos, n uint32) []byte {
	off := pos & b.within
	return b.state[pos>>(b.shift&31)].block.Room[off : off+n : off+n]
}

// keepFrom is the part of a buffer from which on a message is worth keeping: it has all of the
// buffer's memory stay.
const keepFrom = 8

// keep has a message of n bytes stay as it is, if it is large enough.
func (b *receiveRing) keep(pos, n uint32) (k buffers.Kept) {
	if keepFrom*n >= 1<<b.shift {
		k = b.state[pos>>b.shift].block.Keep()
	}
	return k
}

// some reports whether the kernel has a buffer, as far as can be known here.
func (b *receiveRing) some() bool { return b.out < b.total }

func (b *receiveRing) close() {
	_ = unix.Munmap(b.ringMem)
	b.ringMem, b.ring = nil, nil
}
