package sock

import (
	"syscall"

	"golang.org/x/sys/windows"
)

// Each list has Winsock's numbers and those by which a completion port reports
// the same conditions for sockets and pipes.

const errRefused = windows.WSAECONNREFUSED

func wouldBlock(e syscall.Errno) bool { return e == windows.WSAEWOULDBLOCK }

func inProgress(e syscall.Errno) bool {
	return e == windows.WSAEINPROGRESS || e == windows.WSAEALREADY || e == windows.ERROR_IO_PENDING
}

func outOfDescriptors(e syscall.Errno) bool {
	switch e {
	case windows.WSAEMFILE, windows.WSAENOBUFS, windows.ERROR_TOO_MANY_OPEN_FILES,
		windows.ERROR_NOT_ENOUGH_MEMORY, windows.ERROR_OUTOFMEMORY, windows.ERROR_NO_SYSTEM_RESOURCES:
		return true
	}
	return false
}

func disconnected(e syscall.Errno) bool {
	switch e {
	case windows.WSAECONNRESET, windows.WSAECONNABORTED, windows.WSAESHUTDOWN, windows.WSAENETRESET, windows.WSAEDISCON,
		windows.ERROR_NETNAME_DELETED, windows.ERROR_CONNECTION_ABORTED,
		windows.ERROR_BROKEN_PIPE, windows.ERROR_NO_DATA, windows.ERROR_PIPE_NOT_CONNECTED:
		return true
	}
	return false
}

func delayed(e syscall.Errno) bool {
	switch e {
	case windows.WSAECONNRESET, windows.WSAENETRESET, windows.WSAECONNREFUSED, windows.WSAEHOSTUNREACH,
		windows.WSAENETUNREACH, windows.WSAENETDOWN, windows.WSAEHOSTDOWN, windows.WSAEMSGSIZE,
		windows.ERROR_PORT_UNREACHABLE, windows.ERROR_HOST_UNREACHABLE, windows.ERROR_NETWORK_UNREACHABLE:
		return true
	}
	return false
}

func unusable(e syscall.Errno) bool {
	switch e {
	case windows.WSAENOTSOCK, windows.WSAEINVAL, windows.WSAEFAULT, windows.WSAEOPNOTSUPP, windows.WSAENOTCONN,
		windows.WSAESHUTDOWN, windows.ERROR_INVALID_HANDLE:
		return true
	}
	return false
}
