//go:build unix

package child_test

import (
	"os"
	"syscall"
	"testing"
	"time"
)

// killedCode is what a child has ended with that was killed.
const killedCode = -int(syscall.SIGKILL)

// harmless is a signal that says nothing.
const harmless = syscall.Signal(0)

// TestStolen: a child that somebody else has reaped is told as such, and gets no signal.
func TestStolen(t *testing.T) {
	t.Parallel()
	bothWays(t, func(t *testing.T, plain bool) {
		p := start(t, plain, "exit:7")
		defer p.Release()
		pid, err := syscall.Wait4(p.PID(), nil, 0, nil)
		for err == syscall.EINTR {
			pid, err = syscall.Wait4(p.PID(), nil, 0, nil)
		}
		if pid != p.PID() {
			t.Fatalf("reaped %d, %v", pid, err)
		}
		how, over := p.End(time.Second)
		if !over || !how.Stolen || how.Code != 255 {
			t.Errorf("it has ended like this: %+v", how)
		}
		if err := p.Signal(os.Kill); err != os.ErrProcessDone {
			t.Errorf("a signal to it: %v", err)
		}
	})
}
