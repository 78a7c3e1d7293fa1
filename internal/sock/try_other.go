//go:build !linux

package sock

import "syscall"

// TryRecv is one try of [Read] of a socket: n > 0 is success, and everything else is for
// [Tried].
func TryRecv(fd uintptr, p []byte) (n int, e syscall.Errno) { return tried(Read(fd, p)) }

// TryWrite is one try of [Write] to a socket: with an error, TriedWrite follows.
func TryWrite(fd uintptr, p []byte) (n int, e syscall.Errno) { return tried(Write(fd, p)) }

// tried has the error as the number that it is.
func tried(n int, err error) (int, syscall.Errno) {
	if err == nil {
		return n, 0
	}
	e, _ := err.(syscall.Errno)
	return n, e
}

// Tried is what Read has returned, after a TryRecv that was no success.
func Tried(_ uintptr, _ []byte, e syscall.Errno) (int, error) {
	if e == 0 {
		return 0, nil
	}
	return 0, e
}

// TriedWrite is what Write has returned, after a TryWrite that has failed.
func TriedWrite(fd uintptr, p []byte, e syscall.Errno) (int, error) { return Tried(fd, p, e) }
