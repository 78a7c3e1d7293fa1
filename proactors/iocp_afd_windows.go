package proactors

import (
	"math"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"

	"github.com/go-asyncio/asyncio/internal/sock"
)

// Readiness comes from the driver below Winsock, as select's does, which can be
// asked with an OVERLAPPED where select cannot: the way of libuv, wepoll and mio.
const (
	afdDevice   = `\Device\Afd\asyncio`
	ioctlPoll   = 0x00012024
	sioBase     = 0x48000022 // SIO_BASE_HANDLE of mswsock.h
	pollReceive = 0x001
	pollSend    = 0x004
	pollEnd     = 0x008 // the peer sends no more
	pollAbort   = 0x010
	pollClosed  = 0x020 // by its user
	pollAccept  = 0x080
	pollRefused = 0x100
	pollFailed  = pollAbort | pollClosed | pollRefused
)

// afdPoll is AFD_POLL_INFO for one socket.
type afdPoll struct {
	timeout   int64
	count     uint32
	exclusive uint32
	handle    windows.Handle
	events    uint32
	status    windows.NTStatus
}

// openAFD opens the driver for polling and binds it to the port.
func openAFD(port windows.Handle) (windows.Handle, error) {
	name, err := windows.NewNTUnicodeString(afdDevice)
	if err != nil {
		return 0, err
	}
	attributes := windows.OBJECT_ATTRIBUTES{ObjectName: name}
	attributes.Length = uint32(unsafe.Sizeof(attributes))
	var h windows.Handle
	var iosb windows.IO_STATUS_BLOCK
	err = windows.NtCreateFile(&h, windows.SYNCHRONIZE, &attributes, &iosb, nil, 0,
		windows.FILE_SHARE_READ|windows.FILE_SHARE_WRITE, windows.FILE_OPEN, 0, 0, 0)
	if err != nil {
		return 0, err
	}
	if _, err := windows.CreateIoCompletionPort(h, port, 0, 0); err != nil {
		_ = windows.CloseHandle(h)
		return 0, err
	}
	return h, nil
}

// baseSocket is the socket that the driver knows, which is another one if a
// provider of somebody's is layered above the system's. An error: it is no socket.
func baseSocket(fd uintptr) (windows.Handle, error) {
	var base windows.Handle
	var n uint32
	err := windows.WSAIoctl(windows.Handle(fd), sioBase, nil, 0, (*byte)(unsafe.Pointer(&base)),
		uint32(unsafe.Sizeof(base)), &n, nil, 0)
	if err == nil {
		return base, nil
	}
	return windows.Handle(fd), sock.Pollable(fd)
}

// startPoll has the driver poll the record's socket. The packet comes always, also
// if the socket is ready now.
func (p *iocp) startPoll(r *record, base windows.Handle) {
	r.poll = afdPoll{timeout: math.MaxInt64, count: 1, handle: base}
	if r.wants()&Readable != 0 {
		r.poll.events = pollReceive | pollAccept | pollEnd | pollFailed
	}
	if r.wants()&Writable != 0 {
		r.poll.events |= pollSend | pollFailed
	}
	size := unsafe.Sizeof(r.poll)
	status, _, _ := syscall.SyscallN(procDevice.Addr(), uintptr(p.afd), 0, 0,
		uintptr(unsafe.Pointer(r)), uintptr(unsafe.Pointer(r)), ioctlPoll, uintptr(unsafe.Pointer(&r.poll)), size, uintptr(unsafe.Pointer(&r.poll)), size)
	if s := windows.NTStatus(status); s != 0 && s != windows.STATUS_PENDING {
		p.failed(r, s.Errno())
		return
	}
	p.given(r)
}

// wants are the directions that a record's poll is about.
func (r *record) wants() Mask {
	switch r.kind {
	case Poll:
		return r.mask
	case Send, SendTo, Connect:
		return Writable
	}
	return Readable
}

// polled is what a poll has found.
func (r *record) polled() Mask {
	var m Mask
	if r.poll.events&(pollReceive|pollAccept|pollEnd) != 0 {
		m |= Readable
	}
	if r.poll.events&pollSend != 0 {
		m |= Writable
	}
	if r.poll.events&pollFailed != 0 {
		m = Readable | Writable
	}
	if r.poll.count == 0 {
		return 0
	}
	return m & r.wants()
}

// ready goes on with a record whose socket is ready.
func (p *iocp) ready(r *record) {
	m := r.polled()
	switch {
	case m == 0: // spurious
		p.again(r)
	case r.kind == Poll:
		p.tell(r, int32(m), 0)
	default:
		p.try(r)
	}
}

// try does on a socket that belongs to another port what can be done without
// waiting, and polls if that is nothing; of a unix socket it asks how its connection
// went.
func (p *iocp) try(r *record) {
	var n int
	var err error
	switch r.kind {
	case Accept:
		var fd uintptr
		var peer sock.Addr
		if fd, err = sock.AcceptFrom(r.fd, &peer); err == nil {
			r.accepted = fd
			r.putPeer(peer)
			p.connected(r)
			return
		}
		if sock.Disconnected(err) {
			p.again(r)
			return
		}
	case Receive:
		if r.own {
			p.receiveOwn(r)
			return
		}
		n, err = sock.Read(r.fd, r.bufs[0])
	case ReceiveFrom:
		p.receiveLetters(r)
		return
	case Send:
		n, err = sock.Writev(r.fd, r.bufs, &p.vec)
	case SendTo:
		var b []byte
		if len(r.bufs) > 0 {
			b = r.bufs[0]
		}
		n, err = sock.SendTo(r.fd, b, sock.Decode(r.addrs[:r.addrSize]))
	case Connect:
		err = sock.ConnectError(r.fd)
	}
	switch {
	case err == nil:
		p.tell(r, int32(n), 0)
	case sock.WouldBlock(err) || sock.InProgress(err):
		p.pollFor(r)
	default:
		p.failed(r, errnoOf(err))
	}
}

func (p *iocp) pollFor(r *record) {
	base, err := baseSocket(r.fd)
	if err != nil {
		p.failed(r, errnoOf(err))
		return
	}
	p.startPoll(r, base)
}
