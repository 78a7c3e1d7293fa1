package load

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The calls of a message go past the runtime's bookkeeping of system calls: none of them can
// block, and the bookkeeping would wake the runtime's monitor thread on the load's core.

func rawRead(fd int, p []byte) (int, unix.Errno) {
	n, _, errno := unix.RawSyscall(unix.SYS_READ, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)))
	return int(n), errno
}

func rawWrite(fd int, p []byte) (int, unix.Errno) {
	n, _, errno := unix.RawSyscall(unix.SYS_WRITE, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)))
	return int(n), errno
}

// wait polls first, and sleeps only when nothing is ready, through the runtime, so that a server
// in the same process gets this goroutine's place meanwhile.
func (g *generator) wait() (int, error) {
	events := uintptr(unsafe.Pointer(&g.events[0]))
	n, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(g.epoll), events, uintptr(len(g.events)), 0, 0, 0)
	if errno == 0 && n > 0 {
		return int(n), nil
	}
	if errno == 0 && g.Busy {
		runtime.Gosched()
		return 0, nil
	}
	sleep := 50 // ms; the phases end no later than this after their time
	if g.phase == warming || g.phase == measuring && g.Messages == 0 {
		sleep = int(min(max((g.phaseEnd-g.now()+999_999)/1_000_000, 0), 50))
	}
	count, err := unix.EpollWait(g.epoll, g.events[:], sleep)
	if errors.Is(err, unix.EINTR) {
		return 0, nil
	}
	return count, os.NewSyscallError("epoll_wait", err)
}

func (g *generator) ready(event *unix.EpollEvent) error {
	i := int(event.Fd)
	if event.Events&unix.EPOLLOUT != 0 {
		if g.conns[i].connecting {
			if err := g.connected(i); err != nil {
				return err
			}
		}
		if err := g.flush(i); err != nil {
			return err
		}
	}
	if event.Events&^unix.EPOLLOUT == 0 {
		return nil
	}
	c := &g.conns[i]
	n, errno := rawRead(c.fd, g.buffer)
	switch {
	case errno == unix.EAGAIN || errno == unix.EINTR:
		return nil
	case errno != 0:
		return fmt.Errorf("connection %d, after %d bytes: %w", i, c.received, os.NewSyscallError("read", errno))
	case n == 0:
		return g.ended(i)
	}
	return g.received(i, g.buffer[:n], g.now())
}

// sender is the connection that has sent what the connection i receives.
func (g *generator) sender(i int) int {
	if g.Broadcast {
		return 0
	}
	return i
}

// received checks what came back, and sends a new message for each that is whole.
func (g *generator) received(i int, data []byte, now int64) error {
	c, from := &g.conns[i], g.sender(i)
	if sent := g.conns[from].sent; c.received+uint64(len(data)) > sent {
		return fmt.Errorf("connection %d: %d bytes came back, only %d were sent", i, c.received+uint64(len(data)), sent)
	}
	if at := g.pattern.Mismatch(from, c.received, data); at >= 0 {
		offset := c.received + uint64(at)
		return &CorruptionError{Conn: i, Offset: offset, Got: data[at], Want: g.pattern.At(from, offset, 1)[0]}
	}
	c.received += uint64(len(data))
	g.progress = now
	whole := 0
	ring := g.stamps[from*g.Pipeline : (from+1)*g.Pipeline]
	for end := (c.messages + 1) * uint64(g.Size); end <= c.received; end += uint64(g.Size) {
		if g.phase == measuring {
			g.latencies.Record(now - ring[c.messages%uint64(g.Pipeline)])
		}
		c.messages++
		whole++
	}
	if whole == 0 {
		return nil
	}
	g.count += int64(whole)
	g.underWay -= whole
	if g.Reconnect {
		if err := g.hangUp(i); err != nil {
			return err
		}
	}
	if g.phase > measuring || g.phase == measuring && g.Messages > 0 && g.count >= int64(g.Messages) {
		return nil
	}
	switch {
	case g.Reconnect:
		return g.begin(i, now)
	case !g.Together && !g.Broadcast:
		return g.queue(i, whole, now)
	}
	if g.underWay == 0 {
		return g.queueAll()
	}
	return nil
}

// queueAll hands over as many messages as may be under way.
func (g *generator) queueAll() error {
	if g.Broadcast {
		g.underWay += (g.Conns - 1) * g.Pipeline // those that the others receive
		return g.queue(0, g.Pipeline, g.now())
	}
	for i := range g.conns {
		if g.Reconnect {
			if err := g.begin(i, g.now()); err != nil {
				return err
			}
			continue
		}
		if err := g.queue(i, g.Pipeline, g.now()); err != nil {
			return err
		}
	}
	return nil
}

// queue hands over so many new messages of a connection.
func (g *generator) queue(i, messages int, now int64) error {
	c := &g.conns[i]
	ring := g.stamps[i*g.Pipeline : (i+1)*g.Pipeline]
	first := c.queued / uint64(g.Size)
	for m := range uint64(messages) {
		ring[(first+m)%uint64(g.Pipeline)] = now
	}
	g.underWay += messages
	c.queued += uint64(messages * g.Size)
	if c.writing {
		return nil
	}
	return g.flush(i)
}

// flush writes until everything queued has gone or the kernel takes no more.
func (g *generator) flush(i int) error {
	c := &g.conns[i]
	for c.sent < c.queued {
		most := uint64(len(g.buffer))
		if g.datagrams {
			most = uint64(g.Size)
		}
		chunk := g.pattern.At(i, c.sent, int(min(c.queued-c.sent, most)))
		n, errno := rawWrite(c.fd, chunk)
		switch errno {
		case 0:
			c.sent += uint64(n)
		case unix.EINTR:
		case unix.EAGAIN:
			return g.awaitWritable(i, true)
		default:
			return fmt.Errorf("connection %d, after %d bytes: %w", i, c.sent, os.NewSyscallError("write", errno))
		}
	}
	return g.awaitWritable(i, false)
}

func (g *generator) awaitWritable(i int, on bool) error {
	c := &g.conns[i]
	if c.writing == on {
		return nil
	}
	c.writing = on
	event := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLRDHUP, Fd: int32(i)}
	if on {
		event.Events |= unix.EPOLLOUT
	}
	return os.NewSyscallError("epoll_ctl", unix.EpollCtl(g.epoll, unix.EPOLL_CTL_MOD, c.fd, &event))
}

// ended answers the server's end of a connection, which may come only after ours.
func (g *generator) ended(i int) error {
	c := &g.conns[i]
	if !c.closing {
		return fmt.Errorf("connection %d: the server ended it after %d of %d bytes: %w", i, c.received, c.sent, io.ErrUnexpectedEOF)
	}
	err := unix.Close(c.fd)
	c.fd = -1
	g.open--
	return os.NewSyscallError("close", err)
}
