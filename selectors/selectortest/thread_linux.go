package selectortest

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// canSignal: a signal can be sent to one thread.
	canSignal = true
	// clockUnit is how far the clock may be behind.
	clockUnit = 0
)

// thread is the one that the test's goroutine is locked to, as another
// goroutine sees it.
type thread struct{ id int }

// observe locks the calling goroutine to its thread until release.
func observe(testing.TB) thread {
	runtime.LockOSThread()
	return thread{unix.Gettid()}
}

func (thread) release() { runtime.UnlockOSThread() }

// wait returns true when the thread sleeps in a system call, false when stop
// is closed.
func (th thread) wait(stop <-chan struct{}) bool {
	for {
		select {
		case <-stop:
			return false
		default:
		}
		// The state is the first field after the name, which ends at the
		// last parenthesis: see proc(5).
		stat, err := os.ReadFile(fmt.Sprintf("/proc/self/task/%d/stat", th.id))
		if i := bytes.LastIndexByte(stat, ')'); err != nil || i > 0 && bytes.HasPrefix(stat[i:], []byte(") S")) {
			return err == nil
		}
		time.Sleep(100 * time.Microsecond)
	}
}

// signal sends the signal that the Go runtime uses for itself, has a handler
// for and otherwise ignores.
func (th thread) signal(t testing.TB) {
	if err := unix.Tgkill(unix.Getpid(), th.id, unix.SIGURG); err != nil {
		t.Errorf("tgkill: %v", err)
	}
}
