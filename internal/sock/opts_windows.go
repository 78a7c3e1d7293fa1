package sock

import (
	"encoding/binary"
	"errors"
	"unsafe"

	"golang.org/x/sys/windows"
)

const (
	sunPathLen    = 108
	sizeofInet4   = 16
	sizeofInet6   = 28
	abstractNames = false

	afInet4 = windows.AF_INET
	afInet6 = windows.AF_INET6
	afUnix  = windows.AF_UNIX

	// HasReusePort tells whether the system has SO_REUSEPORT at all.
	HasReusePort = false
)

// Of winsock2.h, where x/sys/windows lacks them.
const (
	soAcceptConn       = 0x0002
	soExclusiveAddrUse = ^windows.SO_REUSEADDR
	soError            = 0x1007
	soType             = 0x1008
	soProtocolInfo     = 0x2005 // SO_PROTOCOL_INFOW
	fionbio            = 0x8004667e
	fromProtocolInfo   = -1
)

func putFamily(b []byte, family, _ int) { binary.NativeEndian.PutUint16(b, uint16(family)) }

func getFamily(b []byte) int { return int(binary.NativeEndian.Uint16(b)) }

func sysFamily(f Family) int {
	switch f {
	case Inet4:
		return afInet4
	case Inet6:
		return afInet6
	case Unix:
		return afUnix
	}
	return -1 // of no system: an error
}

func sysType(t Type) int {
	switch t {
	case Stream:
		return windows.SOCK_STREAM
	case Datagram:
		return windows.SOCK_DGRAM
	case SeqPacket:
		return windows.SOCK_SEQPACKET
	}
	return -1
}

// Listen makes a socket take connections; backlog is how many may wait to be
// accepted (the system has its own limit).
func Listen(fd uintptr, backlog int) error { return windows.Listen(windows.Handle(fd), backlog) }

// ConnectError tells how a connect that was in progress went: nil once it is
// connected, an error for which InProgress holds while it is not decided yet
// (readiness may be spurious), else what went wrong. Ask it once more only
// while it is in progress.
func ConnectError(fd uintptr) error {
	v, err := windows.GetsockoptInt(windows.Handle(fd), windows.SOL_SOCKET, soError)
	if err != nil {
		return err
	}
	if v != 0 {
		return windows.Errno(v)
	}
	if _, err := PeerName(fd); err == windows.WSAENOTCONN {
		return windows.WSAEINPROGRESS
	}
	return nil
}

// ShutdownWrite ends the direction that is written: the peer reads the end of
// the stream after what was sent before.
func ShutdownWrite(fd uintptr) error { return windows.Shutdown(windows.Handle(fd), windows.SHUT_WR) }

// Close closes a socket, or a pipe. It may sleep if SetLinger asked for that.
func Close(fd uintptr) error {
	forgetBound(fd) // before another socket can get the number
	err := windows.Closesocket(windows.Handle(fd))
	if err == windows.WSAENOTSOCK {
		err = windows.CloseHandle(windows.Handle(fd))
	}
	return err
}

// SetNonblock sets whether calls on a socket return an error for which
// WouldBlock holds instead of sleeping. Overlapped operations are not affected.
func SetNonblock(fd uintptr, on bool) error {
	v := uint32(btoi(on))
	var n uint32
	return windows.WSAIoctl(windows.Handle(fd), fionbio, (*byte)(unsafe.Pointer(&v)), 4, nil, 0, &n, nil, 0)
}

// IsNonblock is errors.ErrUnsupported: Windows does not tell.
func IsNonblock(uintptr) (bool, error) { return false, errors.ErrUnsupported }

// SetNoDelay sets whether small segments are sent at once (TCP_NODELAY).
func SetNoDelay(fd uintptr, on bool) error {
	return setInt(fd, windows.IPPROTO_TCP, windows.TCP_NODELAY, btoi(on))
}

// SetReuseAddr changes nothing: what SO_REUSEADDR is for elsewhere, taking an
// address that old connections still linger on, Windows allows anyway. The
// option of that name would let a socket take an address away from the one
// that uses it.
func SetReuseAddr(uintptr, bool) error { return nil }

// SetExclusiveAddr keeps other processes from taking over a socket's address
// by SO_REUSEADDR (SO_EXCLUSIVEADDRUSE). Call it before Bind. The address then
// stays taken while connections that were accepted on it are active.
func SetExclusiveAddr(fd uintptr) error {
	return setInt(fd, windows.SOL_SOCKET, soExclusiveAddrUse, 1)
}

