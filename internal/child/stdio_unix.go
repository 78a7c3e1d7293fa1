//go:build unix

package child

import (
	"os"
	"syscall"
)

// NewPipe makes a pipe for a child's input or output: the end that stays here, which is
// non-blocking, and the one that is the child's. Neither is inherited unless a child is
// given it.
func NewPipe(input bool) (ours, childs uintptr, err error) {
	var ends [2]int
	syscall.ForkLock.RLock() // no other child is to have them
	if err = syscall.Pipe(ends[:]); err == nil {
		syscall.CloseOnExec(ends[0])
		syscall.CloseOnExec(ends[1])
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return NoFile, NoFile, os.NewSyscallError("pipe", err)
	}
	read, write := uintptr(ends[0]), uintptr(ends[1])
	ours, childs = read, write
	if input {
		ours, childs = write, read
	}
	if err = syscall.SetNonblock(int(ours), true); err != nil {
		CloseFile(read)
		CloseFile(write)
		return NoFile, NoFile, os.NewSyscallError("setnonblock", err)
	}
	return ours, childs, nil
}

// OpenNull opens the device that is empty and takes all.
func OpenNull() (uintptr, error) {
	fd, err := syscall.Open(os.DevNull, syscall.O_RDWR|syscall.O_CLOEXEC, 0)
	if err != nil {
		return NoFile, &os.PathError{Op: "open", Path: os.DevNull, Err: err}
	}
	return uintptr(fd), nil
}

// CloseFile closes what NewPipe or OpenNull have made.
func CloseFile(fd uintptr) {
	_ = syscall.Close(int(fd)) // nothing to be done about it
}
