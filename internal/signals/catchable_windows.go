package signals

import "syscall"

// last is the highest signal that Go gives a name on Windows.
const last = syscall.SIGTERM

// catchable reports whether Windows has something that Go tells of as this signal:
// Ctrl-C and Ctrl-Break, and the end of the console or of the session.
func catchable(sig syscall.Signal) bool { return sig == syscall.SIGINT || sig == syscall.SIGTERM }
