//go:build darwin || (solaris && !illumos)

package sock

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// accept makes the descriptor close-on-exec while no child process can be
// started. That the listener is non-blocking keeps the lock's time short.
func accept(fd int) (int, Addr, error) {
	syscall.ForkLock.RLock()
	n, sa, err := unix.Accept(fd)
	if err == nil {
		unix.CloseOnExec(n)
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return -1, Addr{}, err
	}
	if err := unix.SetNonblock(n, true); err != nil {
		unix.Close(n)
		return -1, Addr{}, err
	}
	return n, addrOfSockaddr(sa), nil
}
