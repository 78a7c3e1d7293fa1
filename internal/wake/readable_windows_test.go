package wake_test

import (
	"testing"
	"unsafe"

	"golang.org/x/sys/windows"
)

var (
	procWSAPoll              = windows.NewLazySystemDLL("ws2_32.dll").NewProc("WSAPoll")
	procGetHandleInformation = windows.NewLazySystemDLL("kernel32.dll").NewProc("GetHandleInformation")
)

// poll waits until the socket is readable, for at most timeout milliseconds, for
// ever if that is negative; false if it is not readable then.
func poll(t testing.TB, fd uintptr, timeout int) bool {
	t.Helper()
	const pollrdnorm = 0x100
	entry := struct {
		fd              uintptr
		events, revents int16
	}{fd: fd, events: pollrdnorm}
	n, _, err := procWSAPoll.Call(uintptr(unsafe.Pointer(&entry)), 1, uintptr(timeout))
	if int32(n) < 0 {
		t.Errorf("WSAPoll: %v", err)
		return false
	}
	return n > 0
}

// inherited says whether child processes get the socket.
func inherited(t testing.TB, fd uintptr) bool {
	t.Helper()
	var flags uint32
	if ok, _, err := procGetHandleInformation.Call(fd, uintptr(unsafe.Pointer(&flags))); ok == 0 {
		t.Errorf("GetHandleInformation: %v", err)
	}
	return flags&windows.HANDLE_FLAG_INHERIT != 0
}
