package sock

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// On Linux every call that cannot sleep on a non-blocking descriptor is made
// raw, past the runtime's bookkeeping; see the package's comment. The numbers
// of the socket calls exist on every architecture since Linux 4.3 (386 and
// s390x had socketcall(2) alone before).

// Vec is what one Writev needs: owned by the caller, used for one call at a
// time, and reused, so that a gathered write allocates nothing. Its zero value
// is ready.
type Vec struct {
	msg unix.Msghdr
	iov [maxVec]unix.Iovec
}

func errnoErr(e syscall.Errno) error {
	if e == 0 {
		return nil
	}
	return e // below 256: no allocation
}

// bufPtr is where a system call finds p; a slice of no length still needs a
// valid address.
func bufPtr(p []byte) unsafe.Pointer {
	if len(p) == 0 {
		return unsafe.Pointer(&zero)
	}
	return unsafe.Pointer(unsafe.SliceData(p))
}

var zero uintptr

// The calls of every message are those of package syscall, in the form of six arguments: the
// others, and those of x/sys/unix, come to the same by way of one or two stubs in assembly, whose
// arguments go over the stack; that is 40 instructions of the 60 that such a call takes.

// Read reads what is there, up to len(p) bytes: 0 and no error at the end of
// the stream (and if p is empty). It also reads pipes and terminals. See read(2).
func Read(fd uintptr, p []byte) (int, error) {
	for {
		n, _, e := syscall.RawSyscall6(unix.SYS_READ, fd, uintptr(bufPtr(p)), uintptr(len(p)), 0, 0, 0)
		if e == 0 {
			return int(n), nil
		}
		if e != syscall.EINTR {
			return 0, e
		}
	}
}

// TryRecv is one try of [Read] of a socket, by the shorter way that the system has for
// those: n > 0 is success, and everything else is for [Tried]. It is inlined. See recv(2).
func TryRecv(fd uintptr, p []byte) (n int, e syscall.Errno) {
	r, _, e := syscall.RawSyscall6(unix.SYS_RECVFROM, fd, uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)), 0, 0, 0)
	return int(r), e
}

// Tried is what Read would have returned, after a TryRecv that was no success: it was an
// end, a failure, or is tried again as what is not a socket.
func Tried(fd uintptr, p []byte, e syscall.Errno) (int, error) {
	if e == syscall.EINTR || e == syscall.ENOTSOCK {
		return Read(fd, p)
	}
	return 0, errnoErr(e)
}

// TryWrite is one try of [Write] to a socket: with an error, TriedWrite follows. It is inlined.
func TryWrite(fd uintptr, p []byte) (n int, e syscall.Errno) {
	r, _, e := syscall.RawSyscall6(unix.SYS_SENDTO, fd, uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)), unix.MSG_NOSIGNAL, 0, 0)
	return int(r), e
}

// TriedWrite is what Write would have returned, after a TryWrite that has failed.
func TriedWrite(fd uintptr, p []byte, e syscall.Errno) (int, error) {
	if e == syscall.EINTR || e == syscall.ENOTSOCK {
		return Write(fd, p)
	}
	return 0, e
}

// Write writes as much of p as the system takes now, and never raises SIGPIPE
// on a socket. It also writes to pipes and terminals, at the price of a second
// system call. See send(2).
func Write(fd uintptr, p []byte) (int, error) {
	for {
		n, _, e := syscall.RawSyscall6(unix.SYS_SENDTO, fd, uintptr(bufPtr(p)), uintptr(len(p)), unix.MSG_NOSIGNAL, 0, 0)
		switch e {
		case 0:
			return int(n), nil
		case syscall.EINTR:
		case syscall.ENOTSOCK:
			return writeFile(fd, p)
		default:
			return 0, e
		}
	}
}

func writeFile(fd uintptr, p []byte) (int, error) {
	for {
		n, _, e := syscall.RawSyscall6(unix.SYS_WRITE, fd, uintptr(bufPtr(p)), uintptr(len(p)), 0, 0, 0)
		if e == 0 {
			return int(n), nil
		}
		if e != syscall.EINTR {
			return 0, e
		}
	}
}

// Writev writes as much of bufs, one after the other, as the system takes now,
// in one call; at most the first 64 of them. It is Write otherwise.
func Writev(fd uintptr, bufs [][]byte, v *Vec) (int, error) {
	cnt := 0
	for _, b := range bufs {
		if len(b) == 0 {
			continue
		}
		if cnt == maxVec {
			break
		}
		v.iov[cnt].Base = unsafe.SliceData(b)
		v.iov[cnt].SetLen(len(b))
		cnt++
	}
	v.msg.Iov = &v.iov[0]
	v.msg.SetIovlen(cnt)
	n, e := v.send(fd, cnt)
	// The scratch outlives the call; the memory that it points to must not.
	clear(v.iov[:cnt])
	v.msg.Iov = nil
	return n, errnoErr(e)
}

func (v *Vec) send(fd uintptr, cnt int) (int, syscall.Errno) {
	for {
		n, _, e := syscall.RawSyscall6(unix.SYS_SENDMSG, fd, uintptr(unsafe.Pointer(&v.msg)), unix.MSG_NOSIGNAL, 0, 0, 0)
		if e == syscall.ENOTSOCK {
			n, _, e = unix.RawSyscall(unix.SYS_WRITEV, fd, uintptr(unsafe.Pointer(&v.iov[0])), uintptr(cnt))
		}
		if e == 0 {
			return int(n), 0
		}
		if e != syscall.EINTR {
			return 0, e
		}
	}
}

