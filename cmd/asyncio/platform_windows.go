package main

import (
	"errors"
	"syscall"
)

// examineLimits: the system sets none but its memory.
func examineLimits() limitsReport { return limitsReport{} }

// systemSignals: Ctrl-C and Ctrl-Break reach every console program. Sending one
// would reach the programs beside this one too.
func systemSignals() error { return nil }

func systemReusePort() error {
	return errors.ErrUnsupported
}

// systemProactors makes a completion port. Package syscall's function for it has a
// wrong signature.
func systemProactors() map[string]verdict {
	create := syscall.NewLazyDLL("kernel32.dll").NewProc("CreateIoCompletionPort")
	port, _, err := create.Call(uintptr(syscall.InvalidHandle), 0, 0, 0)
	if port != 0 {
		err = syscall.CloseHandle(syscall.Handle(port))
	}
	return map[string]verdict{"iocp": verdictOf(err), "io_uring": {Error: "Linux only"}}
}
