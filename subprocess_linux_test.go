package asyncio_test

import "golang.org/x/sys/unix"

// noticedBy is how the end of a child is noticed on this system.
const noticedBy = "pidfd"

// children reports whether this program has children, those that have ended included.
func children() bool {
	err := unix.Waitid(unix.P_ALL, 0, &unix.Siginfo{}, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil)
	return err != unix.ECHILD
}
