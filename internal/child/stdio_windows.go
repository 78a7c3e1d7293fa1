package child

import (
	"fmt"
	"os"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/windows"
)

// pipes counts the pipes of this program, whose names have to differ.
var pipes atomic.Uint64

// pipeSize is how much a pipe holds, as much as Linux's do.
const pipeSize = 64 << 10

// NewPipe makes a pipe for a child's input or output: the end that stays here, whose
// operations overlap, and the one that is the child's, whose do not. The pipes that Windows
// has without a name cannot do the former. (windows_utils.pipe)
func NewPipe(input bool) (ours, childs uintptr, err error) {
	name := fmt.Sprintf(`\\.\pipe\asyncio-%d-%d`, os.Getpid(), pipes.Add(1))
	path, err := windows.UTF16PtrFromString(name)
	if err != nil {
		return NoFile, NoFile, err
	}
	open, access := uint32(windows.PIPE_ACCESS_INBOUND), uint32(windows.GENERIC_WRITE)
	if input {
		// Who writes hears of the reader's end by a read that never brings anything.
		open, access = windows.PIPE_ACCESS_DUPLEX, windows.GENERIC_READ
	}
	open |= windows.FILE_FLAG_OVERLAPPED | windows.FILE_FLAG_FIRST_PIPE_INSTANCE
	mode := uint32(windows.PIPE_TYPE_BYTE | windows.PIPE_WAIT | windows.PIPE_REJECT_REMOTE_CLIENTS)
	here, err := windows.CreateNamedPipe(path, open, mode, 1, pipeSize, pipeSize, 0, nil)
	if err != nil {
		return NoFile, NoFile, os.NewSyscallError("CreateNamedPipe", err)
	}
	there, err := windows.CreateFile(path, access, 0, nil, windows.OPEN_EXISTING, 0, 0)
	if err != nil {
		_ = windows.CloseHandle(here) // nothing to be done about it
		return NoFile, NoFile, os.NewSyscallError("CreateFile", err)
	}
	return uintptr(here), uintptr(there), nil
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
	_ = windows.CloseHandle(windows.Handle(fd)) // nothing to be done about it
}
