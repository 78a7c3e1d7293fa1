package proactors

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// What is here is linux/io_uring.h, as much of it as is used. See
// io_uring_setup(2), io_uring_enter(2), io_uring_register(2).

type sqe struct {
	opcode   uint8
	flags    uint8
	ioprio   uint16
	fd       int32
	off      uint64
	addr     uint64
	len      uint32
	opFlags  uint32
	userData uint64
	bufGroup uint16
	_        uint16
	addrLen  uint16
	_        uint16
	_        [2]uint64
}

type cqe struct {
	userData uint64
	res      int32
	flags    uint32
}

const (
	opNop         = 0
	opPollAdd     = 6
	opSendmsg     = 9
	opRecvmsg     = 10
	opAccept      = 13
	opAsyncCancel = 14
	opConnect     = 16
	opSend        = 26
	opRecv        = 27
	opSendZC      = 47 // came with multishot receives

	sqeBufferSelect   = 1 << 5
	sqeCQESkipSuccess = 1 << 6

	recvMultishot = 1 << 1

	cqeBuffer      = 1 << 0
	cqeMore        = 1 << 1
	cqeBufMore     = 1 << 4
	cqeBufferShift = 16

	setupCQSize       = 1 << 3
	setupClamp        = 1 << 4
	setupDisabled     = 1 << 6
	setupSubmitAll    = 1 << 7
	setupCoopTaskrun  = 1 << 8
	setupTaskrunFlag  = 1 << 9
	setupSingleIssuer = 1 << 12
	setupDeferTaskrun = 1 << 13

	featSingleMmap = 1 << 0
	featNoDrop     = 1 << 1
	featFastPoll   = 1 << 5
	featExtArg     = 1 << 8
	featCQESkip    = 1 << 11
	featRegRegRing = 1 << 13

	sqCQOverflow = 1 << 1
	sqTaskrun    = 1 << 2

	enterGetEvents = 1 << 0
	enterExtArg    = 1 << 3

	offSQRing = 0
	offSQEs   = 0x10000000

	registerProbe    = 8
	registerEnable   = 12
	registerPbufRing = 22

	pbufRingInc = 2
)

type sqOffsets struct {
	head, tail, mask, entries, flags, dropped, array, _ uint32
	_                                                   uint64
}

type cqOffsets struct {
	head, tail, mask, entries, overflow, cqes, flags, _ uint32
	_                                                   uint64
}

type params struct {
	sqEntries, cqEntries, flags, sqThreadCPU, sqThreadIdle, features, wqFD uint32
	_                                                                      [3]uint32
	sq                                                                     sqOffsets
	cq                                                                     cqOffsets
}

type probe struct {
	lastOp, opsLen uint8
	_              uint16
	_              [3]uint32
	ops            [256]struct {
		op, _ uint8
		flags uint16
		_     uint32
	}
}

type bufReg struct {
	ringAddr    uint64
	ringEntries uint32
	bgid        uint16
	flags       uint16
	_           [3]uint64
}

// buf is an entry of a ring of provided buffers. The ring's tail lies in the last
// two bytes of the first entry.
type buf struct {
	addr uint64
	len  uint32
	bid  uint16
	tail uint16
}

type timespec struct{ sec, nsec int64 }

type getEventsArg struct {
	sigmask, _ uint64 // its size and padding: none
	ts         uint64
}

func ioUringSetup(entries uint32, p *params) (int, syscall.Errno) {
	fd, _, e := unix.RawSyscall(unix.SYS_IO_URING_SETUP, uintptr(entries), uintptr(unsafe.Pointer(p)), 0)
	return int(fd), e
}

func ioUringRegister(fd int, op uintptr, arg unsafe.Pointer, n uintptr) syscall.Errno {
	_, _, e := unix.RawSyscall6(unix.SYS_IO_URING_REGISTER, uintptr(fd), op, uintptr(arg), n, 0, 0)
	return e
}
