//go:build unix

package sock

import (
	"errors"
	"syscall"
)

const (
	aReset        = syscall.ECONNRESET
	tellsNonblock = true
)

func isRefused(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) }
func isInUse(err error) bool   { return errors.Is(err, syscall.EADDRINUSE) }
