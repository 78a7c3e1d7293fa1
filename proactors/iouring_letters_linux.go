package proactors

import (
	"errors"
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// letters are the memory that the kernel receives datagrams into: a ring of buffers of
// its own, each for one datagram and its sender's address, made with the first operation
// that needs it. A buffer that no datagram is long enough to reach stays untouched.
//
//	┌────────┬──────────────────┬─────────────── ─ ─
//	│ header │ sender's address │ the datagram
//	└────────┴──────────────────┴─────────────── ─ ─
//	0        16                 128
type letters struct {
	mem, ringMem []byte
	ring         []buf
	tail         uint16
	out          int          // that are lent
	hdr          *unix.Msghdr // of all operations: how much room there is for what
}

// letterHeader is the kernel's struct io_uring_recvmsg_out.
type letterHeader struct{ nameLen, controlLen, payloadLen, flags uint32 }

const (
	letterGroup   = 1
	letterCount   = 128
	letterName    = 112 // of AF_UNIX, the longest, 110
	letterPayload = int(unsafe.Sizeof(letterHeader{})) + letterName

	// letterStride is not a power of two: else all datagrams that are short lay in the
	// same few sets of the processor's caches.
	letterStride = letterPayload + DatagramSize + 5*64
)

// ownLetter marks, among a completion's own flags, the number of a letter.
const ownLetter Flags = 1 << 31

// openLetters gives the ring its buffers for datagrams.
func (p *IOUring) openLetters() error {
	l, err := openLetters(p.ring.fd)
	if err == nil {
		p.letters = l
	}
	return err
}

func openLetters(ringFD int) (*letters, error) {
	const prot, flags = unix.PROT_READ | unix.PROT_WRITE, unix.MAP_PRIVATE | unix.MAP_ANONYMOUS
	l := &letters{hdr: &unix.Msghdr{Namelen: letterName}}
	var err error
	if l.ringMem, err = unix.Mmap(-1, 0, letterCount*int(unsafe.Sizeof(buf{})), prot, flags); err != nil {
		return nil, fmt.Errorf("proactors: io_uring: %w", os.NewSyscallError("mmap", err))
	}
	if l.mem, err = unix.Mmap(-1, 0, letterCount*letterStride, prot, flags|unix.MAP_NORESERVE); err != nil {
		return nil, errors.Join(fmt.Errorf("proactors: io_uring: %w", os.NewSyscallError("mmap", err)), unix.Munmap(l.ringMem))
	}
	reg := bufReg{ringAddr: uint64(uintptr(unsafe.Pointer(&l.ringMem[0]))), ringEntries: letterCount, bgid: letterGroup}
	if e := ioUringRegister(ringFD, registerPbufRing, unsafe.Pointer(&reg), 1); e != 0 {
		l.close()
		return nil, refused("io_uring_register", e)
	}
	l.ring = unsafe.Slice((*buf)(unsafe.Pointer(&l.ringMem[0])), letterCount)
	for i := range letterCount {
		l.put(i)
	}
	publish(l.ring, l.tail)
	return l, nil
}

// put hands a buffer to the kernel, which sees it with the next publish.
func (l *letters) put(i int) {
	e := &l.ring[int(l.tail)%letterCount]
	e.addr = uint64(uintptr(unsafe.Pointer(&l.mem[i*letterStride])))
	e.len = uint32(letterPayload + DatagramSize)
	e.bid = uint16(i)
	l.tail++
}

// at is a letter's header.
func (l *letters) at(i int) *letterHeader {
	return (*letterHeader)(unsafe.Pointer(&l.mem[i*letterStride]))
}

// take makes a completion of a letter that has come.
func (l *letters) take(op *Operation, i int, res int32) Completion {
	l.out++
	flags := Lent | ownLetter | Flags(i)*OwnFlags
	if l.at(i).flags&unix.MSG_TRUNC != 0 {
		flags |= Short
	}
	return Completion{op, res - int32(letterPayload), flags}
}

// receivedLetters is received for what is received of datagrams.
func (p *IOUring) receivedLetters(head, tail uint32) uint32 {
	for ; head != tail; head++ {
		c := &p.ring.cqes[head&p.ring.cqMask]
		i := uint32(c.userData)
		if c.flags&going != going || c.res <= 0 || i >= uint32(len(p.slots)) {
			break
		}
		s := &p.slots[i]
		if s.gen != uint32(c.userData>>32) || s.kind != ReceiveFrom {
			break
		}
		s.flag |= slotFed
		done := p.letters.take(s.op, int(c.flags>>cqeBufferShift), c.res)
		done.Flags |= More
		p.done = append(p.done, done)
		p.lent++
	}
	return head
}

// memory is what a letter says.
func (l *letters) memory(c Completion) []byte {
	pos := letterOf(c.Flags)*letterStride + letterPayload
	return l.mem[pos : pos+int(c.N) : pos+int(c.N)]
}

// giveBack hands a letter that was read, or came to nothing, to the kernel.
func (l *letters) giveBack(i int) {
	l.put(i)
	publish(l.ring, l.tail)
}

// envelope is who sent a letter, and how long it was.
func (l *letters) envelope(i int) (from []byte, size int) {
	h := l.at(i)
	name := l.mem[i*letterStride:][unsafe.Sizeof(*h):letterPayload]
	return name[:min(h.nameLen, letterName)], int(h.payloadLen)
}

// some reports whether the kernel has a buffer.
func (l *letters) some() bool { return l.out < letterCount }

func (l *letters) close() {
	_ = unix.Munmap(l.ringMem)
	_ = unix.Munmap(l.mem)
}

// letterOf is the number of a letter among a completion's own flags.
func letterOf(f Flags) int { return int(f &^ ownLetter / OwnFlags) }

func (s *slot) fillReceiveFrom(e *sqe) {
	e.opcode, e.addr, e.len = opRecvmsg, uint64(uintptr(s.keep)), 1
	e.flags, e.bufGroup, e.opFlags = sqeBufferSelect, letterGroup, unix.MSG_TRUNC
	e.ioprio = recvMultishot // a single one would have the kernel write to what hdr points to
}

// Envelope implements Proactor.
func (p *IOUring) Envelope(c Completion) (from []byte, size int) {
	return p.letters.envelope(letterOf(c.Flags))
}
