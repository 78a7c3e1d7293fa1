package proactors

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"github.com/go-asyncio/asyncio/internal/poller"
	"golang.org/x/sys/unix"
)

const (
	sqEntries = 1024
	cqEntries = 4096
)

// ring is the pair of queues that is shared with the kernel, which reads sqTail and
// writes sqHead, reads cqHead and writes cqTail.
type ring struct {
	fd       int
	features uint32
	enabled  bool

	mem, sqeMem []byte

	sqHead, sqTail, sqFlags *uint32
	sqMask, sqSize          uint32
	sqes                    []sqe
	tail                    uint32 // the position of the next entry
	over                    []sqe  // the last entries: what had no room before the ring was enabled

	cqHead, cqTail *uint32
	cqMask         uint32
	cqes           []cqe

	ts  timespec
	arg getEventsArg
}

// openRing makes the queues, and finds out whether the kernel has what is needed.
func openRing(pinned bool) (*ring, error) {
	p := params{flags: setupCQSize | setupClamp | setupSubmitAll | setupTaskrunFlag, cqEntries: cqEntries}
	if pinned {
		p.flags |= setupSingleIssuer | setupDeferTaskrun | setupDisabled
	} else {
		p.flags |= setupCoopTaskrun
	}
	fd, errno := ioUringSetup(sqEntries, &p)
	if errno != 0 {
		return nil, refused("io_uring_setup", errno)
	}
	r := &ring{fd: fd, features: p.features, enabled: !pinned}
	if err := r.prepare(&p); err != nil {
		return nil, errors.Join(err, r.close())
	}
	return r, nil
}

func (r *ring) prepare(p *params) error {
	if err := r.probe(); err != nil {
		return err
	}
	if err := r.mmap(p); err != nil {
		return fmt.Errorf("proactors: io_uring: %w", err)
	}
	return nil
}

// probe: what came last of all that is needed tells of the rest.
func (r *ring) probe() error {
	const need = featSingleMmap | featNoDrop | featFastPoll | featExtArg | featCQESkip
	var p probe
	if e := ioUringRegister(r.fd, registerProbe, unsafe.Pointer(&p), uintptr(len(p.ops))); e != 0 {
		return refused("io_uring_register", e)
	}
	if r.features&need != need || p.lastOp < opSendZC || p.ops[opSendZC].flags&1 == 0 {
		return fmt.Errorf("proactors: io_uring: %w: the kernel (%s) has no multishot receives; they came with Linux 6.0; use a selector",
			errors.ErrUnsupported, release())
	}
	return nil
}

func (r *ring) mmap(p *params) error {
	size := max(p.sq.array+p.sqEntries*4, p.cq.cqes+p.cqEntries*uint32(unsafe.Sizeof(cqe{})))
	var err error
	const prot, flags = unix.PROT_READ | unix.PROT_WRITE, unix.MAP_SHARED | unix.MAP_POPULATE
	if r.mem, err = unix.Mmap(r.fd, offSQRing, int(size), prot, flags); err != nil {
		return os.NewSyscallError("mmap", err)
	}
	if r.sqeMem, err = unix.Mmap(r.fd, offSQEs, int(p.sqEntries)*int(unsafe.Sizeof(sqe{})), prot, flags); err != nil {
		return os.NewSyscallError("mmap", err)
	}
	at := func(off uint32) *uint32 { return (*uint32)(unsafe.Pointer(&r.mem[off])) }
	r.sqHead, r.sqTail, r.sqFlags = at(p.sq.head), at(p.sq.tail), at(p.sq.flags)
	r.sqMask, r.sqSize = *at(p.sq.mask), p.sqEntries
	r.sqes = unsafe.Slice((*sqe)(unsafe.Pointer(&r.sqeMem[0])), p.sqEntries)
	r.cqHead, r.cqTail, r.cqMask = at(p.cq.head), at(p.cq.tail), *at(p.cq.mask)
	r.cqes = unsafe.Slice((*cqe)(unsafe.Pointer(&r.mem[p.cq.cqes])), p.cqEntries)
	order := unsafe.Slice(at(p.sq.array), p.sqEntries)
	for i := range order {
		order[i] = uint32(i)
	}
	return nil
}

func (r *ring) close() error {
	var err error
	for _, m := range []*[]byte{&r.mem, &r.sqeMem} {
		if *m != nil {
			err = errors.Join(err, unix.Munmap(*m))
			*m = nil
		}
	}
	return errors.Join(err, os.NewSyscallError("close", unix.Close(r.fd)))
}

// next is the entry to fill, and its position, which stays unique for a while.
// The entry is zero.
func (r *ring) next() (*sqe, uint32, error) {
	if e := r.entry(); e != nil {
		return e, r.tail - 1, nil
	}
	return r.makeRoom()
}

// entry is next if there is room, else nil.
func (r *ring) entry() *sqe {
	if r.tail-atomic.LoadUint32(r.sqHead) >= r.sqSize {
		return nil
	}
	e := &r.sqes[r.tail&r.sqMask]
	*e = sqe{}
	r.tail++
	return e
}

