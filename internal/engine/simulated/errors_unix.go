//go:build unix

package simulated

import "syscall"

// What the simulated system refuses with: the system's own errors.
const (
	errAgain       = syscall.EAGAIN
	errInProgress  = syscall.EINPROGRESS
	errConnecting  = syscall.EALREADY
	errRefused     = syscall.ECONNREFUSED
	errReset       = syscall.ECONNRESET
	errPipe        = syscall.EPIPE
	errTimedOut    = syscall.ETIMEDOUT
	errNoHost      = syscall.EHOSTUNREACH
	errNoNetwork   = syscall.ENETUNREACH
	errInUse       = syscall.EADDRINUSE
	errNoAddress   = syscall.EADDRNOTAVAIL
	errFamily      = syscall.EAFNOSUPPORT
	errInvalid     = syscall.EINVAL
	errDescriptor  = syscall.EBADF
	errNotOpen     = syscall.ENOTCONN
	errOpenAlready = syscall.EISCONN
	errOperation   = syscall.EOPNOTSUPP
	errDestination = syscall.EDESTADDRREQ
	errNoFile      = syscall.ENOENT
	errTooLong     = syscall.EMSGSIZE
	errAccess      = syscall.EACCES
	errKind        = syscall.EPROTOTYPE
	errPermission  = syscall.EPERM
)
