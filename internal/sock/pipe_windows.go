package sock

import (
	"errors"
	"fmt"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/windows"
)

// Of Windows's files only pipes can be waited for besides sockets, and those only by
// completion: pipes that were made with FILE_FLAG_OVERLAPPED.

var (
	procPeek   = windows.NewLazySystemDLL("kernel32.dll").NewProc("PeekNamedPipe")
	procObject = windows.NewLazySystemDLL("ntdll.dll").NewProc("NtQueryObject")
)

// What winnt.h and ntifs.h say and x/sys/windows does not.
const (
	fileModeInformation = 16
	synchronousIO       = 0x10 | 0x20 // FILE_SYNCHRONOUS_IO_ALERT, FILE_SYNCHRONOUS_IO_NONALERT
	fileReadData        = 1
	fileWriteData       = 2
)

// KindOf returns what a descriptor denotes.
func KindOf(fd uintptr) (FileKind, error) {
	typ, err := windows.GetFileType(windows.Handle(fd))
	switch {
	case err != nil:
		return 0, err
	case typ == windows.FILE_TYPE_CHAR:
		return CharDevice, nil
	case typ != windows.FILE_TYPE_PIPE:
		return 0, nil
	}
	if _, err := TypeOf(fd); err == nil {
		return AnySocket, nil // which is a sort of pipe to Windows
	}
	return Pipe, nil
}

// Access reports in which ways a descriptor was opened.
func Access(fd uintptr) (reads, writes bool, err error) {
	var info struct { // PUBLIC_OBJECT_BASIC_INFORMATION
		attributes, access, handles, pointers uint32
		reserved                              [10]uint32
	}
	status, _, _ := procObject.Call(fd, 0, uintptr(unsafe.Pointer(&info)), unsafe.Sizeof(info), 0)
	if status != 0 {
		return false, false, windows.NTStatus(status).Errno()
	}
	return info.access&fileReadData != 0, info.access&fileWriteData != 0, nil
}

// Overlapped reports whether a file was opened with FILE_FLAG_OVERLAPPED.
func Overlapped(fd uintptr) (bool, error) {
	var mode uint32
	var iosb windows.IO_STATUS_BLOCK
	err := windows.NtQueryInformationFile(windows.Handle(fd), &iosb, (*byte)(unsafe.Pointer(&mode)),
		uint32(unsafe.Sizeof(mode)), fileModeInformation)
	if err != nil {
		return false, err
	}
	return mode&synchronousIO == 0, nil
}

// Peek returns how many bytes there are to read in a pipe. The error of one whose other
// end was closed, and that is empty, is one for which Disconnected holds.
func Peek(fd uintptr) (int, error) {
	var n uint32
	if ok, _, err := procPeek.Call(fd, 0, 0, 0, uintptr(unsafe.Pointer(&n)), 0); ok == 0 {
		return 0, err
	}
	return int(n), nil
}

// ReaderOf asks whether the other end of a pipe has gone, as on Unix; a pipe that is not
// open for reading, too, does not tell.
func ReaderOf(fd uintptr, _ FileKind) Reader {
	n, err := Peek(fd)
	switch {
	case err != nil && Disconnected(err):
		return ReaderGone
	case err != nil || n > 0:
		return ReaderUnknown
	}
	return ReaderThere
}

// DupFile returns another handle for the same file, which child processes do not inherit,
// and takes the file off the completion port of Go's runtime if it is bound to it: as
// with sockets, Windows can do that since 8.1.
func DupFile(fd uintptr) (uintptr, error) {
	self := windows.CurrentProcess()
	var dup windows.Handle
	if err := windows.DuplicateHandle(self, windows.Handle(fd), self, &dup, 0, false, windows.DUPLICATE_SAME_ACCESS); err != nil {
		return Invalid, err
	}
	unbind(uintptr(dup))
	return uintptr(dup), nil
}

