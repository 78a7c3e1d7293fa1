package asyncio

import (
	"fmt"
	"net"
	"sync"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/sock"
)

// Socket is a socket as the system has it, for the Sock calls of a loop: SockRecv,
// SockSendAll, SockConnect, SockAccept and the others. It belongs to no loop.
//
// It owns its descriptor until Close or Detach: no transport, server or other Socket
// can have it, and it is not to be closed by others. It is non-blocking: one that was
// blocking is made so when it becomes a Socket's, which holds for every duplicate of it,
// too. (socket.socket)
//
// Any goroutine may call its methods.
type Socket struct {
	sockets engine.Sockets
	fd      uintptr
	typ     sock.Type
	family  sock.Family

	mu       sync.Mutex
	gone     error       // why it is of no use any more: closed or detached
	calls    int         // under way
	watching int         // how many loops' engines watch the descriptor now
	users    socketUsers // the calls, once there was one
}

// socketUsers are the calls on a socket.
type socketUsers interface {
	// rest has nothing watched that none of them waits for.
	rest()

	// dismiss ends their waits. It is called with the socket's mutex, and what it returns
	// without it.
	dismiss(why error) (wake func())
}

// errDetached is what a call says on a socket that was given away.
var errDetached = fmt.Errorf("%w: the descriptor was detached from the socket", net.ErrClosed)

// Listen has the socket, which is bound, take connections, of which the system queues
// backlog, or as many as it may; 0 and less mean 100. (socket.listen)
func (s *Socket) Listen(backlog int) error {
	const op = "Socket.Listen"
	if backlog <= 0 {
		backlog = 100
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gone != nil {
		return opError(op, s.gone)
	}
	if err := s.sockets.Listen(s.fd, backlog); err != nil {
		return opError(op, err)
	}
	return nil
}

// FD returns the descriptor, which stays the Socket's: for options that have no method here.
// (socket.fileno)
func (s *Socket) FD() uintptr { return s.fd }

// LocalAddr returns the socket's own address, nil if it has none. (socket.getsockname)
func (s *Socket) LocalAddr() net.Addr { return s.addr(s.sockets.LocalAddr) }

// RemoteAddr returns the address that the socket is connected to, nil if it is not.
// (socket.getpeername)
func (s *Socket) RemoteAddr() net.Addr { return s.addr(s.sockets.RemoteAddr) }

func (s *Socket) addr(of func(uintptr) (sock.Addr, error)) net.Addr {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gone != nil {
		return nil
	}
	a, err := of(s.fd)
	if err != nil {
		return nil
	}
	return a.NetAddr(s.typ)
}

// String describes the socket by its kind and descriptor.
func (s *Socket) String() string {
	return fmt.Sprintf("<Socket fd=%d %v %v>", s.fd, s.family, s.typ)
}

// Close closes the socket. Calls that wait on it end with net.ErrClosed; the descriptor
// is closed as soon as they have, in the next pass of their loop or at its close. Closing again
// is harmless. (socket.close)
func (s *Socket) Close() error {
	s.mu.Lock()
	if s.gone != nil {
		s.mu.Unlock()
		return nil
	}
	s.gone = net.ErrClosed
	wake := func() {}
	if s.users != nil {
		wake = s.users.dismiss(s.gone)
	}
	err := s.settle()
	s.mu.Unlock()
	wake()
	if err != nil {
		return opError("Socket.Close", err)
	}
	return nil
}

// Detach gives the descriptor to the caller, for an option of a call called Sock, say. The
// Socket is of no use any more. ErrInvalidState while calls are under way. (socket.detach)
func (s *Socket) Detach() (uintptr, error) {
	const op = "Socket.Detach"
	s.rest()
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.gone != nil:
		return sock.Invalid, opError(op, s.gone)
	case s.calls > 0 || s.watching > 0:
		return sock.Invalid, opError(op, fmt.Errorf("%w: calls wait on the socket: cancel them first", ErrInvalidState))
	}
	s.gone = errDetached
	s.sockets.Untake(s.fd)
	return s.fd, nil
}

// rest has nothing watched that no call waits for.
func (s *Socket) rest() {
	s.mu.Lock()
	users := s.users
	s.mu.Unlock()
	if users != nil {
		users.rest()
	}
}

// settle closes the descriptor of a socket that was closed, as soon as nobody uses it.
// Called with the mutex.
func (s *Socket) settle() error {
	if s.gone == net.ErrClosed && s.calls == 0 && s.watching == 0 {
		s.gone = errSocketClosed
		return s.sockets.Close(s.fd)
	}
	return nil
}

// errSocketClosed is what gone is once the descriptor is closed: net.ErrClosed, too.
var errSocketClosed = fmt.Errorf("%w", net.ErrClosed)
