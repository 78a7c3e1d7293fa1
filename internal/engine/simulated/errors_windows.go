package simulated

import "golang.org/x/sys/windows"

// What the simulated system refuses with: the system's own errors.
const (
	errAgain       = windows.WSAEWOULDBLOCK
	errInProgress  = windows.WSAEINPROGRESS
	errConnecting  = windows.WSAEALREADY
	errRefused     = windows.WSAECONNREFUSED
	errReset       = windows.WSAECONNRESET
	errPipe        = windows.WSAESHUTDOWN
	errTimedOut    = windows.WSAETIMEDOUT
	errNoHost      = windows.WSAEHOSTUNREACH
	errNoNetwork   = windows.WSAENETUNREACH
	errInUse       = windows.WSAEADDRINUSE
	errNoAddress   = windows.WSAEADDRNOTAVAIL
	errFamily      = windows.WSAEAFNOSUPPORT
	errInvalid     = windows.WSAEINVAL
	errDescriptor  = windows.WSAENOTSOCK
	errNotOpen     = windows.WSAENOTCONN
	errOpenAlready = windows.WSAEISCONN
	errOperation   = windows.WSAEOPNOTSUPP
	errDestination = windows.WSAEDESTADDRREQ
	errNoFile      = windows.ERROR_FILE_NOT_FOUND
	errTooLong     = windows.WSAEMSGSIZE
	errAccess      = windows.WSAEACCES
	errKind        = windows.WSAEPROTOTYPE
	errPermission  = windows.WSAEACCES
)