// RecvFrom receives one datagram into p, what does not fit being lost, and
// stores the sender's address in from unless from is nil. See recvfrom(2).
func RecvFrom(fd uintptr, p []byte, from *Addr) (int, error) {
	var raw RawAddr
	for {
		size := uint32(len(raw.B))
		n, _, e := syscall.RawSyscall6(unix.SYS_RECVFROM, fd, uintptr(bufPtr(p)), uintptr(len(p)), 0,
			uintptr(unsafe.Pointer(&raw)), uintptr(unsafe.Pointer(&size)))
		if e == 0 {
			if from != nil {
				*from = Decode(raw.B[:min(int(size), len(raw.B))])
			}
			return int(n), nil
		}
		if e != syscall.EINTR {
			return 0, e
		}
	}
}

// SendTo sends p as one datagram to an address of the socket's own family
// (Addr.In); the zero Addr is the address that the socket is connected to.
func SendTo(fd uintptr, p []byte, to Addr) (int, error) {
	var raw RawAddr
	size := to.Encode(&raw)
	for {
		var n uintptr
		var e syscall.Errno
		if size == 0 {
			n, _, e = syscall.RawSyscall6(unix.SYS_SENDTO, fd, uintptr(bufPtr(p)), uintptr(len(p)), unix.MSG_NOSIGNAL, 0, 0)
		} else {
			n, _, e = syscall.RawSyscall6(unix.SYS_SENDTO, fd, uintptr(bufPtr(p)), uintptr(len(p)), unix.MSG_NOSIGNAL,
				uintptr(unsafe.Pointer(&raw)), uintptr(size))
		}
		if e == 0 {
			return int(n), nil
		}
		if e != syscall.EINTR {
			return 0, e
		}
	}
}

// AcceptFrom is Accept that also stores the peer's address in from, which may
// be nil; that saves the call of PeerName. See accept4(2).
func AcceptFrom(fd uintptr, from *Addr) (uintptr, error) {
	var raw RawAddr
	for {
		size := uint32(len(raw.B))
		n, _, e := unix.RawSyscall6(unix.SYS_ACCEPT4, fd, uintptr(unsafe.Pointer(&raw)), uintptr(unsafe.Pointer(&size)),
			unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0, 0)
		if e == 0 {
			if from != nil {
				*from = Decode(raw.B[:min(int(size), len(raw.B))])
			}
			return n, nil
		}
		if e != syscall.EINTR {
			return Invalid, e
		}
	}
}

// Open makes a socket: non-blocking, not inherited by child processes.
func Open(family Family, typ Type) (uintptr, error) {
	fd, _, e := unix.RawSyscall(unix.SYS_SOCKET, uintptr(sysFamily(family)), uintptr(sysType(typ))|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if e != 0 {
		return Invalid, e
	}
	return fd, nil
}

// Bind gives a socket its own address. See bind(2).
func Bind(fd uintptr, a Addr) error {
	var raw RawAddr
	size := a.Encode(&raw)
	// Not raw: binding a unix path creates a file, and a file system can be slow.
	_, _, e := unix.Syscall(unix.SYS_BIND, fd, uintptr(unsafe.Pointer(&raw)), uintptr(size))
	return errnoErr(e)
}

// Connect begins to connect, or connects at once. While the connection is
// being made it returns an error for which InProgress holds: wait until the
// socket is writable and ask ConnectError. A unix stream socket whose peer has
// no room for more connections returns one for which WouldBlock holds: then
// nothing is in progress, and Connect is to be called again later.
func Connect(fd uintptr, a Addr) error {
	var raw RawAddr
	size := a.Encode(&raw)
	var e syscall.Errno
	if a.family == Unix {
		_, _, e = unix.Syscall(unix.SYS_CONNECT, fd, uintptr(unsafe.Pointer(&raw)), uintptr(size))
	} else {
		_, _, e = unix.RawSyscall(unix.SYS_CONNECT, fd, uintptr(unsafe.Pointer(&raw)), uintptr(size))
	}
	if e == syscall.EINTR {
		e = syscall.EINPROGRESS // it goes on by itself, and must not be asked for twice
	}
	return errnoErr(e)
}

// SockName returns a socket's own address.
func SockName(fd uintptr) (Addr, error) { return name(unix.SYS_GETSOCKNAME, fd) }

// Named is SockName of a socket that is to receive datagrams, which on Windows must have a
// name for that: it is given one there.
func Named(fd uintptr) (Addr, error) { return SockName(fd) }

// PeerName returns the address that a socket is connected to.
func PeerName(fd uintptr) (Addr, error) { return name(unix.SYS_GETPEERNAME, fd) }

func name(trap, fd uintptr) (Addr, error) {
	var raw RawAddr
	size := uint32(len(raw.B))
	_, _, e := unix.RawSyscall(trap, fd, uintptr(unsafe.Pointer(&raw)), uintptr(unsafe.Pointer(&size)))
	if e != 0 {
		return Addr{}, e
	}
	return Decode(raw.B[:min(int(size), len(raw.B))]), nil
}

// Pair returns two stream sockets that are connected to each other, both
// non-blocking and not inherited. See socketpair(2).
func Pair() (a, b uintptr, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return Invalid, Invalid, err
	}
	return uintptr(fds[0]), uintptr(fds[1]), nil
}
