// Package system has what every engine over the operating system needs: its sockets,
// and the record of which descriptors are an engine's.
package system

import (
	"errors"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/sock"
)

// Sockets are the sockets of the operating system.
type Sockets struct{}

// Open implements engine.Sockets.
func (Sockets) Open(family sock.Family, typ sock.Type) (uintptr, error) {
	return sock.Open(family, typ)
}

// Adopt implements engine.Sockets.
func (Sockets) Adopt(fd uintptr) (sock.Type, error) {
	typ, err := sock.TypeOf(fd)
	if err != nil {
		return 0, err
	}
	return typ, sock.SetNonblock(fd, true)
}

// Bind implements engine.Sockets.
func (Sockets) Bind(fd uintptr, addr sock.Addr) error { return sock.Bind(fd, addr) }

// BindFile implements engine.Sockets.
func (Sockets) BindFile(fd uintptr, addr sock.Addr) (engine.SocketFile, error) {
	return socketFile(sock.BindFile(fd, addr))
}

// FileOf implements engine.Sockets.
func (Sockets) FileOf(fd uintptr) (engine.SocketFile, error) { return socketFile(sock.FileOf(fd)) }

// socketFile has no file be none in the other type, too.
func socketFile(f *sock.SocketFile, err error) (engine.SocketFile, error) {
	if f == nil {
		return nil, err
	}
	return f, err
}

// PeerCredentials implements engine.Sockets.
func (Sockets) PeerCredentials(fd uintptr) (sock.Credentials, error) { return sock.PeerCredentials(fd) }

// Listen implements engine.Sockets.
func (Sockets) Listen(fd uintptr, backlog int) error { return sock.Listen(fd, backlog) }

// SetOption implements engine.Sockets.
func (Sockets) SetOption(fd uintptr, opt engine.Option, value int) error {
	on := value != 0
	switch opt {
	case engine.ReuseAddr:
		return sock.SetReuseAddr(fd, on)
	case engine.ReusePort:
		return sock.SetReusePort(fd, on)
	case engine.IPv6Only:
		return sock.SetIPv6Only(fd, on)
	case engine.NoDelay:
		return sock.SetNoDelay(fd, on)
	case engine.KeepAlive:
		return sock.SetKeepAlive(fd, on)
	case engine.Broadcast:
		return sock.SetBroadcast(fd, on)
	case engine.MulticastTTL:
		return sock.SetMulticastTTL(fd, value)
	case engine.MulticastLoop:
		return sock.SetMulticastLoop(fd, on)
	case engine.MulticastInterface:
		return sock.SetMulticastInterface(fd, value)
	case engine.UDPSegment:
		return sock.SetUDPSegment(fd, value)
	case engine.UDPGRO:
		return sock.SetUDPGRO(fd, on)
	case engine.RecvErr:
		return sock.SetRecvErr(fd, on)
	}
	return errors.ErrUnsupported
}

// JoinGroup implements engine.Sockets.
func (Sockets) JoinGroup(fd uintptr, group sock.Addr, iface int) error {
	return sock.JoinGroup(fd, group, iface)
}

// LeaveGroup implements engine.Sockets.
func (Sockets) LeaveGroup(fd uintptr, group sock.Addr, iface int) error {
	return sock.LeaveGroup(fd, group, iface)
}

// LocalAddr implements engine.Sockets.
func (Sockets) LocalAddr(fd uintptr) (sock.Addr, error) { return sock.SockName(fd) }

// RemoteAddr implements engine.Sockets.
func (Sockets) RemoteAddr(fd uintptr) (sock.Addr, error) { return sock.PeerName(fd) }

// Take implements engine.Sockets.
func (s Sockets) Take(fd uintptr) (sock.Type, error) {
	if _, err := sock.TypeOf(fd); err != nil {
		return 0, err // what is no descriptor has no place in the record
	}
	if err := holders.take(fd); err != nil {
		return 0, err
	}
	typ, err := s.Adopt(fd)
	if err != nil {
		holders.drop(fd)
	}
	return typ, err
}

// Untake implements engine.Sockets.
func (Sockets) Untake(fd uintptr) { holders.drop(fd) }

// Close implements engine.Sockets.
func (Sockets) Close(fd uintptr) error {
	holders.drop(fd)
	return sock.Close(fd)
}