// SetReusePort is errors.ErrUnsupported: Windows has nothing like it.
func SetReusePort(uintptr, bool) error { return errors.ErrUnsupported }

// SetIPv6Only sets whether an IPv6 socket leaves IPv4 alone.
func SetIPv6Only(fd uintptr, on bool) error {
	return setInt(fd, windows.IPPROTO_IPV6, windows.IPV6_V6ONLY, btoi(on))
}

// SetKeepAlive sets whether an idle connection is probed (SO_KEEPALIVE), with
// the system's intervals.
func SetKeepAlive(fd uintptr, on bool) error {
	return setInt(fd, windows.SOL_SOCKET, windows.SO_KEEPALIVE, btoi(on))
}

// SetBroadcast sets whether datagrams may go to broadcast addresses.
func SetBroadcast(fd uintptr, on bool) error {
	return setInt(fd, windows.SOL_SOCKET, windows.SO_BROADCAST, btoi(on))
}

// SetLinger sets what Close does with data that is not sent yet: sec < 0, it
// is sent in the background (the default); 0, it is thrown away and the
// connection is reset; else Close sleeps for up to sec seconds.
func SetLinger(fd uintptr, sec int) error {
	var l windows.Linger
	if sec >= 0 {
		l.Onoff, l.Linger = 1, int32(sec)
	}
	return windows.SetsockoptLinger(windows.Handle(fd), windows.SOL_SOCKET, windows.SO_LINGER, &l)
}

func setInt(fd uintptr, level, opt, v int) error {
	return windows.SetsockoptInt(windows.Handle(fd), level, opt, v)
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// TypeOf returns the type of a socket.
func TypeOf(fd uintptr) (Type, error) {
	v, err := windows.GetsockoptInt(windows.Handle(fd), windows.SOL_SOCKET, soType)
	if err != nil {
		return 0, err
	}
	switch v {
	case windows.SOCK_STREAM:
		return Stream, nil
	case windows.SOCK_DGRAM:
		return Datagram, nil
	case windows.SOCK_SEQPACKET:
		return SeqPacket, nil
	}
	return 0, errors.ErrUnsupported
}

// FamilyOf returns the address family of a socket.
func FamilyOf(fd uintptr) (Family, error) {
	// Not by its name: Windows has none before bind.
	var info windows.WSAProtocolInfo
	size := int32(unsafe.Sizeof(info))
	err := windows.Getsockopt(windows.Handle(fd), windows.SOL_SOCKET, soProtocolInfo, (*byte)(unsafe.Pointer(&info)), &size)
	if err != nil {
		return 0, err
	}
	switch info.AddressFamily {
	case afInet4:
		return Inet4, nil
	case afInet6:
		return Inet6, nil
	case afUnix:
		return Unix, nil
	}
	return 0, errors.ErrUnsupported
}

// IsListening reports whether a socket takes connections.
func IsListening(fd uintptr) (bool, error) {
	v, err := windows.GetsockoptInt(windows.Handle(fd), windows.SOL_SOCKET, soAcceptConn)
	return v != 0, err
}

// Dup returns another descriptor for the same socket, not inherited by child
// processes.
func Dup(fd uintptr) (uintptr, error) {
	if err := startup(); err != nil {
		return Invalid, err
	}
	var info windows.WSAProtocolInfo
	if err := windows.WSADuplicateSocket(windows.Handle(fd), windows.GetCurrentProcessId(), &info); err != nil {
		return Invalid, err
	}
	n, err := windows.WSASocket(fromProtocolInfo, fromProtocolInfo, fromProtocolInfo, &info, 0,
		windows.WSA_FLAG_OVERLAPPED|windows.WSA_FLAG_NO_HANDLE_INHERIT)
	if err != nil {
		return Invalid, err
	}
	return uintptr(n), nil
}

// adopt duplicates a socket that the Go runtime has bound to its completion
// port and takes it off that port, so that another one can have it. (Windows
// 8.1 and later can; before, the duplicate serves a selector only.) The
// runtime may have set it to report no completion for what completes at once,
// which cannot be taken back.
func adopt(orig uintptr) (uintptr, error) {
	fd, err := Dup(orig)
	if err != nil {
		return Invalid, err
	}
	if err := SetNonblock(fd, true); err != nil {
		Close(fd)
		return Invalid, err
	}
	unbind(fd)
	return fd, nil
}
