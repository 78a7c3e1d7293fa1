package proactors

import (
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// This file is what io_uring makes of a Wait whose timeout is BriefWait.
//
// A loop that is quicker than its peers finds one message in each Wait, and pays for a
// system call each time. Where many operations are in flight and several have
// completed at once, such a Wait therefore waits for as many again, for at most a
// hundredth or so of the time that serving all of them once would take. The thread
// sleeps meanwhile without a word to Go's scheduler, as for any call that is over soon.
const (
	briefFrom = 8 // completions at once
	briefUpTo = 64

	briefPer = 100 * time.Nanosecond // for each operation in flight,
	briefMin = 20 * time.Microsecond // and not if that is less,
	briefMax = 100 * time.Microsecond
)

// enterBriefly lets the kernel take what is queued and waits a little for as much as is
// expected. It reports whether it did wait.
func (p *IOUring) enterBriefly() (bool, error) {
	limit := min(time.Duration(p.live)*briefPer, briefMax)
	if p.expect == 0 || limit < briefMin || !p.ring.empty() {
		return false, p.ring.enter(0)
	}
	return true, p.ring.waitFor(p.expect, limit)
}

// expectAfter sets how many completions are worth waiting for, after n have come.
func (p *IOUring) expectAfter(n int, waited bool) {
	switch {
	case n >= briefFrom:
		p.expect = min(n+n/2, briefUpTo)
	case waited && n < briefFrom/2:
		p.expect = 0
	case waited:
		p.expect = n
	}
}

// waitFor is enter for n completions, or what has come by the end of the limit.
func (r *ring) waitFor(n int, limit time.Duration) error {
	if err := r.enable(); err != nil {
		return err
	}
	atomic.StoreUint32(r.sqTail, r.tail)
	r.ts = timespec{0, int64(limit)}
	r.arg.ts = uint64(uintptr(unsafe.Pointer(&r.ts)))
	_, _, e := syscall.RawSyscall6(unix.SYS_IO_URING_ENTER, uintptr(r.fd), uintptr(r.queued()), uintptr(n),
		enterGetEvents|enterExtArg, uintptr(unsafe.Pointer(&r.arg)), unsafe.Sizeof(r.arg))
	return enterError(e)
}
