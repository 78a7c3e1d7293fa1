package sock

import (
	"sync"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"
)

// What x/sys/windows does not have, or has in a form that reads a leading '@'
// in a path as an abstract name, is called in ws2_32 directly.
var (
	ws2         = windows.NewLazySystemDLL("ws2_32.dll")
	procAccept  = ws2.NewProc("accept")
	procBind    = ws2.NewProc("bind")
	procConnect = ws2.NewProc("connect")
	procName    = ws2.NewProc("getsockname")
	procPeer    = ws2.NewProc("getpeername")
	procRecv    = ws2.NewProc("WSARecv")
	procSend    = ws2.NewProc("WSASend")

	procRecvFrom = ws2.NewProc("WSARecvFrom")
)

// startup has Winsock started before the first socket is made. It is never
// cleaned up: the process's end does that.
var startup = sync.OnceValue(func() error {
	var data windows.WSAData
	return windows.WSAStartup(0x0202, &data)
})

// Vec is what one Writev needs: owned by the caller, used for one call at a
// time, and reused. Its zero value is ready.
type Vec struct {
	bufs [maxVec]windows.WSABuf
}

// maxLen keeps a length inside what Winsock and a signed count can express.
const maxLen = 1 << 30

func wsabuf(p []byte) windows.WSABuf {
	return windows.WSABuf{Len: uint32(min(len(p), maxLen)), Buf: unsafe.SliceData(p)}
}

// failed is the error of a call in ws2_32 that returns -1 if it fails. Such calls
// go by SyscallN, which allocates nothing as LazyProc.Call does.
func failed(r uintptr, errno syscall.Errno) error {
	switch {
	case int32(r) != -1:
		return nil
	case errno == windows.WSAEWOULDBLOCK:
		return errWouldBlock
	}
	return errno
}

// errWouldBlock is made once: it is what many a read and each burst of accepts ends
// with.
var errWouldBlock error = windows.WSAEWOULDBLOCK

// Read reads what is there, up to len(p) bytes: 0 and no error at the end of
// the stream (and if p is empty).
func Read(fd uintptr, p []byte) (int, error) {
	buf := wsabuf(p)
	var n, flags uint32
	r, _, errno := syscall.SyscallN(procRecv.Addr(), fd, uintptr(unsafe.Pointer(&buf)), 1,
		uintptr(unsafe.Pointer(&n)), uintptr(unsafe.Pointer(&flags)), 0, 0)
	err := failed(r, errno)
	if err == windows.WSAEMSGSIZE {
		return len(p), nil // a datagram that was longer: as on every other system
	}
	if err != nil {
		return 0, err
	}
	return int(n), nil
}

// Write writes as much of p as the system takes now.
func Write(fd uintptr, p []byte) (int, error) {
	buf := wsabuf(p)
	return send(fd, &buf, 1)
}

// Writev writes as much of bufs, one after the other, as the system takes now,
// in one call; at most the first 64 of them that are not empty.
func Writev(fd uintptr, bufs [][]byte, v *Vec) (int, error) {
	cnt := 0
	for _, b := range bufs {
		if len(b) == 0 {
			continue
		}
		if cnt == maxVec {
			break
		}
		v.bufs[cnt] = wsabuf(b)
		cnt++
		if len(b) > maxLen {
			break // it goes out in part, so nothing may follow it
		}
	}
	// The scratch outlives the call; the memory that it points to must not.
	defer clear(v.bufs[:cnt])
	return send(fd, &v.bufs[0], cnt)
}

func send(fd uintptr, bufs *windows.WSABuf, cnt int) (int, error) {
	var n uint32
	if cnt == 0 {
		return 0, nil // Winsock refuses to send no buffers at all
	}
	r, _, errno := syscall.SyscallN(procSend.Addr(), fd, uintptr(unsafe.Pointer(bufs)), uintptr(cnt),
		uintptr(unsafe.Pointer(&n)), 0, 0, 0)
	if err := failed(r, errno); err != nil {
		return 0, err
	}
	return int(n), nil
}

// RecvFrom receives one datagram into p, what does not fit being lost, and
// stores the sender's address in from unless from is nil.
func RecvFrom(fd uintptr, p []byte, from *Addr) (int, error) {
	var a Arrived
	if err := Receive(fd, p, &a); err != nil {
		return 0, err
	}
	if from != nil {
		*from = a.From
	}
	return len(a.Data), nil
}

