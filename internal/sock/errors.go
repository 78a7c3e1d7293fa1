package sock

import (
	"errors"
	"syscall"
)

// errnoOf returns the system's error inside err, 0 if there is none.
func errnoOf(err error) syscall.Errno {
	if e, ok := err.(syscall.Errno); ok {
		return e
	}
	var e syscall.Errno
	if err != nil && errors.As(err, &e) {
		return e
	}
	return 0
}

// WouldBlock reports whether err says that a call on a non-blocking descriptor
// found nothing to do yet: wait until it is ready and call again.
func WouldBlock(err error) bool { return wouldBlock(errnoOf(err)) }

// InProgress reports whether err says that Connect goes on by itself: wait
// until the socket is writable, then ask ConnectError.
func InProgress(err error) bool { return inProgress(errnoOf(err)) }

// OutOfDescriptors reports whether err says that the process or the system has
// no descriptor or no memory left for one more socket: the condition under
// which a server waits before it accepts again.
func OutOfDescriptors(err error) bool { return outOfDescriptors(errnoOf(err)) }

// Disconnected reports whether err is one of the ordinary ends of a
// connection, of which a loop makes no report: the peer or a machine on the
// way closed, reset or aborted it. It answers to Python's BrokenPipeError,
// ConnectionResetError and ConnectionAbortedError.
func Disconnected(err error) bool { return disconnected(errnoOf(err)) }

// Delayed reports whether err may be what the system has to say of a datagram that was
// sent earlier, and not of the call that returned it: nobody listens there, or cannot be
// reached. The system says it once.
func Delayed(err error) bool { return delayed(errnoOf(err)) }

// Unusable reports whether err says that a descriptor is none, or cannot be used for what
// was asked: that will be so again.
func Unusable(err error) bool { return unusable(errnoOf(err)) }

// Refused reports whether err says that nobody listens at the address: of a unix socket's
// path, that nobody has the socket any more.
func Refused(err error) bool { return errors.Is(err, errRefused) }
