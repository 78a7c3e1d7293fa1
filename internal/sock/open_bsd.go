//go:build dragonfly || freebsd || netbsd || openbsd || solaris

package sock

import "golang.org/x/sys/unix"

const sendFlags = unix.MSG_NOSIGNAL

// noSigpipe has nothing to do where every send says so itself.
func noSigpipe(int) error { return nil }

func socket(family, typ int) (int, error) {
	return unix.Socket(family, typ|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
}

func socketpair() ([2]int, error) {
	return unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
}
