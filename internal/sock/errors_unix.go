//go:build unix

package sock

import "syscall"

const errRefused = syscall.ECONNREFUSED

func wouldBlock(e syscall.Errno) bool { return e == syscall.EAGAIN || e == syscall.EWOULDBLOCK }

func inProgress(e syscall.Errno) bool {
	return e == syscall.EINPROGRESS || e == syscall.EALREADY || e == syscall.EINTR
}

func outOfDescriptors(e syscall.Errno) bool {
	return e == syscall.EMFILE || e == syscall.ENFILE || e == syscall.ENOBUFS || e == syscall.ENOMEM
}

func disconnected(e syscall.Errno) bool {
	switch e {
	case syscall.EPIPE, syscall.ESHUTDOWN, syscall.ECONNRESET, syscall.ECONNABORTED:
		return true
	}
	return false
}

func delayed(e syscall.Errno) bool {
	switch e {
	case syscall.ECONNREFUSED, syscall.ECONNRESET, syscall.EHOSTUNREACH, syscall.ENETUNREACH,
		syscall.EHOSTDOWN, syscall.ENETDOWN, syscall.EPROTO, syscall.ENOPROTOOPT, syscall.EMSGSIZE:
		return true
	}
	return false
}

func unusable(e syscall.Errno) bool {
	switch e {
	case syscall.EBADF, syscall.ENOTSOCK, syscall.EINVAL, syscall.EFAULT, syscall.EOPNOTSUPP, syscall.ENOTCONN:
		return true
	}
	return false
}