// Receive receives one datagram into room.
func Receive(fd uintptr, room []byte, a *Arrived) error {
	buf := wsabuf(room)
	var raw RawAddr
	var n, flags uint32
	size := int32(len(raw.B))
	r, _, errno := syscall.SyscallN(procRecvFrom.Addr(), fd, uintptr(unsafe.Pointer(&buf)), 1,
		uintptr(unsafe.Pointer(&n)), uintptr(unsafe.Pointer(&flags)),
		uintptr(unsafe.Pointer(&raw)), uintptr(unsafe.Pointer(&size)), 0, 0)
	err := failed(r, errno)
	truncated := err == windows.WSAEMSGSIZE
	if truncated {
		n, err = uint32(len(room)), nil
	}
	if err != nil {
		return err
	}
	*a = Arrived{Data: room[:n:n], From: Decode(raw.B[:max(0, min(int(size), len(raw.B)))]), Truncated: truncated}
	return nil
}

// SendTo sends p as one datagram to an address of the socket's own family
// (Addr.In); the zero Addr is the address that the socket is connected to.
func SendTo(fd uintptr, p []byte, to Addr) (int, error) {
	buf := wsabuf(p)
	var raw RawAddr
	size := to.Encode(&raw)
	if size == 0 {
		return send(fd, &buf, 1)
	}
	var n uint32
	err := windows.WSASendTo(windows.Handle(fd), &buf, 1, &n, 0,
		(*windows.RawSockaddrAny)(unsafe.Pointer(&raw)), int32(size), nil, nil)
	if err != nil {
		return 0, err
	}
	return int(n), nil
}

// AcceptFrom is Accept that also stores the peer's address in from, which may
// be nil; that saves the call of PeerName.
func AcceptFrom(fd uintptr, from *Addr) (uintptr, error) {
	var raw RawAddr
	size := int32(len(raw.B))
	// A socket that accept makes can be inherited until it is told otherwise.
	syscall.ForkLock.RLock()
	n, _, errno := syscall.SyscallN(procAccept.Addr(), fd, uintptr(unsafe.Pointer(&raw)), uintptr(unsafe.Pointer(&size)))
	var err error
	if n != Invalid {
		err = windows.SetHandleInformation(windows.Handle(n), windows.HANDLE_FLAG_INHERIT, 0)
	}
	syscall.ForkLock.RUnlock()
	if n == Invalid {
		if errno == windows.WSAENOTCONN { // Wine says so of a connection that was reset while it waited
			errno = windows.WSAECONNABORTED
		}
		return Invalid, failed(n, errno)
	}
	if err == nil {
		err = SetNonblock(n, true)
	}
	if err != nil {
		Close(n)
		return Invalid, err
	}
	if from != nil {
		*from = Decode(raw.B[:max(0, min(int(size), len(raw.B)))])
	}
	return n, nil
}

// Open makes a socket: non-blocking, not inherited by child processes, fit for
// a completion port.
func Open(family Family, typ Type) (uintptr, error) {
	fd, err := openBlocking(family, typ)
	if err != nil {
		return Invalid, err
	}
	if err := SetNonblock(fd, true); err != nil {
		Close(fd)
		return Invalid, err
	}
	if typ == Datagram {
		// An answer "port unreachable" to one datagram would otherwise come out of
		// the next receive, though the socket talks to others too.
		setReports(fd, false)
	}
	return fd, nil
}

func openBlocking(family Family, typ Type) (uintptr, error) {
	if err := startup(); err != nil {
		return Invalid, err
	}
	fd, err := windows.WSASocket(int32(sysFamily(family)), int32(sysType(typ)), 0, nil, 0,
		windows.WSA_FLAG_OVERLAPPED|windows.WSA_FLAG_NO_HANDLE_INHERIT)
	if err != nil {
		return Invalid, err
	}
	return uintptr(fd), nil
}

// setReports sets whether a datagram socket reports what came back for
// datagrams that it sent. Where the system has no such switch, nothing is lost.
func setReports(fd uintptr, on bool) {
	v := uint32(btoi(on))
	var n uint32
	for _, code := range []uint32{windows.SIO_UDP_CONNRESET, windows.SIO_UDP_NETRESET} {
		_ = windows.WSAIoctl(windows.Handle(fd), code, (*byte)(unsafe.Pointer(&v)), 4, nil, 0, &n, nil, 0)
	}
}

