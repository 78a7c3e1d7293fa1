package proactors

import (
	"errors"
	"runtime"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"
)

// TestUnclosed: the memory of a proactor that nobody refers to any more, and nobody has closed,
// stays: the kernel writes to it.
func TestUnclosed(t *testing.T) {
	t.Parallel()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	gone := new(atomic.Bool)
	ring := forget(t, uintptr(fds[0]), gone)
	for range 3 {
		runtime.GC()
	}
	if gone.Load() {
		t.Error("memory that the kernel is to receive into was collected")
	}
	known.Range(func(p, _ any) bool {
		if p := p.(*IOUring); p.ring == ring {
			if err := p.Close(); err != nil {
				t.Error(err)
			}
		}
		return true
	})
	for _, fd := range fds {
		_ = unix.Close(fd)
	}
}

// forget has a proactor receive, and returns its ring alone.
func forget(t *testing.T, fd uintptr, gone *atomic.Bool) *ring {
	made, err := newIOUring(false, true)
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skip(err) // as openUring
	}
	if err != nil {
		t.Fatal(err)
	}
	p := made.(*IOUring)
	mem := new([4096]byte)
	runtime.AddCleanup(mem, func(gone *atomic.Bool) { gone.Store(true) }, gone)
	if err := p.Submit(new(Operation), &Request{Kind: Receive, FD: fd, Bufs: [][]byte{mem[:]}}); err != nil {
		t.Fatal(err)
	}
	if err := p.Flush(); err != nil {
		t.Fatal(err)
	}
	return p.ring
}
