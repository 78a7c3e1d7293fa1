package asyncio

import (
	"context"
	"net"
)

// SocketCaller is the part of a loop that works with sockets as the system has them,
// without transports. A call does at once what can be done at once, and else waits
// until its socket is ready. Calls that wait on one socket take turns: those that receive
// or accept in the order in which they came, and beside them those that send or connect.
//
// What a call has done, it says: one that is cancelled, or whose ctx is done, has
// received, accepted or sent nothing but what it tells of, and the next call goes on where
// it was. It leaves nothing behind, neither a watch nor a place among those that wait. A
// call that could be done at once was done, although its task is to be cancelled in its
// next wait.
//
// All suspend or block: any goroutine may call them. A Socket may be used on several
// loops, on one at a time: ErrWrongLoop while calls of another one are under way.
// net.ErrClosed if it is closed, before or meanwhile. A descriptor that has a callback of
// AddReader or AddWriter on the loop can be tried, and not waited for, and one that a call waits for
// gets no callback: ErrInvalidArgument. What the system says is in the error.
type SocketCaller interface {
	// SockRecv receives up to n bytes, or up to n of the next datagram, whose rest is lost.
	// io.EOF at the end of a stream. n is at least 1. (loop.sock_recv)
	SockRecv(ctx context.Context, s *Socket, n int) ([]byte, error)
	// SockRecvInto is SockRecv into p and returns how much came; if p is empty it returns 0
	// at once. (loop.sock_recv_into)
	SockRecvInto(ctx context.Context, s *Socket, p []byte) (int, error)
	// SockRecvFrom receives a datagram, or its first n bytes, and returns whose it is: nil for
	// a sender without an address. n is at least 1. (loop.sock_recvfrom)
	SockRecvFrom(ctx context.Context, s *Socket, n int) ([]byte, net.Addr, error)
	// SockRecvFromInto is SockRecvFrom into the first n bytes of p, all of p if n is 0.
	// ErrInvalidArgument if p is shorter than n, or empty: the datagram stays for the next
	// call. (loop.sock_recvfrom_into)
	SockRecvFromInto(ctx context.Context, s *Socket, p []byte, n int) (int, net.Addr, error)
	// SockSendAll sends all of p, in as many pieces as the system takes, and returns how
	// much of it went: less than len(p) with an error only. (loop.sock_sendall)
	SockSendAll(ctx context.Context, s *Socket, p []byte) (int, error)
	// SockSendTo sends p as one datagram to addr, a *net.UDPAddr or *net.UnixAddr of the
	// socket's family, and returns how much of it went. (loop.sock_sendto)
	SockSendTo(ctx context.Context, s *Socket, p []byte, addr net.Addr) (int, error)
	// SockConnect connects the socket to address: a "host:port", whose host is looked up as GetAddrInfo
	// does it, for the socket's own family and type, and the first answer taken; or, of a
	// unix socket, a path. If it is cancelled the system may go on connecting the socket.
	// (loop.sock_connect)
	SockConnect(ctx context.Context, s *Socket, address string) error
	// SockAccept takes a connection from a listening socket. The Socket that it returns is the
	// caller's, non-blocking, and addr its peer's address, nil if that has none.
	// (loop.sock_accept)
	SockAccept(ctx context.Context, s *Socket) (conn *Socket, addr net.Addr, err error)
}
