package sock

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// extendedErr is the kernel's struct sock_extended_err.
type extendedErr struct {
	errno                 uint32
	origin, kind, code, _ uint8
	info, data            uint32
}

// QueuedError takes what the system has queued about one datagram that a socket with
// SetRecvErr on has sent: the error, and to whom it was. ok false means that nothing is
// queued. See IP_RECVERR in ip(7). What the call that sent it has returned is left out.
func QueuedError(fd uintptr) (to Addr, ok bool, err error) {
	for {
		errno, to, ok := queuedError(fd)
		if !ok || errno != 0 {
			return to, ok, errnoErr(errno)
		}
	}
}

// queuedError takes one entry of the queue: errno 0 is one that is no error of a datagram.
func queuedError(fd uintptr) (errno syscall.Errno, to Addr, ok bool) {
	var name RawAddr
	var control struct {
		_ [0]uint64
		b [256]byte
	}
	var start [1]byte // of the datagram
	iov := unix.Iovec{Base: &start[0]}
	iov.SetLen(len(start))
	msg := unix.Msghdr{Name: &name.B[0], Namelen: uint32(len(name.B)), Iov: &iov, Control: &control.b[0]}
	msg.SetIovlen(1)
	msg.SetControllen(len(control.b))
	for {
		_, _, e := unix.RawSyscall(unix.SYS_RECVMSG, fd, uintptr(unsafe.Pointer(&msg)), unix.MSG_ERRQUEUE|unix.MSG_DONTWAIT)
		if e == syscall.EINTR {
			continue
		}
		if e != 0 {
			return 0, Addr{}, false
		}
		break
	}
	to = Decode(name.B[:min(int(msg.Namelen), len(name.B))])
	return errnoOfControl(control.b[:min(int(msg.Controllen), len(control.b))]), to, true
}

// errnoOfControl finds the error among control messages.
func errnoOfControl(b []byte) syscall.Errno {
	const head = int(unsafe.Sizeof(unix.Cmsghdr{}))
	for len(b) >= head {
		h := (*unix.Cmsghdr)(unsafe.Pointer(&b[0]))
		n := int(h.Len)
		if n < head || n > len(b) {
			break
		}
		v4 := h.Level == unix.IPPROTO_IP && h.Type == unix.IP_RECVERR
		v6 := h.Level == unix.IPPROTO_IPV6 && h.Type == unix.IPV6_RECVERR
		if data := b[unix.CmsgSpace(0):n]; (v4 || v6) && len(data) >= int(unsafe.Sizeof(extendedErr{})) {
			e := (*extendedErr)(unsafe.Pointer(&data[0]))
			if e.origin == unix.SO_EE_ORIGIN_ICMP || e.origin == unix.SO_EE_ORIGIN_ICMP6 {
				return syscall.Errno(e.errno)
			}
		}
		b = b[min(unix.CmsgSpace(n-unix.CmsgLen(0)), len(b)):]
	}
	return 0
}
