//go:build unix

package wake

import "golang.org/x/sys/unix"

// readable confirms that there is no room because the consumer has something to read
// already: a write that was refused for any other reason wakes nobody.
func readable(fd int) bool {
	fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	for {
		n, err := unix.Poll(fds, 0)
		if err != unix.EINTR {
			return err != nil || n > 0 // if it cannot be asked, it is believed
		}
	}
}
