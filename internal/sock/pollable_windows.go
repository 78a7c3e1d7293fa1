package sock

import (
	"errors"
	"fmt"
	"unsafe"

	"golang.org/x/sys/windows"
)

var procHandle = windows.NewLazySystemDLL("kernel32.dll").NewProc("GetHandleInformation")

// Pollable returns nil for a socket: of all handles, Windows tells of these alone
// when they are ready. For any other it is errors.ErrUnsupported, and for a number
// that is no open handle the system's ERROR_INVALID_HANDLE; both are WSAENOTSOCK,
// too.
func Pollable(fd uintptr) error {
	_, err := TypeOf(fd)
	if err != windows.WSAENOTSOCK && err != windows.WSAEOPNOTSUPP { // the latter of some pipes, under Wine
		return err
	}
	var flags uint32
	if ok, _, failed := procHandle.Call(fd, uintptr(unsafe.Pointer(&flags))); ok == 0 {
		return fmt.Errorf("no open handle: %w: %w", failed, windows.WSAENOTSOCK)
	}
	return fmt.Errorf("%w: Windows tells of sockets alone when they are ready; use the handle in a goroutine of its own, as with ToThread or RunInExecutor: %w",
		errors.ErrUnsupported, windows.WSAENOTSOCK)
}
