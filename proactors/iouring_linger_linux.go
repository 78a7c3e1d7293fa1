package proactors

import (
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A loop that is quicker than its peers finds one message in each Wait, and pays for a
// system call each time. Where many operations are in flight and several have
// completed at once, a Wait that may linger therefore waits for as many again, for at
// most a hundredth or so of the time that serving all of them once would take. The thread
// sleeps meanwhile without a word to Go's scheduler, as for any call that is over soon.
const (
	lingerFrom = 8 // completions at once
	lingerUpTo = 64

	lingerPer = 100 * time.Nanosecond // for each operation in flight,
	lingerMin = 20 * time.Microsecond // and not if that is less,
	lingerMax = 100 * time.Microsecond
)

// linger lets the kernel take what is queued and waits a little for as much as is
// expected. It reports whether it did wait.
func (p *IOUring) linger() (bool, error) {
	limit := min(time.Duration(p.live)*lingerPer, lingerMax)
	if p.expect == 0 || limit < lingerMin || !p.ring.empty() {
		return false, p.ring.enter(0)
	}
	return true, p.ring.waitFor(p.expect, limit)
}

// expectAfter sets how many completions are worth waiting for, after n have come.
func (p *IOUring) expectAfter(n int, lingered bool) {
	switch {
	case n >= lingerFrom:
		p.expect = min(n+n/2, lingerUpTo)
	case lingered && n < lingerFrom/2:
		p.expect = 0
	case lingered:
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
	_, _, e := unix.RawSyscall6(unix.SYS_IO_URING_ENTER, uintptr(r.fd), uintptr(r.queued()), uintptr(n),
		enterGetEvents|enterExtArg, uintptr(unsafe.Pointer(&r.arg)), unsafe.Sizeof(r.arg))
	return enterError(e)
}