// Bind gives a socket its own address.
func Bind(fd uintptr, a Addr) error {
	var raw RawAddr
	size := a.Encode(&raw)
	r, _, errno := syscall.SyscallN(procBind.Addr(), fd, uintptr(unsafe.Pointer(&raw)), uintptr(size))
	return failed(r, errno)
}

// Connect begins to connect, or connects at once. While the connection is
// being made it returns an error for which InProgress holds: wait until the
// socket is writable or has failed and ask ConnectError.
func Connect(fd uintptr, a Addr) error {
	err := connect(fd, a)
	if err == windows.WSAEWOULDBLOCK {
		return windows.WSAEINPROGRESS // what it means here, and told apart from "call again"
	}
	if err == nil {
		if t, _ := TypeOf(fd); t == Datagram {
			setReports(fd, true) // now they can only come from the one peer
		}
	}
	return err
}

func connect(fd uintptr, a Addr) error {
	var raw RawAddr
	size := a.Encode(&raw)
	r, _, errno := syscall.SyscallN(procConnect.Addr(), fd, uintptr(unsafe.Pointer(&raw)), uintptr(size))
	return failed(r, errno)
}

// SockName returns a socket's own address; before it has one, the family's
// wildcard.
func SockName(fd uintptr) (Addr, error) {
	a, err := name(procName, fd)
	if err == windows.WSAEINVAL {
		f, err := FamilyOf(fd)
		return Addr{family: f}, err
	}
	return a, err
}

// Named is SockName of a socket that is to receive datagrams, which must have a name for
// that: it is given one of the system's choice, as sending would.
func Named(fd uintptr) (Addr, error) {
	a, err := name(procName, fd)
	if err != windows.WSAEINVAL {
		return a, err
	}
	f, err := FamilyOf(fd)
	if err == nil {
		err = Bind(fd, Addr{family: f})
	}
	if err != nil {
		return Addr{}, err
	}
	return name(procName, fd)
}

// PeerName returns the address that a socket is connected to.
func PeerName(fd uintptr) (Addr, error) { return name(procPeer, fd) }

func name(proc *windows.LazyProc, fd uintptr) (Addr, error) {
	var raw RawAddr
	size := int32(len(raw.B))
	r, _, errno := syscall.SyscallN(proc.Addr(), fd, uintptr(unsafe.Pointer(&raw)), uintptr(unsafe.Pointer(&size)))
	if err := failed(r, errno); err != nil {
		return Addr{}, err
	}
	return Decode(raw.B[:max(0, min(int(size), len(raw.B)))]), nil
}

// Pair returns two stream sockets that are connected to each other, both
// non-blocking and not inherited: a TCP connection over the loopback device,
// since Windows has no socketpair.
func Pair() (a, b uintptr, err error) {
	ln, err := openBlocking(Inet4, Stream)
	if err != nil {
		return Invalid, Invalid, err
	}
	defer Close(ln)
	if a, err = openBlocking(Inet4, Stream); err != nil {
		return Invalid, Invalid, err
	}
	if b, err = connectPair(ln, a); err != nil {
		Close(a)
		return Invalid, Invalid, err
	}
	for _, fd := range []uintptr{a, b} {
		if err = SetNonblock(fd, true); err == nil {
			err = SetNoDelay(fd, true)
		}
		if err != nil {
			Close(a)
			Close(b)
			return Invalid, Invalid, err
		}
	}
	return a, b, nil
}

// connectPair connects a to ln and returns the other end. Anyone on the machine
// can connect to ln; who is not a is sent away.
func connectPair(ln, a uintptr) (uintptr, error) {
	if err := SetExclusiveAddr(ln); err != nil {
		return Invalid, err
	}
	if err := Bind(ln, Addr{family: Inet4, ip: [16]byte{127, 0, 0, 1}}); err != nil {
		return Invalid, err
	}
	if err := Listen(ln, 8); err != nil {
		return Invalid, err
	}
	to, err := SockName(ln)
	if err != nil {
		return Invalid, err
	}
	if err := connect(a, to); err != nil {
		return Invalid, err
	}
	mine, err := SockName(a)
	if err != nil {
		return Invalid, err
	}
	for {
		var peer Addr
		b, err := AcceptFrom(ln, &peer)
		if err != nil || peer == mine {
			return b, err
		}
		Close(b)
	}
}
