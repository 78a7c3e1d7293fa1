package wake

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"unsafe"

	"golang.org/x/sys/windows"
)

// pair is two UDP sockets on the loopback address, connected to each other, so
// that neither takes a datagram from anyone else.
type pair struct {
	sockets [2]windows.Handle // read from the first, write to the second
	out     message           // for signal
	in      message           // for drain
}

// message holds what a call points to, which would be allocated otherwise.
type message struct {
	data     [8]byte
	buf      windows.WSABuf
	n, flags uint32
}

// fionbio is FIONBIO of winsock2.h: sets a socket non-blocking.
const fionbio = 0x8004667e

// startup asks for Winsock 2.2. Calls are counted by the system, so that this one
// and the one of package net do not disturb each other.
var startup = sync.OnceValue(func() error {
	var data windows.WSAData
	return os.NewSyscallError("wsastartup", windows.WSAStartup(0x202, &data))
})

func (p *pair) open() error {
	if err := startup(); err != nil {
		return err
	}
	p.sockets = [2]windows.Handle{windows.InvalidHandle, windows.InvalidHandle}
	var addrs [2]windows.Sockaddr
	for i := range p.sockets {
		var err error
		if addrs[i], err = p.bind(i); err != nil {
			return errors.Join(err, p.close())
		}
	}
	for i, s := range p.sockets {
		if err := windows.Connect(s, addrs[1-i]); err != nil {
			return errors.Join(os.NewSyscallError("connect", err), p.close())
		}
	}
	// A stranger's datagram may have come in before the socket was connected.
	if err := p.drain(); err != nil {
		return errors.Join(err, p.close())
	}
	return nil
}

// bind makes socket i, non-blocking and bound to a port of its own.
func (p *pair) bind(i int) (windows.Sockaddr, error) {
	s, err := windows.WSASocket(windows.AF_INET, windows.SOCK_DGRAM, windows.IPPROTO_UDP, nil, 0,
		windows.WSA_FLAG_OVERLAPPED|windows.WSA_FLAG_NO_HANDLE_INHERIT)
	if err != nil {
		return nil, os.NewSyscallError("wsasocket", err)
	}
	p.sockets[i] = s
	on, n := uint32(1), uint32(0)
	err = windows.WSAIoctl(s, fionbio, (*byte)(unsafe.Pointer(&on)), uint32(unsafe.Sizeof(on)), nil, 0, &n, nil, 0)
	if err != nil {
		return nil, os.NewSyscallError("wsaioctl", err)
	}
	if err := windows.Bind(s, &windows.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return nil, os.NewSyscallError("bind", err)
	}
	addr, err := windows.Getsockname(s)
	if err != nil {
		return nil, os.NewSyscallError("getsockname", err)
	}
	return addr, nil
}

func (p *pair) reader() uintptr { return uintptr(p.sockets[0]) }

func (p *pair) all() []uintptr {
	return []uintptr{uintptr(p.sockets[0]), uintptr(p.sockets[1])}
}

// signal sends a datagram. If there is no room for it, others are waiting, which
// is all that is wanted.
func (p *pair) signal() error {
	m := &p.out
	m.buf = windows.WSABuf{Len: 1, Buf: &m.data[0]}
	err := windows.WSASend(p.sockets[1], &m.buf, 1, &m.n, 0, nil, nil)
	if err == nil || errors.Is(err, windows.WSAEWOULDBLOCK) {
		return nil
	}
	return os.NewSyscallError("wsasend", err)
}

// drain takes the datagrams one by one: Winsock has no call for all of them.
func (p *pair) drain() error {
	m := &p.in
	for {
		m.buf = windows.WSABuf{Len: uint32(len(m.data)), Buf: &m.data[0]}
		m.flags = 0
		err := windows.WSARecv(p.sockets[0], &m.buf, 1, &m.n, &m.flags, nil, nil)
		switch {
		case err == nil || errors.Is(err, windows.WSAEMSGSIZE):
		case errors.Is(err, windows.WSAEWOULDBLOCK):
			return nil
		default:
			return os.NewSyscallError("wsarecv", err)
		}
	}
}

func (p *pair) close() error {
	var errs []error
	for _, s := range p.sockets {
		if s == windows.InvalidHandle {
			continue
		}
		if err := windows.Closesocket(s); err != nil {
			errs = append(errs, fmt.Errorf("closesocket: %w", err))
		}
	}
	return errors.Join(errs...)
}