// unbind takes a descriptor off a completion port, where the system can.
func unbind(fd uintptr) {
	var none struct{ port, key uintptr } // FILE_COMPLETION_INFORMATION
	var iosb windows.IO_STATUS_BLOCK
	_ = windows.NtSetInformationFile(windows.Handle(fd), &iosb, (*byte)(unsafe.Pointer(&none)),
		uint32(unsafe.Sizeof(none)), windows.FileReplaceCompletionInformation)
}

// pipesMade numbers the pipes of this process, whose names must differ.
var pipesMade atomic.Uint64

// pipeRoom is how much a pipe holds that nobody has read.
const pipeRoom = 64 << 10

// OpenPipe makes a pipe and returns its ends, that which is read and that which is
// written, neither inherited by child processes. Each is overlapped, as a proactor needs
// it, or, for a program that knows nothing of that, not. Both ends are open both ways:
// that is how the one which writes hears that the other has gone.
func OpenPipe(rOverlapped, wOverlapped bool) (r, w uintptr, err error) {
	name, err := windows.UTF16PtrFromString(fmt.Sprintf(`\\.\pipe\go-asyncio-%d-%d`, windows.GetCurrentProcessId(), pipesMade.Add(1)))
	if err != nil {
		return Invalid, Invalid, err
	}
	flag := func(overlapped bool) uint32 {
		if overlapped {
			return windows.FILE_FLAG_OVERLAPPED
		}
		return 0
	}
	server, err := windows.CreateNamedPipe(name,
		windows.PIPE_ACCESS_DUPLEX|windows.FILE_FLAG_FIRST_PIPE_INSTANCE|flag(rOverlapped),
		windows.PIPE_TYPE_BYTE|windows.PIPE_READMODE_BYTE|windows.PIPE_WAIT|windows.PIPE_REJECT_REMOTE_CLIENTS,
		1, pipeRoom, pipeRoom, 0, nil)
	if err != nil {
		return Invalid, Invalid, err
	}
	client, err := windows.CreateFile(name, windows.GENERIC_READ|windows.GENERIC_WRITE, 0, nil,
		windows.OPEN_EXISTING, flag(wOverlapped), 0)
	if err != nil {
		return Invalid, Invalid, errors.Join(err, windows.CloseHandle(server))
	}
	return uintptr(server), uintptr(client), nil // which are connected: nobody else knows the name
}

// ServePipe makes an instance of a pipe with a name, overlapped and open both ways, which
// waits for somebody who opens its other end. The first of its name is refused if another
// program, or another part of this one, serves that name already.
func ServePipe(address string, first bool) (uintptr, error) {
	name, err := windows.UTF16PtrFromString(address)
	if err != nil {
		return Invalid, err
	}
	flags := uint32(windows.PIPE_ACCESS_DUPLEX | windows.FILE_FLAG_OVERLAPPED)
	if first {
		flags |= windows.FILE_FLAG_FIRST_PIPE_INSTANCE
	}
	h, err := windows.CreateNamedPipe(name, flags,
		windows.PIPE_TYPE_BYTE|windows.PIPE_READMODE_BYTE|windows.PIPE_WAIT|windows.PIPE_REJECT_REMOTE_CLIENTS,
		windows.PIPE_UNLIMITED_INSTANCES, pipeRoom, pipeRoom, 0, nil)
	if err != nil {
		return Invalid, err
	}
	return uintptr(h), nil
}

// DialPipe opens the other end of an instance of a pipe with a name. An error for which
// PipeBusy holds says that all of them are taken: try again.
func DialPipe(address string) (uintptr, error) {
	name, err := windows.UTF16PtrFromString(address)
	if err != nil {
		return Invalid, err
	}
	h, err := windows.CreateFile(name, windows.GENERIC_READ|windows.GENERIC_WRITE, 0, nil,
		windows.OPEN_EXISTING, windows.FILE_FLAG_OVERLAPPED, 0)
	if err != nil {
		return Invalid, err
	}
	return uintptr(h), nil
}

// PipeBusy reports whether err is DialPipe's of a pipe that may be free later.
func PipeBusy(err error) bool { return errnoOf(err) == windows.ERROR_PIPE_BUSY }
