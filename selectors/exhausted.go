//go:build !plan9

package selectors

import (
	"errors"
	"syscall"
)

// exhausted reports whether an error says that the process or the system has
// no descriptor or memory left.
func exhausted(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) || errors.Is(err, syscall.ENOMEM)
}
