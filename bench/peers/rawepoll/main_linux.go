// Command rawepoll is an echo server that is nothing but a loop over epoll and bare system calls:
// the least that a server written in Go can cost.
package main

import (
	"errors"
	"net"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/go-asyncio/asyncio/bench/internal/serve"
)

// client keeps what the kernel did not take; its descriptor is not read while there is any.
type client struct{ unsent []byte }

type server struct {
	epoll, listener int
	file            *os.File // of the listener: closed by the collector if nothing refers to it
	clients         []client // by descriptor
	buffer          []byte
	events          [256]unix.EpollEvent
}

func main() {
	address := serve.Address()
	serve.EndOnSignal()
	listener, err := net.Listen("tcp", address)
	serve.Check(err)
	file, err := listener.(*net.TCPListener).File()
	serve.Check(err)
	s := &server{file: file, listener: int(file.Fd()), buffer: make([]byte, 64<<10)}
	serve.Check(unix.SetNonblock(s.listener, true))
	s.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	serve.Check(os.NewSyscallError("epoll_create1", err))
	serve.Check(s.watch(unix.EPOLL_CTL_ADD, s.listener, unix.EPOLLIN))
	serve.Ready(listener.Addr())
	for {
		for i, n := 0, s.wait(); i < n; i++ {
			switch fd, events := int(s.events[i].Fd), s.events[i].Events; {
			case fd == s.listener:
				serve.Check(s.accept())
			case events&unix.EPOLLOUT != 0:
				s.resume(fd)
			default:
				s.echo(fd)
			}
		}
	}
}

// wait polls past the runtime, and goes through it only to sleep.
func (s *server) wait() int {
	n, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(s.epoll),
		uintptr(unsafe.Pointer(&s.events[0])), uintptr(len(s.events)), 0, 0, 0)
	if errno == 0 && n > 0 {
		return int(n)
	}
	count, err := unix.EpollWait(s.epoll, s.events[:], -1)
	if errors.Is(err, unix.EINTR) {
		return 0
	}
	serve.Check(os.NewSyscallError("epoll_wait", err))
	return count
}

func (s *server) watch(operation, fd int, events uint32) error {
	event := unix.EpollEvent{Events: events, Fd: int32(fd)}
	return os.NewSyscallError("epoll_ctl", unix.EpollCtl(s.epoll, operation, fd, &event))
}

func (s *server) accept() error {
	for {
		fd, _, err := unix.Accept4(s.listener, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
		if errors.Is(err, unix.EAGAIN) {
			return nil
		}
		if err != nil {
			return os.NewSyscallError("accept4", err)
		}
		if err := unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1); err != nil {
			return os.NewSyscallError("setsockopt", err)
		}
		for fd >= len(s.clients) {
			s.clients = append(s.clients, client{})
		}
		s.clients[fd] = client{}
		if err := s.watch(unix.EPOLL_CTL_ADD, fd, unix.EPOLLIN); err != nil {
			return err
		}
	}
}

func (s *server) echo(fd int) {
	n, _, errno := unix.RawSyscall(unix.SYS_READ, uintptr(fd), uintptr(unsafe.Pointer(&s.buffer[0])), uintptr(len(s.buffer)))
	if errno == unix.EAGAIN || errno == unix.EINTR {
		return
	}
	if errno != 0 || n == 0 {
		_ = unix.Close(fd)
		return
	}
	s.send(fd, s.buffer[:n])
}

// send keeps a copy of what the kernel does not take and stops reading until that has gone.
func (s *server) send(fd int, data []byte) {
	n, _, errno := unix.RawSyscall(unix.SYS_WRITE, uintptr(fd), uintptr(unsafe.Pointer(&data[0])), uintptr(len(data)))
	if errno != 0 && errno != unix.EAGAIN && errno != unix.EINTR {
		_ = unix.Close(fd)
		return
	}
	if errno != 0 {
		n = 0
	}
	if int(n) < len(data) {
		s.clients[fd].unsent = append(s.clients[fd].unsent[:0], data[n:]...)
		serve.Check(s.watch(unix.EPOLL_CTL_MOD, fd, unix.EPOLLOUT))
	}
}

func (s *server) resume(fd int) {
	c := &s.clients[fd]
	n, err := unix.Write(fd, c.unsent)
	if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EINTR) {
		return
	}
	if err != nil {
		_ = unix.Close(fd)
		return
	}
	c.unsent = c.unsent[:copy(c.unsent, c.unsent[n:])]
	if len(c.unsent) == 0 {
		serve.Check(s.watch(unix.EPOLL_CTL_MOD, fd, unix.EPOLLIN))
	}
}
