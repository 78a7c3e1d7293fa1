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

// examineProactors makes a completion port.
func examineProactors() []proactorReport {
	port, err := syscall.CreateIoCompletionPort(syscall.InvalidHandle, 0, 0, 0)
	if err == nil {
		err = syscall.CloseHandle(port)
	}
	return []proactorReport{
		{"iocp", verdict{Error: notInThisVersion}, verdictOf(err)},
		{"io_uring", verdict{Error: notInThisVersion}, verdict{Error: "Linux only"}},
	}
}
