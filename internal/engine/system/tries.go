package system

import "github.com/go-asyncio/asyncio/internal/sock"

// FamilyOf implements engine.Tries.
func (Sockets) FamilyOf(fd uintptr) (sock.Family, error) { return sock.FamilyOf(fd) }

// Receive implements engine.Tries.
func (Sockets) Receive(fd uintptr, p []byte) (int, error) { return sock.Read(fd, p) }

// ReceiveFrom implements engine.Tries.
func (Sockets) ReceiveFrom(fd uintptr, p []byte) (int, sock.Addr, error) {
	var from sock.Addr
	n, err := sock.RecvFrom(fd, p, &from)
	return n, from, err
}

// Send implements engine.Tries.
func (Sockets) Send(fd uintptr, p []byte) (int, error) { return sock.Write(fd, p) }

// SendTo implements engine.Tries.
func (Sockets) SendTo(fd uintptr, p []byte, to sock.Addr) (int, error) {
	return sock.SendTo(fd, p, to)
}

// Accept implements engine.Tries.
func (Sockets) Accept(fd uintptr) (uintptr, sock.Addr, error) {
	var peer sock.Addr
	accepted, err := sock.AcceptFrom(fd, &peer)
	if err != nil {
		return sock.Invalid, sock.Addr{}, err
	}
	Hold(accepted)
	return accepted, peer, nil
}

// Connect implements engine.Tries.
func (Sockets) Connect(fd uintptr, addr sock.Addr) error { return sock.Connect(fd, addr) }

// Connected implements engine.Tries.
func (Sockets) Connected(fd uintptr) error { return sock.ConnectError(fd) }
