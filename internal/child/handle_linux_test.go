package child_test

import (
	"syscall"
	"testing"

	"github.com/go-asyncio/asyncio/internal/child"
)

// TestOwnPidfd: who asks for a pidfd gets one of his own, or hears that there is none.
func TestOwnPidfd(t *testing.T) {
	t.Parallel()
	bothWays(t, func(t *testing.T, plain bool) {
		s, fd := spec(t, plain, "exit:0"), 0
		s.Sys = &syscall.SysProcAttr{PidFD: &fd}
		p, err := child.Start(s)
		if err != nil {
			t.Fatal(err)
		}
		ended(t, p)
		p.Release()
		if plain {
			if fd != -1 {
				t.Errorf("the descriptor is %d", fd)
			}
		} else if err := syscall.Close(fd); err != nil {
			t.Errorf("the descriptor %d: %v", fd, err)
		}
		if s.Sys.PidFD != &fd {
			t.Error("the attributes were changed")
		}
	})
}
