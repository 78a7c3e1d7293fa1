//go:build unix && (!linux || wakepipe)

package wake

import (
	"errors"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// pair is a pipe, both ends non-blocking. With the tag wakepipe it is that on Linux
// too, to be tested there.
type pair struct {
	fds [2]int    // read from the first, write to the second
	buf [128]byte // the consumer's
}

var one = []byte{1}

// open does without pipe2, which macOS lacks, and so keeps child processes from
// being started between pipe and fcntl.
func (p *pair) open() error {
	syscall.ForkLock.RLock()
	err := unix.Pipe(p.fds[:])
	if err == nil {
		unix.CloseOnExec(p.fds[0])
		unix.CloseOnExec(p.fds[1])
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return os.NewSyscallError("pipe", err)
	}
	for _, fd := range p.fds {
		if err := unix.SetNonblock(fd, true); err != nil {
			return errors.Join(os.NewSyscallError("fcntl", err), p.close())
		}
	}
	return nil
}

func (p *pair) reader() uintptr { return uintptr(p.fds[0]) }

func (p *pair) all() []uintptr { return []uintptr{uintptr(p.fds[0]), uintptr(p.fds[1])} }

// signal writes a byte. A full pipe is readable, which is all that is wanted.
func (p *pair) signal() error {
	for {
		_, err := unix.Write(p.fds[1], one)
		switch {
		case err == unix.EINTR:
		case err == nil, err == unix.EAGAIN && readable(p.fds[0]):
			return nil
		default:
			return os.NewSyscallError("write", err)
		}
	}
}

func (p *pair) drain() error {
	for {
		n, err := unix.Read(p.fds[0], p.buf[:])
		switch {
		case err == unix.EINTR || n == len(p.buf):
		case err == nil || err == unix.EAGAIN:
			return nil
		default:
			return os.NewSyscallError("read", err)
		}
	}
}

func (p *pair) close() error {
	return errors.Join(
		os.NewSyscallError("close", unix.Close(p.fds[0])),
		os.NewSyscallError("close", unix.Close(p.fds[1])))
}
