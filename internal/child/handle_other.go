//go:build unix && !linux && !darwin && !dragonfly && !freebsd && !netbsd && !openbsd

package child

import (
	"os"
	"syscall"
	"time"
)

// handle is a child by its number alone.
type handle struct{ pid int }

// start starts a program.
func (h *handle) start(s Spec) (pid int, err error) {
	h.pid, err = s.fork(s.attributes())
	return h.pid, err
}

// reap reaps the child if it has ended.
func (h *handle) reap() (Status, bool) { return wait4(h.pid, false) }

// signal sends a signal to a child that is not reaped.
func (h *handle) signal(sig os.Signal) error {
	s, err := systemSignal(sig)
	if err != nil {
		return err
	}
	return gone(syscall.Kill(h.pid, s))
}

// descriptorName is what descriptor would give.
const descriptorName = "none"

// descriptor is none.
func (h *handle) descriptor() (uintptr, bool) { return 0, false }

// await waits for the child's end, for as long as d.
func (h *handle) await(d time.Duration) { awaitSignal(d) }

// close has nothing to let go of.
func (h *handle) close() {}
