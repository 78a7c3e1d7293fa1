package proactors

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"
)

// What x/sys/windows lacks is called by its name.
var (
	kernel32   = windows.NewLazySystemDLL("kernel32.dll")
	ntdll      = windows.NewLazySystemDLL("ntdll.dll")
	ws2        = windows.NewLazySystemDLL("ws2_32.dll")
	procGet    = kernel32.NewProc("GetQueuedCompletionStatusEx")
	procDevice = ntdll.NewProc("NtDeviceIoControlFile")
	procBind   = ws2.NewProc("bind")
)

// packet is an OVERLAPPED_ENTRY: what a completion port tells.
type packet struct {
	key      uintptr
	ov       *windows.Overlapped
	internal uintptr
	n        uint32
}

// getPackets is GetQueuedCompletionStatusEx. Time that runs out is no error.
func getPackets(port windows.Handle, list []packet, ms uint32) (int, error) {
	var n uint32
	ok, _, errno := syscall.SyscallN(procGet.Addr(), uintptr(port), uintptr(unsafe.Pointer(&list[0])),
		uintptr(len(list)), uintptr(unsafe.Pointer(&n)), uintptr(ms), 0)
	switch {
	case ok != 0:
		return int(n), nil
	case errno == syscall.Errno(windows.WAIT_TIMEOUT):
		return 0, nil
	}
	return 0, errno
}

// connectFunction is the address of ConnectEx, of which a socket's provider is
// asked: it is no export.
func connectFunction(fd uintptr) (addr uintptr, err error) {
	var n uint32
	err = windows.WSAIoctl(windows.Handle(fd), windows.SIO_GET_EXTENSION_FUNCTION_POINTER,
		(*byte)(unsafe.Pointer(&windows.WSAID_CONNECTEX)), uint32(unsafe.Sizeof(windows.WSAID_CONNECTEX)),
		(*byte)(unsafe.Pointer(&addr)), uint32(unsafe.Sizeof(addr)), &n, nil, 0)
	return addr, err
}

// bindAny gives a socket an address of the system's choice, without which
// ConnectEx refuses it, unless it has one.
func bindAny(fd uintptr, family uint16) error {
	raw := [28]byte{byte(family), byte(family >> 8)}
	size := uintptr(16)
	if family == windows.AF_INET6 {
		size = 28
	}
	r, _, errno := syscall.SyscallN(procBind.Addr(), fd, uintptr(unsafe.Pointer(&raw)), size)
	if int32(r) == -1 && errno != windows.WSAEINVAL {
		return errno
	}
	return nil
}

// setContext sets an option that makes a socket of AcceptEx or ConnectEx an
// ordinary one, with addresses and with shutdown.
func setContext(fd uintptr, option int32, listener *uintptr) error {
	var size int32
	if listener != nil {
		size = int32(unsafe.Sizeof(*listener))
	}
	return windows.Setsockopt(windows.Handle(fd), windows.SOL_SOCKET, option, (*byte)(unsafe.Pointer(listener)), size)
}

// quietSuccess reports whether all providers of TCP and UDP have handles of the
// file system, so that FILE_SKIP_COMPLETION_PORT_ON_SUCCESS can be relied on:
// with others, what completes at once may be told of by a packet, too.
func quietSuccess() bool {
	protocols := [...]int32{windows.IPPROTO_TCP, windows.IPPROTO_UDP, 0}
	var list [32]windows.WSAProtocolInfo
	size := uint32(unsafe.Sizeof(list))
	n, err := windows.WSAEnumProtocols(&protocols[0], &list[0], &size)
	if err != nil {
		return false
	}
	for i := range list[:n] {
		if list[i].ServiceFlags1&windows.XP1_IFS_HANDLES == 0 {
			return false
		}
	}
	return true
}

// errnoOf is the number of an error of the system's; 0 for none.
func errnoOf(err error) syscall.Errno {
	switch e := err.(type) {
	case nil:
		return 0
	case syscall.Errno:
		return e
	case windows.NTStatus:
		return e.Errno()
	}
	return windows.ERROR_GEN_FAILURE
}
