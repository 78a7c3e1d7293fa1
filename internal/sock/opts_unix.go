//go:build unix

package sock

import (
	"errors"
	"syscall"

	"golang.org/x/sys/unix"
)

const (
	afInet4 = unix.AF_INET
	afInet6 = unix.AF_INET6
	afUnix  = unix.AF_UNIX
)

func sysFamily(f Family) int {
	switch f {
	case Inet4:
		return afInet4
	case Inet6:
		return afInet6
	case Unix:
		return afUnix
	}
	return unix.AF_UNSPEC
}

func sysType(t Type) int {
	switch t {
	case Stream:
		return unix.SOCK_STREAM
	case Datagram:
		return unix.SOCK_DGRAM
	case SeqPacket:
		return unix.SOCK_SEQPACKET
	}
	return 0 // no type of any system: an error
}

// retry calls f again for as long as signals interrupt it.
func retry(f func() error) error {
	for {
		if err := f(); err != syscall.EINTR {
			return err
		}
	}
}

// Listen makes a socket take connections; backlog is how many may wait to be
// accepted (the system has its own limit).
func Listen(fd uintptr, backlog int) error { return unix.Listen(int(fd), backlog) }

// ConnectError tells how a connect that was in progress went: nil once it is
// connected, an error for which InProgress holds while it is not decided yet
// (readiness may be spurious), else what went wrong. The kernel tells a
// failure once: a second call may say that it is still in progress.
func ConnectError(fd uintptr) error {
	v, err := unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_ERROR)
	if err != nil {
		return err
	}
	if v != 0 {
		return syscall.Errno(v)
	}
	if _, err := PeerName(fd); errors.Is(err, syscall.ENOTCONN) {
		return syscall.EINPROGRESS
	}
	return nil
}

// ShutdownWrite ends the direction that is written: the peer reads the end of
// the stream after what was sent before.
func ShutdownWrite(fd uintptr) error { return unix.Shutdown(int(fd), unix.SHUT_WR) }

// Close closes a descriptor. It may sleep if SetLinger asked for that.
func Close(fd uintptr) error {
	err := unix.Close(int(fd))
	if err == syscall.EINTR {
		// Linux and most others have let go of it by then, and to close it again
		// could hit another file that got the number.
		return nil
	}
	return err
}

// SetNonblock sets whether calls on a descriptor return an error for which
// WouldBlock holds instead of sleeping. It holds for every duplicate of it.
func SetNonblock(fd uintptr, on bool) error { return unix.SetNonblock(int(fd), on) }

// IsNonblock reports whether a descriptor is non-blocking.
func IsNonblock(fd uintptr) (bool, error) {
	flags, err := unix.FcntlInt(fd, unix.F_GETFL, 0)
	if err != nil {
		return false, err
	}
	return flags&unix.O_NONBLOCK != 0, nil
}

// SetNoDelay sets whether small segments are sent at once (TCP_NODELAY).
func SetNoDelay(fd uintptr, on bool) error {
	return setInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, btoi(on))
}

// SetReuseAddr sets SO_REUSEADDR: a listener may take an address that old
// connections still linger on. On Windows it is another thing; see there.
func SetReuseAddr(fd uintptr, on bool) error {
	return setInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, btoi(on))
}

// SetReusePort sets SO_REUSEPORT: several sockets may be bound to one address,
// and the system spreads what arrives among them (Linux, FreeBSD and
// DragonFly evenly, the others as they like). It is errors.ErrUnsupported
// where HasReusePort is false.
func SetReusePort(fd uintptr, on bool) error {
	if !HasReusePort {
		return errors.ErrUnsupported
	}
	return setInt(fd, unix.SOL_SOCKET, reusePort, btoi(on))
}

// SetExclusiveAddr keeps other processes from taking over a socket's address.
// It matters on Windows; here it is so unless SetReusePort was called.
func SetExclusiveAddr(uintptr) error { return nil }

// SetIPv6Only sets whether an IPv6 socket leaves IPv4 alone.
func SetIPv6Only(fd uintptr, on bool) error {
	return setInt(fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, btoi(on))
}

// SetKeepAlive sets whether an idle connection is probed (SO_KEEPALIVE), with
// the system's intervals.
func SetKeepAlive(fd uintptr, on bool) error {
	return setInt(fd, unix.SOL_SOCKET, unix.SO_KEEPALIVE, btoi(on))
}

// SetBroadcast sets whether datagrams may go to broadcast addresses.
func SetBroadcast(fd uintptr, on bool) error {
	return setInt(fd, unix.SOL_SOCKET, unix.SO_BROADCAST, btoi(on))
}

// SetLinger sets what Close does with data that is not sent yet: sec < 0, it
// is sent in the background (the default); 0, it is thrown away and the
// connection is reset; else Close sleeps for up to sec seconds.
func SetLinger(fd uintptr, sec int) error {
	var l unix.Linger
	if sec >= 0 {
		l.Onoff, l.Linger = 1, int32(sec)
	}
	return unix.SetsockoptLinger(int(fd), unix.SOL_SOCKET, unix.SO_LINGER, &l)
}

func setInt(fd uintptr, level, opt, v int) error {
	return unix.SetsockoptInt(int(fd), level, opt, v)
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// TypeOf returns the type of a socket. A descriptor that is no socket is
// syscall.ENOTSOCK.
func TypeOf(fd uintptr) (Type, error) {
	v, err := unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_TYPE)
	if err != nil {
		return 0, err
	}
	switch v {
	case unix.SOCK_STREAM:
		return Stream, nil
	case unix.SOCK_DGRAM:
		return Datagram, nil
	case unix.SOCK_SEQPACKET:
		return SeqPacket, nil
	}
	return 0, errors.ErrUnsupported
}

// FamilyOf returns the address family of a socket.
func FamilyOf(fd uintptr) (Family, error) {
	a, err := SockName(fd)
	if err != nil {
		return 0, err
	}
	if !a.IsValid() {
		return 0, errors.ErrUnsupported
	}
	return a.family, nil
}

// IsListening reports whether a socket takes connections. It is
// errors.ErrUnsupported where the system does not tell (macOS).
func IsListening(fd uintptr) (bool, error) {
	v, err := unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_ACCEPTCONN)
	if err == unix.ENOPROTOOPT {
		return false, errors.ErrUnsupported
	}
	return v != 0, err
}

// Dup returns another descriptor for the same open file, not inherited by
// child processes.
func Dup(fd uintptr) (uintptr, error) {
	n, err := unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return Invalid, err
	}
	return uintptr(n), nil
}

func adopt(orig uintptr) (uintptr, error) {
	fd, err := Dup(orig)
	if err != nil {
		return Invalid, err
	}
	if err := SetNonblock(fd, true); err != nil {
		Close(fd)
		return Invalid, err
	}
	return fd, nil
}
