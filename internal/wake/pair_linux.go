//go:build !wakepipe

package wake

import (
	"os"
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

func (p *pair) signal() error { return p.call("write", unix.SYS_WRITE, &one) }

func (p *pair) drain() error { return p.call("read", unix.SYS_READ, &p.count) }

func (p *pair) call(name string, trap uintptr, n *uint64) error {
	for {
		_, _, errno := unix.RawSyscall(trap, uintptr(p.fd), uintptr(unsafe.Pointer(n)), unsafe.Sizeof(*n))
		switch errno {
		case unix.EINTR:
		case 0, unix.EAGAIN:
			return nil
		default:
			return os.NewSyscallError(name, errno)
		}
	}
}

func (p *pair) close() error { return os.NewSyscallError("close", unix.Close(p.fd)) }