// makeRoom is next after the kernel has taken what is queued. Before the ring is enabled, which only
// its own thread may do, there is an entry besides.
func (r *ring) makeRoom() (*sqe, uint32, error) {
	for r.queued() >= r.sqSize {
		if !r.enabled {
			r.over = append(r.over, sqe{})
			r.tail++
			return &r.over[len(r.over)-1], r.tail - 1, nil
		}
		if err := r.submit(); err != nil {
			return nil, 0, err
		}
	}
	e := r.entry()
	return e, r.tail - 1, nil
}

// queued is how many entries the kernel has not taken yet.
func (r *ring) queued() uint32 { return r.tail - atomic.LoadUint32(r.sqHead) }

// unseen returns the entry at the position if the kernel has not taken it yet.
func (r *ring) unseen(pos uint32) *sqe {
	if int32(pos-atomic.LoadUint32(r.sqHead)) < 0 {
		return nil
	}
	if i := int(int32(pos-r.tail)) + len(r.over); i >= 0 && len(r.over) > 0 {
		return &r.over[i]
	}
	return &r.sqes[pos&r.sqMask]
}

// submit makes room: the kernel takes what is queued.
func (r *ring) submit() error {
	if err := r.enable(); err != nil {
		return err
	}
	atomic.StoreUint32(r.sqTail, r.tail)
	_, _, e := syscall.RawSyscall6(unix.SYS_IO_URING_ENTER, uintptr(r.fd), uintptr(r.queued()), 0, enterGetEvents, 0, 0)
	return enterError(e)
}

// enable starts a ring that belongs to one thread: this one.
func (r *ring) enable() error {
	if r.enabled {
		return nil
	}
	if e := ioUringRegister(r.fd, registerEnable, nil, 0); e != 0 {
		return fmt.Errorf("proactors: io_uring: enable: %w", e)
	}
	r.enabled = true
	over := r.over
	r.over = nil
	r.tail -= uint32(len(over))
	for i := range over {
		e, _, err := r.next()
		if err != nil {
			return err
		}
		*e = over[i]
	}
	return nil
}

// enter lets the kernel take what is queued and, if there is anything that it has
// to tell, tell it. If nothing is there to be told it waits for timeout.
func (r *ring) enter(timeout time.Duration) error {
	if err := r.enable(); err != nil {
		return err
	}
	n := r.queued()
	if timeout <= 0 || !r.empty() {
		if n == 0 && r.enabled && atomic.LoadUint32(r.sqFlags)&(sqTaskrun|sqCQOverflow) == 0 {
			return nil
		}
		return r.submit()
	}
	atomic.StoreUint32(r.sqTail, r.tail)
	flags, arg, size := uintptr(enterGetEvents), unsafe.Pointer(nil), uintptr(0)
	if timeout != forever {
		r.ts = timespec{int64(timeout / time.Second), int64(timeout % time.Second)}
		r.arg.ts = uint64(uintptr(unsafe.Pointer(&r.ts)))
		flags |= enterExtArg
		arg, size = unsafe.Pointer(&r.arg), unsafe.Sizeof(r.arg)
	}
	_, _, e := unix.Syscall6(unix.SYS_IO_URING_ENTER, uintptr(r.fd), uintptr(n), 1, flags, uintptr(arg), size)
	return enterError(e)
}

// enterError: a signal, the end of the time, and a kernel that has more to tell
// than there is room (which will be told with the next call) are no errors.
func enterError(e syscall.Errno) error {
	switch e {
	case 0, unix.EINTR, unix.ETIME, unix.EBUSY, unix.EAGAIN:
		return nil
	}
	return fmt.Errorf("proactors: io_uring_enter: %w", e)
}

func (r *ring) empty() bool { return *r.cqHead == atomic.LoadUint32(r.cqTail) }

// refused says why there is no io_uring here.
func refused(call string, e syscall.Errno) error {
	reason := e.Error()
	switch e {
	case unix.ENOSYS:
		reason = "the kernel (" + release() + ") has none, or a seccomp profile hides it"
	case unix.EPERM, unix.EACCES:
		switch disabled() {
		case "2":
			reason = "kernel.io_uring_disabled is 2: it is switched off for everybody"
		case "1":
			reason = "kernel.io_uring_disabled is 1, and this process is neither privileged nor in kernel.io_uring_group"
		default:
			reason = "a seccomp profile or another security policy forbids it (containers do so by default)"
		}
	case unix.ENOMEM:
		reason = "not enough memory, or of memory that may be locked (ulimit -l)"
	case unix.EINVAL:
		reason = "the kernel (" + release() + ") is too old"
	case unix.EMFILE, unix.ENFILE:
		return fmt.Errorf("proactors: io_uring: %s: %w", call, e)
	}
	return fmt.Errorf("proactors: io_uring: %w: %s: %w: %s; use a selector", errors.ErrUnsupported, call, e, reason)
}

// disabledFile says who may use io_uring; see io_uring_disabled in sysctl(5). It is a
// variable for a test that cannot change the machine.
var disabledFile = "/proc/sys/kernel/io_uring_disabled"

func disabled() string {
	if poller.Start() != nil {
		return "" // package os would end the program
	}
	b, err := os.ReadFile(disabledFile)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

func release() string {
	var u unix.Utsname
	if unix.Uname(&u) != nil {
		return "of unknown version"
	}
	return "Linux " + unix.ByteSliceToString(u.Release[:])
}
