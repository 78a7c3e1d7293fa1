//go:build !wakepipe

package wake

import (
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// pair is one eventfd: writing adds to its counter, reading sets it to zero
// (eventfd(2)).
type pair struct {
	fd    int
	count uint64 // what was read last; the consumer's
}

// one is what a Wake adds to the counter.
var one uint64 = 1

func (p *pair) open() error {
	fd, err := unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC)
	p.fd = fd
	return os.NewSyscallError("eventfd2", err)
}

func (p *pair) reader() uintptr { return uintptr(p.fd) }

func (p *pair) all() []uintptr { return []uintptr{uintptr(p.fd)} }

// signal and drain go raw, past the runtime's bookkeeping for calls that may
// block: on a non-blocking eventfd neither can.

// signal is done if the counter is full: it is readable, which is all that is wanted.
func (p *pair) signal() error {
	errno := p.call(unix.SYS_WRITE, &one)
	if errno == 0 || errno == unix.EAGAIN && readable(p.fd) {
		return nil
	}
	return os.NewSyscallError("write", errno)
}

func (p *pair) drain() error {
	errno := p.call(unix.SYS_READ, &p.count)
	if errno == 0 || errno == unix.EAGAIN {
		return nil
	}
	return os.NewSyscallError("read", errno)
}

func (p *pair) call(trap uintptr, n *uint64) syscall.Errno {
	for {
		_, _, errno := unix.RawSyscall(trap, uintptr(p.fd), uintptr(unsafe.Pointer(n)), unsafe.Sizeof(*n))
		if errno != unix.EINTR {
			return errno
		}
	}
}

func (p *pair) close() error { return os.NewSyscallError("close", unix.Close(p.fd)) }
