//go:build unix && !linux

package sock

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// Vec is what one Writev needs: owned by the caller, used for one call at a
// time, and reused. Its zero value is ready.
type Vec struct {
	bufs [maxVec][]byte
}

// Read reads what is there, up to len(p) bytes: 0 and no error at the end of
// the stream (and if p is empty). It also reads pipes and terminals. See read(2).
func Read(fd uintptr, p []byte) (n int, err error) {
	err = retry(func() (err error) { n, err = unix.Read(int(fd), p); return err })
	return max(n, 0), err
}

// Write writes as much of p as the system takes now, and never raises SIGPIPE
// on a socket. It also writes to pipes and terminals, at the price of a second
// system call. See send(2).
func Write(fd uintptr, p []byte) (n int, err error) {
	err = retry(func() (err error) { n, err = unix.SendmsgN(int(fd), p, nil, nil, sendFlags); return err })
	if err == syscall.ENOTSOCK {
		err = retry(func() (err error) { n, err = unix.Write(int(fd), p); return err })
	}
	return max(n, 0), err
}

// Writev writes as much of bufs, one after the other, as the system takes now,
// in one call; at most the first 64 of them that are not empty. It is Write
// otherwise.
func Writev(fd uintptr, bufs [][]byte, v *Vec) (n int, err error) {
	cnt := 0
	for _, b := range bufs {
		if len(b) == 0 {
			continue
		}
		if cnt == maxVec {
			break
		}
		v.bufs[cnt] = b
		cnt++
	}
	// The scratch outlives the call; the memory that it points to must not.
	defer clear(v.bufs[:cnt])
	err = retry(func() (err error) {
		n, err = unix.SendmsgBuffers(int(fd), v.bufs[:cnt], nil, nil, sendFlags)
		return err
	})
	if err == syscall.ENOTSOCK {
		return writeEach(fd, v.bufs[:cnt])
	}
	return max(n, 0), err
}

// writeEach writes slices to a pipe until it takes no more.
func writeEach(fd uintptr, bufs [][]byte) (total int, err error) {
	for _, b := range bufs {
		n, err := Write(fd, b)
		total += n
		if n < len(b) || err != nil {
			if total > 0 {
				err = nil // the next call tells
			}
			return total, err
		}
	}
	return total, nil
}

// RecvFrom receives one datagram into p, what does not fit being lost, and
// stores the sender's address in from unless from is nil. See recvfrom(2).
func RecvFrom(fd uintptr, p []byte, from *Addr) (n int, err error) {
	var sa unix.Sockaddr
	err = retry(func() (err error) { n, sa, err = unix.Recvfrom(int(fd), p, 0); return err })
	if err == nil && from != nil {
		*from = addrOfSockaddr(sa)
	}
	return max(n, 0), err
}

// Receive receives one datagram into room.
func Receive(fd uintptr, room []byte, a *Arrived) error {
	var n, flags int
	var sa unix.Sockaddr
	err := retry(func() (err error) { n, _, flags, sa, err = unix.Recvmsg(int(fd), room, nil, 0); return err })
	if err != nil {
		return err
	}
	*a = Arrived{Data: room[:n:n], From: addrOfSockaddr(sa), Truncated: flags&unix.MSG_TRUNC != 0}
	return nil
}

// SendTo sends p as one datagram to an address of the socket's own family
// (Addr.In); the zero Addr is the address that the socket is connected to.
func SendTo(fd uintptr, p []byte, to Addr) (n int, err error) {
	sa := to.sockaddr()
	err = retry(func() (err error) { n, err = unix.SendmsgN(int(fd), p, nil, sa, sendFlags); return err })
	return max(n, 0), err
}

// AcceptFrom is Accept that also stores the peer's address in from, which may
// be nil; that saves the call of PeerName. See accept(2).
func AcceptFrom(fd uintptr, from *Addr) (uintptr, error) {
	var n int
	var a Addr
	err := retry(func() (err error) { n, a, err = accept(int(fd)); return err })
	if err != nil {
		return Invalid, err
	}
	if err := noSigpipe(n); err != nil {
		Close(uintptr(n))
		return Invalid, err
	}
	if from != nil {
		*from = a
	}
	return uintptr(n), nil
}

// Open makes a socket: non-blocking, not inherited by child processes.
func Open(family Family, typ Type) (uintptr, error) {
	n, err := socket(sysFamily(family), sysType(typ))
	if err != nil {
		return Invalid, err
	}
	if err := noSigpipe(n); err != nil {
		Close(uintptr(n))
		return Invalid, err
	}
	return uintptr(n), nil
}

// Pair returns two stream sockets that are connected to each other, both
// non-blocking and not inherited. See socketpair(2).
func Pair() (a, b uintptr, err error) {
	fds, err := socketpair()
	if err != nil {
		return Invalid, Invalid, err
	}
	for _, fd := range fds {
		if err := noSigpipe(fd); err != nil {
			unix.Close(fds[0])
			unix.Close(fds[1])
			return Invalid, Invalid, err
		}
	}
	return uintptr(fds[0]), uintptr(fds[1]), nil
}

// Bind gives a socket its own address. See bind(2).
func Bind(fd uintptr, a Addr) error {
	sa := a.sockaddr()
	if sa == nil {
		return syscall.EINVAL
	}
	return unix.Bind(int(fd), sa)
}

// Connect begins to connect, or connects at once. While the connection is
// being made it returns an error for which InProgress holds: wait until the
// socket is writable and ask ConnectError. See connect(2).
func Connect(fd uintptr, a Addr) error {
	sa := a.sockaddr()
	if sa == nil {
		return syscall.EINVAL
	}
	err := unix.Connect(int(fd), sa)
	if err == syscall.EINTR {
		return syscall.EINPROGRESS // it goes on by itself, and must not be asked for twice
	}
	return err
}

// SockName returns a socket's own address.
func SockName(fd uintptr) (Addr, error) {
	sa, err := unix.Getsockname(int(fd))
	return addrOfSockaddr(sa), err
}

// Named is SockName of a socket that is to receive datagrams, which on Windows must have a
// name for that: it is given one there.
func Named(fd uintptr) (Addr, error) { return SockName(fd) }

// PeerName returns the address that a socket is connected to.
func PeerName(fd uintptr) (Addr, error) {
	sa, err := unix.Getpeername(int(fd))
	return addrOfSockaddr(sa), err
}

func (a Addr) sockaddr() unix.Sockaddr {
	switch a.family {
	case Inet4:
		return &unix.SockaddrInet4{Port: int(a.port), Addr: [4]byte(a.ip[:4])}
	case Inet6:
		return &unix.SockaddrInet6{Port: int(a.port), ZoneId: a.scope, Addr: a.ip}
	case Unix:
		return &unix.SockaddrUnix{Name: a.path}
	}
	return nil
}

func addrOfSockaddr(sa unix.Sockaddr) Addr {
	switch sa := sa.(type) {
	case *unix.SockaddrInet4:
		a := Addr{family: Inet4, port: uint16(sa.Port)}
		copy(a.ip[:], sa.Addr[:])
		return a
	case *unix.SockaddrInet6:
		return Addr{family: Inet6, port: uint16(sa.Port), scope: sa.ZoneId, ip: sa.Addr}
	case *unix.SockaddrUnix:
		return Addr{family: Unix, path: sa.Name}
	}
	return Addr{}
}
