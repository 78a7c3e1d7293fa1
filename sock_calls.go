package asyncio

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/go-asyncio/asyncio/internal/netaddr"
	"github.com/go-asyncio/asyncio/internal/sock"
)

// SockRecv implements SocketCaller.
func (l *baseLoop) SockRecv(ctx context.Context, s *Socket, n int) ([]byte, error) {
	const op = "SockRecv"
	if n < 1 {
		return nil, invalid(op, "n is %d: give room for at least one byte", n)
	}
	p := make([]byte, n)
	n, err := l.receive(ctx, op, s, p)
	if err != nil {
		return nil, err
	}
	return p[:n], nil
}

// SockRecvInto implements SocketCaller.
func (l *baseLoop) SockRecvInto(ctx context.Context, s *Socket, p []byte) (int, error) {
	return l.receive(ctx, "SockRecvInto", s, p)
}

// receive receives into p.
func (l *baseLoop) receive(ctx context.Context, op string, s *Socket, p []byte) (n int, err error) {
	err = s.call(ctx, l, op, receiving, func() (err error) {
		if len(p) > 0 {
			n, err = s.sockets.Receive(s.fd, p)
		}
		return err
	})
	if err == nil && n == 0 && len(p) > 0 && s.typ != sock.Datagram {
		err = io.EOF
	}
	return n, err
}

// SockRecvFrom implements SocketCaller.
func (l *baseLoop) SockRecvFrom(ctx context.Context, s *Socket, n int) ([]byte, net.Addr, error) {
	const op = "SockRecvFrom"
	if n < 1 {
		return nil, nil, invalid(op, "n is %d: give room for at least one byte", n)
	}
	p := make([]byte, n)
	n, addr, err := l.receiveFrom(ctx, op, s, p)
	if err != nil {
		return nil, nil, err
	}
	return p[:n], addr, nil
}

// SockRecvFromInto implements SocketCaller.
func (l *baseLoop) SockRecvFromInto(ctx context.Context, s *Socket, p []byte, n int) (int, net.Addr, error) {
	const op = "SockRecvFromInto"
	switch {
	case n < 0 || n > len(p):
		return 0, nil, invalid(op, "n is %d, and the buffer has %d bytes: give at most its length, or 0 for all of it", n, len(p))
	case len(p) == 0:
		return 0, nil, invalid(op, "the buffer is empty: give room for at least one byte")
	case n > 0:
		p = p[:n]
	}
	return l.receiveFrom(ctx, op, s, p)
}

// receiveFrom receives a datagram into p.
func (l *baseLoop) receiveFrom(ctx context.Context, op string, s *Socket, p []byte) (n int, addr net.Addr, err error) {
	var from sock.Addr
	err = s.call(ctx, l, op, receiving, func() (err error) {
		n, from, err = s.sockets.ReceiveFrom(s.fd, p)
		return err
	})
	if err != nil {
		return 0, nil, err
	}
	return n, from.NetAddr(s.typ), nil
}

// SockSendAll implements SocketCaller.
func (l *baseLoop) SockSendAll(ctx context.Context, s *Socket, p []byte) (int, error) {
	sent := 0
	err := s.call(ctx, l, "SockSendAll", sending, func() error {
		n, err := s.sockets.Send(s.fd, p[sent:])
		sent += n
		if err == nil && sent < len(p) {
			err = errAgain // others have their turn before there is room for more
		}
		return err
	})
	return sent, err
}

// SockSendTo implements SocketCaller.
func (l *baseLoop) SockSendTo(ctx context.Context, s *Socket, p []byte, addr net.Addr) (n int, err error) {
	const op = "SockSendTo"
	to, err := sock.AddrOf(addr)
	if err != nil {
		return 0, fmt.Errorf("asyncio: %s: %w: the address: %w; SockSendAll sends to the peer of a connected socket", op, ErrInvalidArgument, err)
	}
	err = s.call(ctx, l, op, sending, func() (err error) {
		own, ok := to.In(s.family)
		if !ok {
			return fmt.Errorf("%w: the address %v is none of the socket's family", ErrInvalidArgument, addr)
		}
		n, err = s.sockets.SendTo(s.fd, p, own)
		return err
	})
	return n, err
}

// SockAccept implements SocketCaller.
func (l *baseLoop) SockAccept(ctx context.Context, s *Socket) (*Socket, net.Addr, error) {
	var fd uintptr
	var peer sock.Addr
	err := s.call(ctx, l, "SockAccept", receiving, func() (err error) {
		for {
			fd, peer, err = s.sockets.Accept(s.fd)
			if err == nil || !sock.Disconnected(err) {
				return err
			} // that one gave up; the next may not have
		}
	})
	if err != nil {
		return nil, nil, err
	}
	return &Socket{sockets: s.sockets, fd: fd, typ: s.typ, family: s.family}, peer.NetAddr(s.typ), nil
}

// How long a connect waits for room at a unix socket, which tells nobody when it has some: from
// the first try to the longest.
const (
	firstRetry = time.Millisecond
	lastRetry  = 64 * time.Millisecond
)

// SockConnect implements SocketCaller.
func (l *baseLoop) SockConnect(ctx context.Context, s *Socket, address string) error {
	const op = "SockConnect"
	if s == nil {
		return invalid(op, "the socket is nil")
	}
	if err := l.mayWait(op, ctx); err != nil {
		return err
	}
	to, err := l.peerAddress(ctx, op, s, address)
	if err != nil {
		return err
	}
	for pause := firstRetry; ; pause = min(2*pause, lastRetry) {
		err := l.connect(ctx, op, s, to, address)
		if !errors.Is(err, errNoRoom) {
			return err
		}
		if err := Sleep(ctx, pause); err != nil {
			return err
		}
	}
}

// errNoRoom says that nothing is in progress: the peer has no room for one more.
var errNoRoom = errors.New("the peer takes no connections now")

// connect connects the socket, or begins to and waits.
func (l *baseLoop) connect(ctx context.Context, op string, s *Socket, to sock.Addr, address string) error {
	begun := false
	return s.call(ctx, l, op, sending, func() (err error) {
		if begun {
			err = s.sockets.Connected(s.fd)
		} else if err = s.sockets.Connect(s.fd, to); sock.WouldBlock(err) {
			return errNoRoom
		}
		begun = true
		if err != nil && !sock.InProgress(err) {
			err = fmt.Errorf("%s: %w", address, err)
		}
		return err
	})
}

// peerAddress is what SockConnect connects to.
func (l *baseLoop) peerAddress(ctx context.Context, op string, s *Socket, address string) (sock.Addr, error) {
	if s.family == sock.Unix {
		if address == "" {
			return sock.Addr{}, invalid(op, "the path is empty: give that of the peer's socket")
		}
		target, err := netaddr.Parse("unix", address)
		if err != nil {
			return sock.Addr{}, fmt.Errorf("asyncio: %s: %w: %w", op, ErrInvalidArgument, err)
		}
		return sock.UnixAddr(target.Path)
	}
	network := "tcp"
	if s.typ == sock.Datagram {
		network = "udp"
	}
	switch s.family {
	case sock.Inet4:
		network += "4"
	case sock.Inet6:
		network += "6"
	}
	target, err := netaddr.Parse(network, address)
	if err != nil {
		return sock.Addr{}, fmt.Errorf("asyncio: %s: %w: %w", op, ErrInvalidArgument, err)
	}
	addrs, err := l.resolve(ctx, op, target)
	if err != nil {
		return sock.Addr{}, err
	}
	return addrs[0], nil
}
