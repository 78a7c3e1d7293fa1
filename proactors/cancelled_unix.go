//go:build !windows

package proactors

import "syscall"

// ErrCancelled is the error of an operation that Cancel has ended: ECANCELED,
// on Windows ERROR_OPERATION_ABORTED.
const ErrCancelled = syscall.ECANCELED
