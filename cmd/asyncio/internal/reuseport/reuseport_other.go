//go:build !linux && !darwin && !freebsd && !openbsd && !netbsd && !dragonfly

package reuseport

import (
	"errors"
	"fmt"
)

// set has nothing to set: package syscall does not know the option here, if there is one.
func set(uintptr) error {
	return fmt.Errorf("several sockets on a port: %w", errors.ErrUnsupported)
}
