package system

import (
	"os"

	"golang.org/x/sys/windows"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/sock"
)

// isStandard reports whether a handle is one of the three that a program begins with.
func isStandard(fd uintptr) bool {
	for _, which := range []uint32{windows.STD_INPUT_HANDLE, windows.STD_OUTPUT_HANDLE, windows.STD_ERROR_HANDLE} {
		if h, err := windows.GetStdHandle(which); err == nil && uintptr(h) == fd {
			return true
		}
	}
	return false
}

// duplicatePipe returns a handle for the same pipe, taken off the completion port of Go's
// runtime.
func duplicatePipe(orig uintptr, _ sock.FileKind, _ engine.Mask) (uintptr, error) {
	return sock.DupFile(orig)
}

// PipeKind returns what a descriptor is, if it can be a pipe in this direction.
func PipeKind(fd uintptr, dir engine.Mask) (sock.FileKind, error) {
	kind, err := sock.KindOf(fd)
	if err != nil {
		return 0, os.NewSyscallError("GetFileType", err)
	}
	if kind != sock.Pipe {
		return 0, &engine.KindError{FD: fd, Why: "is no pipe"}
	}
	return kind, checkAccess(fd, dir)
}
