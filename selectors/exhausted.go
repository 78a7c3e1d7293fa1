//go:build !windows

package selectors

import "syscall"

// exhaustion are the errors that say that the process or the system has no descriptor,
// no memory or no room for a registration left (epoll_ctl(2)).
var exhaustion = []error{syscall.EMFILE, syscall.ENFILE, syscall.ENOMEM, syscall.ENOSPC}
