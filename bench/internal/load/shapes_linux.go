package load

import (
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// exchange has one message come back on a blocking connection that is to be idle then.
func (g *generator) exchange(fd, i int) error {
	message, got := g.pattern.At(g.Conns+i, 0, g.Size), g.buffer[:g.Size]
	for at := 0; at < len(message); {
		n, err := unix.Write(fd, message[at:])
		if err != nil {
			return os.NewSyscallError("write", err)
		}
		at += n
	}
	if err := readFull(fd, got); err != nil {
		return err
	}
	if at := g.pattern.Mismatch(g.Conns+i, 0, got); at >= 0 {
		return &CorruptionError{Conn: g.Conns + i, Offset: uint64(at), Got: got[at], Want: message[at]}
	}
	return nil
}

// welcome awaits the byte by which a server that sends to all says that it knows the connection:
// before that, a message may pass it by.
func (g *generator) welcome(fd int) error {
	if !g.Broadcast {
		return nil
	}
	return readFull(fd, g.buffer[:1])
}

// readFull reads from a blocking connection.
func readFull(fd int, p []byte) error {
	for at := 0; at < len(p); {
		n, err := unix.Read(fd, p[at:])
		switch {
		case errors.Is(err, unix.EINTR):
		case err != nil:
			return os.NewSyscallError("read", err)
		case n == 0:
			return io.ErrUnexpectedEOF
		default:
			at += n
		}
	}
	return nil
}

// slots prepares connections that are made anew for each message. Each comes from one of many
// addresses of the loopback's, for the ports of one would not last: a port is free again only a
// while after its connection's end.
func (g *generator) slots(typ int, address unix.Sockaddr) error {
	server, ok := address.(*unix.SockaddrInet4)
	if !ok || typ != unix.SOCK_STREAM || server.Addr[0] != 127 || g.Idle > 0 {
		return errors.New("connections are made anew over TCP to 127.0.0.1 or over TLS, and none is idle beside them")
	}
	g.server = *server
	g.conns = g.conns[:g.Conns]
	for i := range g.conns {
		g.conns[i].fd = -1
	}
	g.open = g.Conns
	return nil
}

// begin makes a connection and hands over its message.
func (g *generator) begin(i int, now int64) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return os.NewSyscallError("socket", err)
	}
	g.made++
	g.conns[i] = conn{fd: fd, queued: uint64(g.Size), connecting: true, writing: true}
	g.underWay++
	g.stamps[i] = now
	source := unix.SockaddrInet4{Addr: [4]byte{127, 0, 1, byte(g.made%200 + 1)}}
	err = errors.Join(
		unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1),
		unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1),
		unix.Bind(fd, &source))
	if err != nil {
		return fmt.Errorf("connection %d: %w", i, err)
	}
	if err := unix.Connect(fd, &g.server); err != nil && !errors.Is(err, unix.EINPROGRESS) {
		return fmt.Errorf("connection %d: %w", i, os.NewSyscallError("connect", err))
	}
	event := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLOUT | unix.EPOLLRDHUP, Fd: int32(i)}
	return os.NewSyscallError("epoll_ctl", unix.EpollCtl(g.epoll, unix.EPOLL_CTL_ADD, fd, &event))
}

// connected asks how the making of a connection has ended.
func (g *generator) connected(i int) error {
	c := &g.conns[i]
	c.connecting = false
	code, err := unix.GetsockoptInt(c.fd, unix.SOL_SOCKET, unix.SO_ERROR)
	if err == nil && code != 0 {
		err = unix.Errno(code)
	}
	if err != nil {
		return fmt.Errorf("connection %d: %w", i, os.NewSyscallError("connect", err))
	}
	return nil
}

// hangUp closes a connection that has had its message.
func (g *generator) hangUp(i int) error {
	c := &g.conns[i]
	g.over += c.received
	err := unix.Close(c.fd)
	*c = conn{fd: -1}
	return os.NewSyscallError("close", err)
}
